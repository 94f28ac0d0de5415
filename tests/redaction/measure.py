"""How well redaction does on the corpora: `python -m tests.redaction.measure`, one table.

A secret counts as found if no part of it of 8 characters, or of half of it where that is less, is left where it stood.
Anything else that was hidden counts as wrongly hidden: in a case without secrets, beside the secrets of one that has
some, and where it takes a piece that is marked to stay.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runtally.redaction import Redactor
from tests.redaction import outside
from tests.redaction.alignment import hidden_in, is_wrong
from tests.redaction.corpus import Case, Family, Marked, Span, families, strings_of

HELD_OUT: Final = "is held out: rules must not be written after its cases; give --look-at-held-out if you write none"
START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_LONGEST_LEFT: Final = 8
_REDACTOR: Final = Redactor()

Redact = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one string: the secrets that were missed, and the hidden pieces that are none."""

    text: str
    secrets: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one family; `texts` and `characters` tell how much there was to go wrong with."""

    family: str
    held_out: bool
    source: str
    texts: int
    characters: int
    secrets: int
    found: int
    wrongly_hidden: int

    @property
    def recall(self) -> float | None:
        """The share of the secrets that were found; None for a family without any."""
        return self.found / self.secrets if self.secrets else None


def redact(value: Any) -> Any:
    """A text as free text, anything else as a JSON value."""
    return _REDACTOR.text(value) if isinstance(value, str) else _REDACTOR.json(value)


def table(measured: Iterable[Family] | None = None, redact: Redact = redact) -> list[Row]:
    """A row for each family, by default for all of them."""
    return [_row(family, redact) for family in (families() if measured is None else measured)]


def precision(rows: Sequence[Row]) -> float:
    """Of all that was hidden, the share that is secret; 1 where nothing was hidden."""
    found, wrong = sum(row.found for row in rows), sum(row.wrongly_hidden for row in rows)
    return found / (found + wrong) if found + wrong else 1.0


def recall(rows: Sequence[Row]) -> float:
    """Of all secrets, the share that was found; 1 where there is none."""
    secrets = sum(row.secrets for row in rows)
    return sum(row.found for row in rows) / secrets if secrets else 1.0


def judge(case: Case, redact: Redact = redact) -> Iterator[Judged]:
    """What became of each string of the case.

    Raises:
        ValueError: what was answered is not the value with pieces replaced by `[REDACTED…]`.
    """
    answered = list(strings_of(redact(case.value)))
    if len(answered) != len(case.strings):
        raise ValueError(f"{case.title}: {len(case.strings)} strings became {len(answered)}")
    for one, left in zip(case.strings, answered, strict=True):
        spans = hidden_in(one, left)
        if spans is None:
            raise ValueError(f"{case.title}: a string of {len(one.text)} characters is not itself with parts replaced")
        yield _judge(one, spans)


def _judge(one: Marked, hidden: Sequence[Span]) -> Judged:
    missed = tuple(one.text[slice(*secret)] for secret in one.secrets if _is_left(secret, hidden))
    wrong = tuple(one.text[slice(*span)] for span in hidden if is_wrong(span, one))
    return Judged(one.text, len(one.secrets), missed, wrong)


def _is_left(secret: Span, hidden: Sequence[Span]) -> bool:
    """Whether too long a part of it is to be seen."""
    bound = min(_LONGEST_LEFT, (secret.end - secret.start + 1) // 2)
    at = secret.start
    for span in (*(span for span in hidden if span.overlaps(secret)), Span(secret.end, secret.end)):
        if span.start - at >= bound:
            return True
        at = max(at, span.end)
    return False


def _row(family: Family, redact: Redact) -> Row:
    judged = [one for case in family.cases for one in judge(case, redact)]
    secrets = sum(one.secrets for one in judged)
    return Row(
        family.name,
        family.held_out,
        family.source,
        texts=len(judged),
        characters=sum(len(one.text) for one in judged),
        secrets=secrets,
        found=secrets - sum(len(one.missed) for one in judged),
        wrongly_hidden=sum(len(one.wrong) for one in judged),
    )


def rendered(rows: Sequence[Row]) -> str:
    """Two Markdown tables, of the families with secrets and of those without, and the sums for seen and held out."""
    with_secrets = [row for row in rows if row.secrets]
    without = [row for row in rows if not row.secrets]
    lines = ["| family | | secrets | found | recall | wrongly hidden |", "|---|---|---:|---:|---:|---:|"]
    lines += [
        f"| {row.family} | {_kind(row)} | {row.secrets} | {row.found} | {row.recall:.3f} | {row.wrongly_hidden} |"
        for row in with_secrets
    ]
    lines += ["", "| family without secrets | | texts | characters | wrongly hidden |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {row.family} | {_kind(row)} | {row.texts} | {row.characters:,} | {row.wrongly_hidden} |" for row in without
    ]
    lines += ["", "| | secrets | found | recall | wrongly hidden | precision |", "|---|---:|---:|---:|---:|---:|"]
    for kind in ("seen", "held out"):
        of_kind = [row for row in rows if _kind(row) == kind]
        secrets, found = sum(row.secrets for row in of_kind), sum(row.found for row in of_kind)
        wrong = sum(row.wrongly_hidden for row in of_kind)
        figures = f"{secrets} | {found} | {recall(of_kind):.3f} | {wrong} | {precision(of_kind):.3f}"
        lines.append(f"| {kind} | {figures} |")
    return "\n".join(lines) + "\n"


def _kind(row: Row) -> str:
    return "held out" if row.held_out else "seen"


def write(page: Path, rows: Sequence[Row]) -> None:
    """Put the tables between the two markers of a page.

    Raises:
        ValueError: the page has no such markers.
    """
    before, start, rest = page.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{page.name} needs the lines {START} and {END}")
    page.write_text(f"{before}{START}\n\n{rendered(rows)}\n{END}{after}", encoding="utf-8")


def _print_missed(family: Family) -> None:
    for case in family.cases:
        for one in judge(case):
            for kind, pieces in (("missed", one.missed), ("wrongly hidden", one.wrong)):
                for piece in pieces:
                    print(f"{family.name}: {case.title}: {kind}: {piece[:100]!r} in {_around(one.text, piece)!r}")


def _around(text: str, piece: str) -> str:
    at = text.index(piece)
    return text[max(0, at - 50) : at + len(piece[:100]) + 20]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, or what was missed; 2 if that is refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.redaction.measure", description=__doc__)
    parser.add_argument("--family", action="append", metavar="NAME", help="measure this one; repeatable")
    parser.add_argument("--missed", action="store_true", help="show what was missed and what was wrongly hidden")
    parser.add_argument("--look-at-held-out", action="store_true", help="with --missed: of held-out families too")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    parser.add_argument(
        "--outside", action="append", type=Path, metavar="DIR", help="samples of another scanner instead"
    )
    arguments = parser.parse_args(argv)
    measured = [family for path in arguments.outside or () for family in outside.families(path)] or families()
    known = {family.name: family for family in measured}
    if unknown := set(arguments.family or ()) - known.keys():
        parser.error(f"no family is named {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    chosen = [known[name] for name in arguments.family or known]
    if arguments.missed:
        kept = [family for family in chosen if not family.held_out or arguments.look_at_held_out]
        if arguments.family and (refused := [family.name for family in chosen if family not in kept]):
            parser.error(f"{', '.join(refused)} {HELD_OUT}")
        for family in kept:
            _print_missed(family)
        return 0
    rows = table(chosen)
    if arguments.write:
        write(arguments.write, rows)
    print(rendered(rows), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
