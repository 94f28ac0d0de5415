"""Tells whether a bare value is an expression of code, or a word of a sentence."""

import re
from typing import Final

from runtally.redaction.names import in_snake_case
from runtally.redaction.values import (
    CODE,
    IDENTIFIER,
    NUMBER,
    SENSITIVE_WORDS,
    SENTENCE_GOES_ON,
    TYPE_NAME,
    WORDLIKE,
    WORDS,
)

_CODE: Final = re.compile(CODE)


def is_expression(text: str, start: int, end: int, name: str) -> bool:
    """`derive()`, `config.password`, or one name given for another: `password=db_password`."""
    if code := _CODE.match(text, start):
        return code.end() >= end
    value = text[start:end]
    if not name or not IDENTIFIER.fullmatch(value) or (name.isupper() and not value.isupper()):
        return False
    words = in_snake_case(value)
    if value in SENSITIVE_WORDS or value == "username":
        return True
    if f"_{in_snake_case(name)}".endswith(f"_{words}"):
        return True
    parts = words.split("_")
    if any(part.isdigit() for part in parts) or len(parts) < 2:
        return False
    telling = parts if words.replace("_", "").isalpha() else (parts[-1].removesuffix("s"),)
    return not SENSITIVE_WORDS.isdisjoint(telling)


_OPERATOR: Final = re.compile(
    r"[ \t]+(?:[+*/?|&-]|[!=]==?|\|\||&&|\?\?|=|or|and|if|else|unless|instanceof|as|in|is)(?=[ \t])|[ \t]*\)[ \t]*[{:]"
)
_NAMES_TYPE: Final = re.compile(
    r"[A-Z]|[A-Z]\w*[a-z]\w*(?:Keys?|Types?|Tokens?|Secrets?|Passwords?|Credentials?|Str|String|Bytes|Like)"
)

_SELECTOR: Final = re.compile(r"[A-Za-z]+(?::[A-Za-z]*)*")
_NUMBERED: Final = re.compile(r"(?:token|key|secret)\d{1,2}")
_ENDS_MEMBER: Final = re.compile(r"[ \t]?[,})]")
_IS_VARIABLE: Final = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+|pass(?:word)?|secret|token")
_MEMBER: Final = re.compile(r",[ \t]*\r?\n|[ \t]?\}\)")
_LAST: Final = re.compile(r"[ \t]?\}\)")
"""What ends a member of an object's literal: a value in a file of settings has neither comma nor bracket behind it."""
_CAMEL_CASE: Final = re.compile(r"[a-z][A-Z][A-Za-z]{2,40}:(?:[a-z][A-Za-z]{0,24}:){0,4}\Z")
"""A part of the name of an Objective-C method, or of what a log says of one: `getIdToken:onComplete:`."""


def is_part_of_code(text: str, start: int, end: int, before: str, separator: str) -> bool:
    """Whether a bare value is a variable or a type, as what stands around the assignment shows."""
    value = text[start:end]
    if separator == ":" and _SELECTOR.fullmatch(value) and _CAMEL_CASE.search(text, max(0, start - 64), start):
        return True
    if (separator in ":=" and _NAMES_TYPE.fullmatch(value)) or _is_member(text, value, end, separator):
        return True
    if not IDENTIFIER.fullmatch(value) or not value.replace("_", "").isalpha():
        return False
    if separator == '"' or (before.endswith(("'", '"')) and text[end : end + 1] in ("'", '"')):
        return True
    if separator != "=":
        return False
    is_unpacked = before.rstrip().endswith(",") and text[start - 1] == " "
    return is_unpacked or _OPERATOR.match(text, end) is not None


def _is_member(text: str, value: str, end: int, separator: str) -> bool:
    """Whether a variable is the value of a member of an object's literal: `{ token: token2 }`."""
    if _NUMBERED.fullmatch(value):
        return _ENDS_MEMBER.match(text, end) is not None
    if separator != ":" or not value.isalpha() or not value.isascii():
        return False
    return (_MEMBER if _IS_VARIABLE.fullmatch(value) else _LAST).match(text, end) is not None


_SAYS_WORD: Final = re.compile(
    r"(?:[A-Za-z\u2013\u2014\u2019'./-]|[^\x00-\x7f])+[!?]{0,3}|\d+(?:-\d+|-[a-z]+)?|[A-Z]*(?:_[A-Z]+)+"
    r"|[A-Za-z]+(?:\)|[\"']\.).*|%[sd(].*|\$\{.*"
)
"""A word of any language and script, a number or a range of them, or a field of a translation."""

_GOES_ON_AS_SENTENCE: Final = re.compile(
    r"[ ](?:from|is|are|was|for|of|in|on|as|when|if|the|an?|by|which|that|will|can|must)\b"
)
_HAS_OBJECT: Final = re.compile(r"[ ](?:an?|the|your|all|any|this|it|its)\b")
"""What stands behind a verb: `a password reset to produce a token`."""


def is_prose(text: str, start: int, end: int, separator: str) -> bool:
    """Whether a bare value is a word of a sentence, a type or a plain number."""
    value = text[start:end]
    is_plain_number = NUMBER.fullmatch(value) and (separator in ('"', "pair") or len(value) < 4)
    if is_plain_number or value.lower().rstrip("!?") in WORDS:
        return True
    if separator == "is":
        return _SAYS_WORD.fullmatch(value) is not None
    if separator in ("--", "said") and value.islower() and WORDLIKE.fullmatch(value):
        return (_GOES_ON_AS_SENTENCE if separator == "--" else _HAS_OBJECT).match(text, end) is not None
    if separator == "by":
        return WORDLIKE.fullmatch(value) is not None
    if separator != ":" or text[start - 1] not in " \t" or not WORDLIKE.fullmatch(value):
        return False
    return bool(SENTENCE_GOES_ON.match(text, end) or TYPE_NAME.fullmatch(value))
