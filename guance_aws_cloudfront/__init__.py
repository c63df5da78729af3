"""AWS CloudFront collector for DataFlux Func; each module is one script of the script set `guance_aws_cloudfront`."""
