"""Writes dashboards and monitors for Guance out of one description. Uses market (paths)."""
