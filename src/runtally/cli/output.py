"""Where commands print: answers to stdout, everything else to stderr."""

import os
import re
import sys
from collections.abc import Callable
from typing import Final

_KEY: Final = re.compile(r"rtk_[\w-]+")
_OPAQUE: Final = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16}|[A-Za-z]-(?=[\w-]*\d)[\w-]{10}")
"""What looks generated, as the secrets of known shape do: only then a line is worth the time to look closer."""
_DRAWN_IN_ASCII: Final = str.maketrans("├└│─", "|`|-")


def say(text: str, end: str = "\n") -> None:
    """Part of a command's answer. What stdout has no letters for is drawn in ASCII or escaped; a reader that has gone
    misses the rest.

    Raises:
        SystemExit: stdout cannot be written for another reason, such as a full disk.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_DRAWN_IN_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    _write(lambda: print(text, end=end, flush=True))


def say_utf8(text: str) -> None:
    """Part of a command's answer that is UTF-8 whatever the terminal says, for it is what a file holds.

    Raises:
        SystemExit: as `say`.
    """

    def write() -> None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()

    _write(write)


def _write(write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        # Python writes what is left over when it ends, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            complain("the answer cannot be written to stdout; check the disk or the file it is sent to")
            raise SystemExit(1) from error


def escaped(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def note(text: str) -> None:
    """A word to the person at the terminal that is not part of the answer. Hosts keep it, so it repeats no secret."""
    print(f"runtally: {without_secrets(text)}", file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Why the command could not do what was asked. A secret that was given in the wrong place is not repeated."""
    print(f"runtally: error: {_without_any(_KEY.sub('rtk_…', text))}", file=sys.stderr, flush=True)


def without_secrets(text: str) -> str:
    """The text without what has the shape of a secret, as those may keep it who keep stderr or a log."""
    return _without_any(text) if _OPAQUE.search(text) else text


def _without_any(text: str) -> str:
    # Imported here because it takes longer than starting.
    from runtally.service import scrub  # noqa: PLC0415

    return scrub.without_secrets(text)
