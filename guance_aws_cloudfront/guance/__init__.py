"""The only wing that talks to Guance: sink and limits. Uses no other wing."""
