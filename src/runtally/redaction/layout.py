"""What a tool put round a text to show it: numbers, names or times before its lines, comment signs, colours, entities.

It parts a name from its value and a key's lines from one another, so such a text is looked at without it as well: in a
view that knows where each of its characters stands.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from runtally.redaction.allowance import PASS_EFFORT, Allowance
from runtally.redaction.changes import changes

LAYERS: Final = 3
"""So many layouts may lie round one another: colours, the name of a service, a time."""

_TIME: Final = (
    r"\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?"
    r"(?: {1,4}\[[^\]\n]{1,60}\])?(?: {1,4}(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR)\b:?)?"
)
_SYSLOG: Final = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [^\s]{1,80} [^\s:]{1,80}:"
# What stands before a line, and what must stand before the next ones: the group is the same on every line.
_KINDS: Final = {
    "time": (_TIME, _TIME),
    "syslog": (_SYSLOG, _SYSLOG),
    "number": (r"[ ]{0,8}\d{1,7}(?P<n>\t|→| ?[|│]|  )", r"[ ]{0,8}\d{1,7}(?P=n)"),
    "numbered": (r"[ ]{0,8}\d{1,7}[:-]", r"[ ]{0,8}\d{1,7}[:-]"),
    "file": (r"(?P<f>[\w./@+~-]{1,200}):\d{1,7}:", r"(?P=f)[:-]\d{1,7}[:-]"),
    "service": (r"(?P<s>[\w./-]{1,80} {1,40}\| ?|\[[^\]\n]{1,80}\] )", r"(?P=s)"),
    "comment": (r"[ \t]{0,40}(?P<c>#|//|>|;|\+|--(?= )|\*(?=\s))", r"[ \t]{0,40}(?P=c)"),
}
_HUNK: Final = r"(?P<hunk>@@ [^\n]*+(?:\n[ +-][^\n]*+)+)"
# Each alternative is a block of at least two lines; that all begin with a line's end makes the search a fast one.
_BLOCK: Final = re.compile(
    rf"\n(?:{_HUNK}|"
    + "|".join(rf"(?P<{kind}>{first}[^\n]*+(?:\n{following}[^\n]*+)+)" for kind, (first, following) in _KINDS.items())
    + ")"
)
_PREFIX: Final = {kind: re.compile(first) for kind, (first, _) in _KINDS.items()} | {
    "hunk": re.compile(r"@@ [^\n]*|[ +-]"),
    "indent": re.compile(""),
}
# `grep -n -C` parts the number of a line beside what was found with dashes.
_NUMBERED_IN_CONTEXT: Final = re.compile(r"[\w./@+~-]{1,200}-\d{1,7}-")
_NUMBER: Final = re.compile(r"\d+")
_COUNTED: Final = frozenset({"number", "numbered"})

_ENTITIES: Final = {
    "&quot;": '"',
    "&#34;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&#x27;": "'",
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
}
# By what a text must hold for it, what is left out of lines or stands there for something else.
_WITHIN: Final = (
    (re.compile(r"\x1b|\\(?:u001b|x1[bB]|033|e)\["), r"(?:\x1b|\\{1,15}(?:u001b|x1[bB]|033|e))\[[\d;?]{0,20}[A-Za-z]"),
    (re.compile(r"&(?:quot|apos|#34|#39|#x27);"), "|".join(_ENTITIES)),
    (re.compile(r"<br ?/?>"), r"<br ?/?>\n?"),
    (re.compile(r'"[ \t]*\\\n[^\n]*"[ \t]*\\\n'), r"[ \t]{0,40}\\(?=\n)"),
    (re.compile(r"\A(?:[^\n]*+(?<=\$)\n){2,}[^\n]*\Z"), r"\$(?=\n|\Z)"),
)
_LAID_WITHIN: Final = re.compile(r"[\x1b&<$\\]")


class _Cut(NamedTuple):
    """From `start` to before `end` stands what a view leaves out, or `shown` in its place."""

    start: int
    end: int
    shown: str = ""


class _View:
    """A text with cuts; `begins` and `ends` tell where a stretch of it stands in the text itself."""

    def __init__(self, text: str, cuts: Sequence[_Cut]) -> None:
        parts: list[str] = []
        self._at: list[int] = []
        self._places: list[tuple[int, int]] = []
        chars = done = 0
        for start, end, shown in [*cuts, _Cut(len(text), len(text))]:
            for part, first, last in ((text[done:start], done, 0), (shown, start, end)):
                if part:
                    self._at.append(chars)
                    self._places.append((first, last))
                    parts.append(part)
                    chars += len(part)
            done = end
        self.text = "".join(parts)

    def begins(self, at: int) -> int:
        """Where the character at `at` begins."""
        piece = bisect_right(self._at, at) - 1
        first, last = self._places[piece]
        return first if last else first + at - self._at[piece]

    def ends(self, at: int) -> int:
        """Where the character before `at` ends."""
        last = self._places[bisect_right(self._at, at - 1) - 1][1]
        return last or self.begins(at - 1) + 1


def hidden(text: str, redact: Callable[[str], str], allowance: Allowance) -> str:
    """`text` with the marks that `redact` makes in it where it is freed of its layout; without one, as it is.

    Raises:
        LimitExceeded: the allowance is spent.
    """
    if _LAID_WITHIN.search(text) and (cuts := _cuts_within(text)):
        return _through_view(text, cuts, redact, allowance)
    parts: list[str] = []
    done = 0
    for start, end, cuts in _blocks(text):
        parts += text[done:start], _through_view(text[start:end], cuts, redact, allowance)
        done = end
    return "".join(parts) + text[done:] if parts else text


def _through_view(text: str, cuts: Sequence[_Cut], redact: Callable[[str], str], allowance: Allowance) -> str:
    allowance.spend(len(text) * PASS_EFFORT)
    view = _View(text, cuts)
    parts: list[str] = []
    done = 0
    for start, end, shown in changes(view.text, redact(view.text)):
        parts += text[done : view.begins(start)], shown
        done = view.ends(end)
    return "".join(parts) + text[done:] if parts else text


def _cuts_within(text: str) -> list[_Cut]:
    patterns = [pattern for sign, pattern in _WITHIN if sign.search(text)]
    if not patterns:
        return []
    return [
        _Cut(*found.span(), _ENTITIES.get(found[0], "\n" if found[0].startswith("<br") else ""))
        for found in re.finditer("|".join(patterns), text)
    ]


def _blocks(text: str) -> Iterator[tuple[int, int, list[_Cut]]]:
    """Every stretch of lines with one layout, and what to leave out of it, counted from its beginning."""
    if "\n" not in text:
        return
    if text[0] in " \t" and all(line[:1] in ("", " ", "\t", "\r") for line in text.split("\n")):
        cuts = _line_cuts(text, "indent")
        if cuts:
            yield 0, len(text), cuts
            return
    for found in _BLOCK.finditer("\n" + text):
        kind = str(found.lastgroup if found.lastgroup in _PREFIX else _kind_of(found))
        block = found[kind]
        if kind in _COUNTED and not _counts_up(block):
            continue
        yield found.start(kind) - 1, found.end(kind) - 1, _line_cuts(block, kind)


def _kind_of(found: re.Match[str]) -> str:
    return next(kind for kind in _PREFIX if kind in found.re.groupindex and found[kind] is not None)


def _counts_up(block: str) -> bool:
    told = [_NUMBER.search(line) for line in block.split("\n")]
    numbers = [int(number[0]) for number in told if number]
    return all(before < after for before, after in pairwise(numbers))


def _line_cuts(block: str, kind: str) -> list[_Cut]:
    """The prefix of each line, with the indentation that all lines have behind it."""
    prefixes: list[tuple[int, int, str]] = []
    at = 0
    for line in block.split("\n"):
        found = _PREFIX[kind].match(line) or _NUMBERED_IN_CONTEXT.match(line)
        end = found.end() if found else 0
        prefixes.append((at, at + end, line[end:]))
        at += len(line) + 1
    common = min((len(rest) - len(rest.lstrip(" \t")) for _, _, rest in prefixes if rest.strip()), default=0)
    return [_Cut(start, end + (common if rest.strip() else 0)) for start, end, rest in prefixes if end + common > start]
