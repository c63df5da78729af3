"""The DataKit receiver, line protocol and DQL. Uses no other wing."""
