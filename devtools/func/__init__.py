"""A local DataFlux Func: installs a Script Market, deploys, runs tasks by Func's rules. Uses no other wing."""
