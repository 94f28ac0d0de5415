"""Runtally: a flight recorder for AI agents."""

from runtally.version import __version__

__all__ = ["__version__"]
