"""What an object says of its own members: `{"name": "X_KEY", "value": …}`, a cookie, a JSON Web Key, a table."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from runtally.redaction.marks import MARK
from runtally.redaction.names import NAME_CHARS, Names, Rule, in_snake_case, tells_of_a_secret

_ANYTHING: Final = re.compile(".*", re.DOTALL)
_COOKIE: Final = Rule("cookie", _ANYTHING)
SECRET: Final = Rule("secret", _ANYTHING)
_PRIVATE_KEY: Final = Rule("private_key", _ANYTHING)

_NAMING: Final = frozenset(
    {"name", "key", "k", "id", "label", "header", "field", "variable", "var", "parameter", "param", "property", "env"}
    | {"attribute", "option", "setting", "identifier", "question", "prompt", "type", "kind"}
)
_VALUED: Final = frozenset({"value", "values", "val", "v", "content", "default", "answer", "text"})
_POINTING: Final = frozenset({"selector", "element", "locator", "target", "xpath", "css", "placeholder", "aria_label"})
"""They name a field in a page, and say what it is somewhere in the midst: `input[type=password]`."""
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FIELD_WORDS: Final = frozenset({"input", "field", "textbox", "box", "text", "type", "name", "id", "the", "your"})
_NAME_WORDS: Final = 4
"""What has more words is a sentence, and names nothing."""

_ONLY_COOKIES_HAVE: Final = frozenset({"http_only", "same_site", "host_only", "partition_key", "same_party"})
_COOKIES_HAVE: Final = frozenset({"domain", "path", "expires", "expiry", "expiration_date", "max_age", "secure"})
_SURELY: Final = 2
_SAYS_SECRET: Final = frozenset({"sensitive", "is_sensitive", "secret", "is_secret", "masked", "confidential"})
_DEFINE: Final = frozenset(
    {"shape", "documentation", "description", "doc", "help", "nargs", "ref", "properties", "members", "schema", "http"}
    | {"operation", "any_of", "one_of", "all_of", "integrity", "resolved", "location", "min_length", "max_length"}
    | {"input_token", "output", "definition", "optional", "required", "format"}
)
_TYPES: Final = frozenset({"string", "object", "array", "integer", "number", "boolean", "structure", "list", "str"})
_MESSAGE: Final = re.compile(
    r"(?i)\b(?:must|should|required|invalid|cannot|can't|incorrect|characters|at least|not match|your|forgot|please"
    r"|too (?:short|long|weak|common)|expired)\b"
)
_MESSAGE_WORDS: Final = 3
_KEY_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "k", "oth")
_COLUMNS: Final[tuple[str, ...]] = ("columns", "headers", "header", "fields", "column_names")
_ROWS: Final = ("rows", "data", "values", "records")


class Members(NamedTuple):
    """What the keys of an object say, whatever its values are."""

    rules: dict[str, Rule]
    """The rules of the members whose own name says secret."""
    telling: frozenset[str]
    """The members that tell something of a secret and are none."""
    valued: tuple[str, ...]
    """The members that another member names: `value`, `content`."""
    naming: tuple[str, ...]
    """The members that may name them: `name`, `header`, `selector`."""
    flags: tuple[str, ...]
    """The members that say of the valued ones that they are secret, if they are true."""
    cookie: int
    """How many of its names say that the object is a cookie."""
    table: tuple[str, str] | None
    """The members with the columns and the rows of a table."""
    is_resource: bool
    """Whether it may be one of Kubernetes."""
    defines: bool
    """Whether it tells what something is, instead of being it."""


def members(keys: Iterable[str], names: Names) -> Members:
    """What is known of an object from its keys alone."""
    snake = {key: in_snake_case(key[-NAME_CHARS:]) for key in keys}
    rules = {key: rule for key in snake if (rule := names.rule_for(key[-NAME_CHARS:]))}
    if "kty" in snake:
        rules |= {key: _PRIVATE_KEY for key in _KEY_MEMBERS if key in snake}
    if "kdf" in snake and "ciphertext" in snake:  # a wallet's file
        rules["ciphertext"] = _PRIVATE_KEY
    valued = tuple(key for key, words in snake.items() if words.rpartition("_")[2] in _VALUED)
    naming = tuple(key for key, words in snake.items() if _names_another(words)) if valued else ()
    flags = tuple(key for key, words in snake.items() if words in _SAYS_SECRET) if valued else ()
    called = set(snake.values())
    is_named = {"name", "value"} <= called
    columns = next((key for key in _COLUMNS if key in snake), None)
    rows = next((key for key in _ROWS if key in snake), None)
    return Members(
        rules=rules,
        telling=frozenset(naming).union(key for key in snake if tells_of_a_secret(key)),
        naming=naming,
        valued=valued,
        flags=flags,
        cookie=is_named * (1 + len(called & _COOKIES_HAVE) + 2 * len(called & _ONLY_COOKIES_HAVE)),
        table=(columns, rows) if columns and rows else None,
        is_resource="kind" in snake,
        defines=not called.isdisjoint(_DEFINE),
    )


def _names_another(words: str) -> bool:
    return words.rpartition("_")[2] in _NAMING or words in _POINTING


def rule_of_value(entries: dict[Any, Any], of: Members, cover: Rule | None, names: Names) -> Rule | None:
    """The rule of what the object calls its value, by what it is called; `cover` is that of where the object stands."""
    is_cookie = of.cookie > _SURELY or (of.cookie and cover is not None and cover.kind == "cookie")
    for key in of.naming:
        called = entries[key]
        if isinstance(called, str) and called.count(" ") < _NAME_WORDS:
            points = in_snake_case(key[-NAME_CHARS:]) in _POINTING
            name = _pointed_at(called) if points else called[-NAME_CHARS:].rstrip("?: ")
            if rule := names.rule_for(name):
                return _COOKIE if is_cookie and rule.kind == "cookie" else rule
            if cover and key not in ("type", "kind") and (name == "key" or tells_of_a_secret(name)):
                cover = None
    if is_cookie:
        return _COOKIE
    return SECRET if any(entries[key] is True for key in of.flags) else cover


def _pointed_at(place: str) -> str:
    if MARK.search(place):
        return ""
    words = [word for word in _WORD.findall(place[-NAME_CHARS:].replace("-", "_")) if word not in _FIELD_WORDS]
    return "_".join(words).removesuffix("_input").removesuffix("_field")


def is_definition(entries: dict[Any, Any], of: Members) -> bool:
    """Whether an object under a secret's name only defines it, as a schema does: a value may be in it nonetheless."""
    kind = entries.get("type")
    return of.defines or (isinstance(kind, str) and kind in _TYPES)


def is_message(text: str) -> bool:
    """Whether what stands under a secret's name speaks of it to a person: `{"password": ["This is too short"]}`."""
    return text.count(" ") >= _MESSAGE_WORDS - 1 and len(text) < 200 and _MESSAGE.search(text) is not None


def key_within(under: str, names: Names) -> Rule | None:
    """The rule of what is just called a key in the object under a name: `"api": {"key": …}`."""
    return names.rule_for(f"{under[-NAME_CHARS:]}_key") if under else None


def secret_maps(entries: dict[Any, Any]) -> Iterator[str]:
    """The keys of the maps of which every value is a secret: those of a Kubernetes Secret."""
    if entries.get("kind") == "Secret":
        yield from (key for key in ("data", "stringData") if isinstance(entries.get(key), dict))


def column_rules(columns: Any, names: Names) -> dict[int, Rule]:
    """The rules of the columns of a table that hold secrets, by their place."""
    if not isinstance(columns, list | tuple):
        return {}
    called = [column.get("name") if isinstance(column, dict) else column for column in columns]
    return {at: rule for at, name in enumerate(called) if isinstance(name, str) and (rule := names.rule_for(name))}
