"""Forgetting people: what is kept of them outside the events, how each of it goes, and how they get it before."""
