"""The version, where both the build and the running server read it."""

__version__ = "0.5.0"
