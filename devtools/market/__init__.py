"""Builds what ships (Script Market and zip), its rules, and releases. Uses no other wing."""
