"""The embedded AWS: CloudFront, CloudWatch, STS and tagging on loopback, with faults on demand. Uses no other wing."""
