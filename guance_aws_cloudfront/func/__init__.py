"""The only wing that keeps state or prints in Func: state, digest, log. Uses settings."""
