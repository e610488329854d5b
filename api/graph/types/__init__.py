"""The nouns of the graph."""
