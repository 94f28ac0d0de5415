"""Finds the values in XML: `<password>…</password>`, `<entry key="password">…</entry>`, a property list's pairs."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.allowance import NAME_EFFORT, UNLIMITED, Allowance
from runtally.redaction.found import Found, ends_name

_ELEMENT: Final = re.compile(
    r"<(?P<tag>[A-Za-z][\w:.-]{0,63})(?P<attributes>\s[^<>]{0,300})?>\s{0,40}+"
    r"(?:<!\[CDATA\[(?P<data>[^\]]{1,1000}(?:\](?!\]>)[^\]]{0,1000}){0,8})\]\]>|(?P<value>[^<>]{1,4000}+)(?=<\\?/))"
)
_ESCAPED_ELEMENT: Final = re.compile(
    r"&lt;(?P<tag>[A-Za-z][\w:.-]{0,63})(?P<attributes>\s(?:(?!&[lg]t;)[^<>]){0,300})?&gt;(?P<data>(?!))?"
    r"(?P<value>(?:(?!&[lg]t;)[^<>]){1,1000}?)(?=&lt;\\?/)"
)
_NAMES_ITSELF: Final = re.compile(
    r"\s(?:\w{1,20}:)?(?:key|name|id|field)\s{0,4}=\s{0,4}\\{0,15}[\"']([\w.:/-]{2,96})\\{0,15}[\"']", re.IGNORECASE
)
_OPENED_BEFORE: Final = re.compile(r"<([A-Za-z][\w:.-]{0,63})>\s{0,40}\Z")
_NAMES_THE_NEXT: Final = ("key", "name", "member", "field", "option")
_HOLDS_A_VALUE: Final = ("value", "plaintext", "string", "entry", "item", "text")


def named(text: str, allowance: Allowance = UNLIMITED) -> Iterator[Found]:
    """Every element in `text` with the text it holds, under the name of its tag, its `key` or the element before it.

    Raises:
        LimitExceeded: the allowance is spent; what CDATA holds is charged, for more may begin in it.
    """
    if "<" in text and ("</" in text or "<\\/" in text):
        allowance.spend(text.count("<![CDATA[") * NAME_EFFORT)
        yield from _elements(text, _ELEMENT)
    if "&" in text and "&lt;" in text:
        yield from _elements(text, _ESCAPED_ELEMENT)


def _elements(text: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    before = ""
    for one in pattern.finditer(text):
        tag = one["tag"].rpartition(":")[2]
        group = "data" if one["data"] is not None else "value"
        start, end = one.span(group)
        end = start + len(one[group].rstrip())
        name = tag
        if one["attributes"] and not ends_name(tag) and (named := _NAMES_ITSELF.search(one["attributes"])):
            name = named[1]
        elif before:
            name = before
        elif tag.lower() in _HOLDS_A_VALUE:
            outer = _OPENED_BEFORE.search(text[max(0, one.start() - 128) : one.start()])
            name = outer[1].rpartition(":")[2] if outer else tag
        before = one[group].strip() if tag.lower() in _NAMES_THE_NEXT and end - start < 96 else ""
        if ends_name(name):
            yield Found(name, start, "element", end=end)
