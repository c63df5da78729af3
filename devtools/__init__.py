"""Tools to build, test and try the collector; nothing in here ships into Func."""
