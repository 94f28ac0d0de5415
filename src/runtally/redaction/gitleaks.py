"""The rules of gitleaks, as `scripts/convert_gitleaks.py` wrote them to `gitleaks.json`: MIT, see NOTICE."""

import json
from functools import cache
from pathlib import Path
from typing import Final, TypedDict

_FILE: Final = Path(__file__).with_suffix(".json")


class Token(TypedDict):
    """What begins with one of its prefixes, where that begins a token."""

    kind: str
    prefixes: list[str]
    pattern: str
    entropy: float


class Vendor(TypedDict):
    """What a vendor's values look like under a name with one of its words."""

    kind: str
    words: list[str]
    pattern: str
    entropy: float


class Rules(TypedDict):
    """The file."""

    source: str
    tokens: list[Token]
    vendors: list[Vendor]


@cache
def rules() -> Rules:
    """The rules, read once."""
    loaded: Rules = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded
