"""Pure: series, windows, CloudWatch's answers, points, objects. Uses settings, guance.limits, cloudfront."""
