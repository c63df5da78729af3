"""Pure: what CloudFront is: metric catalog, partitions, what a distribution's record says. Uses no other wing."""
