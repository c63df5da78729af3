"""Tries everything that a run needs and prints a table of it. Uses all wings below it, steps included."""
