"""Draws the dashboards over points as one HTML page. Uses guance, market."""
