"""The benchmark: ratios measured pair by pair in one run. Uses aws, func, market."""
