"""The only wing that talks to AWS: client, session, credentials, errors, pace. Uses points, settings, cloudfront."""
