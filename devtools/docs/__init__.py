"""Writes the tables in the documents that come from the code. Uses assets, demo, market."""
