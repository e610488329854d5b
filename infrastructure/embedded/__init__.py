"""Real servers and Lodger's own processes, started and stopped by Lodger where none are given to it."""
