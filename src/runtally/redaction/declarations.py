"""Finds the names that a program's syntax keeps apart from their value: a default, a type, a value that comes first."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from runtally.redaction.found import Found, ends_name
from runtally.redaction.needles import Needles

_NAME: Final = r"(?P<name>[A-Za-z_][\w.-]{1,63})"
_QUOTED_NAME: Final = rf"[\"'](?:--?)?{_NAME}[\"']"
_STARTS: Final = r"(?=(?:new )?(?:[A-Za-z_]\w{0,30}\()?[@$bLru]{0,2}\\?[\"'`](?![\"'`]))"
_LOOKED_BACK: Final = 128
_BYTE: Final = r"(?:\(\w{1,8}\)\s?)?(?:0[xX][0-9A-Fa-f]{1,2}|-?\d{1,3})(?:u8)?"
_CHAR: Final = r"'[^'\n\\]'"


class _Place(NamedTuple):
    """What stands between a name and its value, found by one of the needles, and what stands before that.

    The name is in one of the two patterns, and so is a value that ends where the pattern says.
    """

    needles: tuple[str, ...]
    between: re.Pattern[str]
    before: re.Pattern[str] | None = None


def _place(needles: tuple[str, ...], between: str, before: str = "") -> _Place:
    return _Place(needles, re.compile(between), re.compile(rf"(?:{before})\Z") if before else None)


_OF_ENVIRONMENT: Final = r"\benv\.(?P<variable>[A-Za-z_]\w{1,63}) ?"
_ASSIGNED: Final = r"\b(?P<assigned>[A-Za-z_][\w.-]{1,63}) ?:?[:=] ?(?![\"'`])[^\s,;{}]{1,60} ?"
_TAG: Final = r"(?:\w{1,20}:\"[^\"\n]{0,30}\" ){0,2}\w{0,4}"

_PLACES: Final = (
    # what is taken where nothing else is set
    _place(
        ("??", "||", "?:"),
        rf"(?:\?\?|\|\||\?:)=?\s{{0,4}}{_STARTS}",
        rf"{_QUOTED_NAME}[)\]]{{1,2}}[!)]? ?|{_OF_ENVIRONMENT}|{_ASSIGNED}",
    ),
    _place(
        ("unwrap_or", "OrElse", "orElse", "or_else"),
        rf"(?:unwrap_or(?:_else)?|(?:get)?[oO]rElse(?:Get)?|or_else)\((?:\|_?\|\s?|\(\)\s?->\s?)?{_STARTS}",
        rf"{_QUOTED_NAME}\){{1,2}}[.?]{{1,2}}(?:get)?",
    ),
    _place(("fetch",), rf"fetch\({_QUOTED_NAME}\) ?\{{ ?{_STARTS}"),
    _place(("efault",), rf"efault\w{{0,6}}[\"']? ?[:=(]>? ?{_STARTS}", rf"{_QUOTED_NAME}[, ][^\"'\n]{{0,40}}"),
    _place(('efault:"',), rf"efault:{_STARTS}", rf"\b{_NAME}[ \t]{{1,8}}\*?string[ \t]{{1,8}}`{_TAG}"),
    # a type or a modifier after the name
    _place(
        ("set;", "init;", "get;"),
        rf"(?:set|init|get); ?\}} ?= ?{_STARTS}",
        rf"\b{_NAME} ?\{{ ?(?:get; ?)?(?:private |internal )?",
    ),
    _place(
        ("PROGMEM", "As String", "as string"),
        rf"(?:PROGMEM|[aA]s [sS]tring) ?= ?{_STARTS}",
        rf"\b{_NAME}(?:\[\w{{0,9}}\])?[ ]",
    ),
    _place(
        ("by lazy", "StateOf("),
        rf"by (?:lazy(?:\(\w{{0,40}}\))? ?\{{|(?:remember\w{{0,10}} ?\{{ ?)?mutableStateOf\() ?{_STARTS}",
        rf"\b{_NAME}(?: ?: ?\w{{1,20}}\??)? ",
    ),
    # a value in braces, or behind an arrow
    _place(('{"', "{'", '{ "', "{ '"), r"\{ ?(?=[\"'][^\"'\n]{1,200}[\"'] ?\})", rf"(?<![\w$#.]){_NAME}\)? ?"),
    _place(('"}.', '"},', ">>}"), r"\{(?P<name>[a-z]\w{1,63}),\s?(?:<<)?(?=\"[^\"\n]{1,200}\"(?:>>)?\})"),
    _place(('" -> ', "' -> "), rf"-> {_STARTS}", rf"{_QUOTED_NAME} "),
    # what a name is compared with, or becomes by a call
    _place(
        ("quals", "isEqualTo"),
        rf"(?:[eE]quals(?:IgnoreCase)?|isEqualTo(?:String)?|contentEquals)[(:] ?{_STARTS}",
        rf"\b{_NAME}(?:\(\))?[. ]",
    ),
    _place(
        ("strcmp", "strncmp", "strcpy", "strncpy", "strlcpy"),
        rf"\bstr(?:n?cmp|[nl]?cpy)(?:_s|_P)?\((?P<name>[A-Za-z_][\w.>-]{{1,63}}), ?{_STARTS}",
    ),
    _place(("setopt",), rf"setopt\( ?[\w$>.-]{{1,40}}, ?{_NAME} ?, ?{_STARTS}"),
    _place(("onfigField",), rf"onfigField[( ][\"']\w{{1,20}}[\"'], ?{_QUOTED_NAME}, ?{_STARTS}"),
    _place((':@"',), r":(?=@\")", r"\bset(?P<name>[A-Z]\w{1,40})"),
    # a value that comes first
    _place(
        ("forKey", "forHTTP"),
        rf"(?:orKey|orHTTPHeaderField): ?@?{_QUOTED_NAME}",
        r"[\"'](?P<value>[^\"'\n]{1,120})[\"'],? ?f",
    ),
    # numbers and characters one by one
    _place(
        ("0x", "0X", ", "),
        rf"[{{\[]\s{{0,24}}(?P<value>{_BYTE}(?:\s{{0,24}},\s{{0,24}}{_BYTE}){{7,127}}),?\s{{0,24}}[}}\]]",
        rf"\b{_NAME}(?:\[\w{{0,20}}\])?(?: ?: ?[\[\]&\w; ]{{1,20}}?)? ?:?= ?[\w\[\] (.]{{0,24}}",
    ),
    _place(
        ("','", "', '"),
        rf"[{{\[]\s{{0,8}}(?P<value>{_CHAR}(?:\s{{0,8}},\s{{0,8}}{_CHAR}){{3,63}})\s{{0,8}}[}}\]]",
        rf"\b{_NAME}(?:\[\w{{0,20}}\])? ?:?= ?[\w\[\] (.]{{0,24}}",
    ),
)
_NEEDLES: Final = Needles(needle for needles, _, _ in _PLACES for needle in needles)
_OPENS: Final = "\"'`{["
"""A text without any of them has no literal in it."""


def named(text: str) -> Iterator[Found]:
    """Every name in `text` whose value stands where only a program's syntax says so."""
    if not any(sign in text for sign in _OPENS):
        return
    there = set(_NEEDLES.within(text))
    for needles, between, before in _PLACES:
        if not there.isdisjoint(needles):
            for one in between.finditer(text):
                yield from _found(text, one, before)


def _found(text: str, one: re.Match[str], before: re.Pattern[str] | None) -> Iterator[Found]:
    behind = before.search(text, max(0, one.start() - _LOOKED_BACK), one.start()) if before else None
    if before and not behind:
        return
    groups = {**(behind.groupdict() if behind else {}), **one.groupdict()}
    at, end = next(
        (place.span("value") for place in (one, behind) if place and "value" in place.groupdict()), (one.end(), 0)
    )
    for group in ("name", "variable", "assigned"):
        if (name := groups.get(group)) and ends_name(name):
            yield Found(name, at, "whole" if end else '"', end=end)
            return
