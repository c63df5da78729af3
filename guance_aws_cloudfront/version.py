"""The version of the package; a release sets it."""

VERSION = "0.1.0"
