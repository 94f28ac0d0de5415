"""What other recorders tell of a failure: one message, of which a part tells what failed."""

from typing import Final

from runtally.domain.limits import ERROR_CHARS, TEXT_CHARS

_TRACEBACK: Final = "Traceback (most recent call last):"
_ONE_LONG_WORD: Final = "failed; the error is one long word"


def telling_line(text: str) -> str:
    """The line that names an error: of a Python traceback the last, else the first; without blanks around it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return lines[-1] if _TRACEBACK in text else lines[0]


def summary_of(message: str) -> str:
    """The telling line of a message, as many words of it as a summary may have."""
    line = telling_line(message[:ERROR_CHARS])
    if len(line) <= TEXT_CHARS:
        return line
    # Between words: half of a secret would not be known as one.
    words, *cut = line[: TEXT_CHARS + 1].rsplit(None, 1)
    return words if cut else _ONE_LONG_WORD
