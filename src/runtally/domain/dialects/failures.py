"""What other recorders tell of a failure: one message, of which a part tells what failed."""

from typing import Final

from runtally.domain.limits import TEXT_CHARS

_TRACEBACK: Final = "Traceback (most recent call last):"


def telling_line(text: str) -> str:
    """The line that names an error: of a Python traceback the last, else the first; without blanks around it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return lines[-1] if _TRACEBACK in text else lines[0]


def summary_of(message: str) -> str:
    """The telling line of a message, as much of it as a summary may have."""
    return telling_line(message)[:TEXT_CHARS]
