"""AWS CloudFront collector for DataFlux Func: every module is one script of the set, `main` is its public face."""
