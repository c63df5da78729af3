"""Access logs: from the files in S3 to lines in Guance. Uses aws, func, steps, guance, points, settings, cloudfront."""
