"""`runtally redact`: what redaction makes of a file, before it is trusted with what agents say."""

import io
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from runtally.cli import arguments, output
from runtally.domain.errors import InvalidInput
from runtally.settings import Settings

if TYPE_CHECKING:
    from runtally.redaction.changes import Finding

_STDIN: Final = "-"
_PIECE_CHARS: Final = 8 * 1024 * 1024
_AROUND_CHARS: Final = 80


def add(commands: arguments.Commands) -> None:
    """Declare `redact`."""
    parser = commands.add_parser("redact", help="print a file without its secrets, or with --check what they are")
    parser.add_argument("file", metavar="FILE", help="text, JSON or JSON lines, as UTF-8; - reads stdin")
    parser.add_argument(
        "--check", action="store_true", help="say what would be hidden, and where; 1 if anything, 0 if nothing"
    )
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Print the file as redaction leaves it. With `check`, print instead a line for each thing that would be hidden,
    which never shows it, and how many there are of each kind; 0 if there are none, else 1. No database is opened.

    Raises:
        InvalidInput: the file cannot be read, or is no UTF-8 text; or the user's file of names and patterns cannot be
            meant.
    """
    from runtally import bootstrap
    from runtally.redaction import changes, findings

    redactor = bootstrap.make_redactor(settings)()
    if not settings.redact:
        output.note("RUNTALLY_REDACT is off in this shell: a server started so hides nothing of this")
    counts: Counter[str] = Counter()
    lines = 0
    called = output.escaped(given.file)
    with _opened(given.file) as stream:
        for text in _pieces(called, stream):
            found = findings.find(text, redactor)
            counts.update(kind for one in found for kind in one.kinds)
            if given.check:
                for line in _told(called, lines, text, found):
                    output.say_utf8(f"{line}\n")
            else:
                output.say_utf8("".join(part for part, _ in changes.pieces(text, found)))
            lines += text.count("\n")
    if given.check:
        output.say_utf8(f"{called}: {_summed_up(counts)}\n")
    return 1 if given.check and counts else 0


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    called = output.escaped(file)
    try:
        if file == _STDIN:
            if sys.stdin is None:
                raise InvalidInput("stdin is closed; name a file, or send one to stdin")
            yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
        else:
            with Path(file).open(encoding="utf-8-sig", newline="") as stream:
                yield stream
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {called}; name one, or - for stdin") from None
    except OSError:
        raise InvalidInput(f"{called} cannot be read by this user as a file; name another") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{called} is not UTF-8 text; convert it first, such as with iconv") from None


def _pieces(file: str, stream: TextIO) -> Iterator[str]:
    """The text in pieces of bounded size, which end between lines and not within a private key, if that can be."""
    rest = ""
    while more := stream.read(_PIECE_CHARS):
        if "\0" in more:
            raise InvalidInput(f"{file} holds NUL characters, as no text does; name a text, or convert it first")
        text = rest + more
        end = len(text) if len(more) < _PIECE_CHARS else _end_of_piece(file, text)
        yield text[:end]
        rest = text[end:]
    if rest:
        yield rest


def _end_of_piece(file: str, text: str) -> int:
    key = text.rfind("-----BEGIN ")
    is_open = key > text.rfind("-----END ") and len(text) - key < _PIECE_CHARS // 2
    end = (is_open and text.rfind("\n", 0, key) + 1) or text.rfind("\n") + 1
    if not end:
        # Cut anywhere, a secret across the cut would be shown.
        raise InvalidInput(
            f"{file} has a line of more than {_PIECE_CHARS:,} characters; break it into shorter ones, "
            "as jq does with JSON"
        )
    return end


def _told(file: str, lines_before: int, text: str, found: "list[Finding]") -> Iterator[str]:
    from runtally.redaction import changes

    parts: list[str] = []
    places = []
    length = 0
    for part, finding in changes.pieces(text, found):
        if finding:
            places.append((finding, length))
        parts.append(part)
        length += len(part)
    shown = "".join(parts)
    line, counted_to = lines_before + 1, 0
    for finding, at in places:
        line += text.count("\n", counted_to, finding.start)
        counted_to = finding.start
        column = finding.start - text.rfind("\n", 0, finding.start)
        yield f"{file}:{line}:{column}: {' '.join(finding.kinds)}: {_line_around(shown, at, at + len(finding.shown))}"


def _line_around(shown: str, start: int, end: int) -> str:
    line_start = shown.rfind("\n", 0, start) + 1
    line_end = shown.find("\n", end)
    line_end = len(shown) if line_end < 0 else line_end
    first, last = max(line_start, start - _AROUND_CHARS), min(line_end, end + _AROUND_CHARS)
    line = shown[first:last].strip()
    return f"{'…' if first > line_start else ''}{output.escaped(line)}{'…' if last < line_end else ''}"


def _summed_up(counts: Counter[str]) -> str:
    if not counts:
        return "nothing would be hidden"
    by_kind = ", ".join(
        f"{count:,} {kind}" for kind, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    )
    return f"{counts.total():,} would be hidden: {by_kind}"
