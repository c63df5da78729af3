"""What `collect` is made of. Uses aws, func, guance, points, settings, cloudfront."""
