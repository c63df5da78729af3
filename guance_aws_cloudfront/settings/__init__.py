"""Pure: what the user configures, validated: account, configuration, patterns, tags. Uses cloudfront."""
