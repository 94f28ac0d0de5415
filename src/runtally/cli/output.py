"""Where commands print: answers to stdout, everything else to stderr."""

import sys


def say(text: str) -> None:
    """Part of a command's answer."""
    print(text, flush=True)


def note(text: str) -> None:
    """A word to the person at the terminal that is not part of the answer."""
    print(f"runtally: {text}", file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Why the command could not do what was asked."""
    print(f"runtally: error: {text}", file=sys.stderr, flush=True)
