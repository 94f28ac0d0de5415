"""The named queries in `sql/*.sql`.

A block begins with `-- name: insert_run`, then says in a comment what it is for, then is one statement. A line that
ends in `-- if :x` belongs to the statement only where the parameter `x` is given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

_BLOCK = re.compile(r"^-- name: (\w+)\n(?:-- .*\n)+", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_OPTIONAL = re.compile(r"^(.*?)\s*-- if :(\w+)$")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement; `lines` keeps the parameter on which each line depends."""

    name: str
    lines: tuple[tuple[str, str | None], ...]
    whole: str | None

    def sql(self, params: Mapping[str, Any]) -> str:
        """The statement for these parameters."""
        if self.whole is not None:
            return self.whole
        return "\n".join(line for line, needs in self.lines if needs is None or params[needs] is not None)

    def bound(self, params: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The statement with numbered parameters, and their values: a driver binds those faster than names."""
        statement, names = _numbered(self.sql(params))
        return statement, tuple([params[name] for name in names])


@cache
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    return _PARAMETER.sub(lambda found: f"?{names.index(found[1]) + 1}", sql), names


@cache
def load() -> Mapping[str, Query]:
    """Every query by name, read once."""
    return read(resources.files("runtally.storage").joinpath("sql"))


def read(folder: Traversable) -> Mapping[str, Query]:
    """Every query in the `.sql` files of a folder, by name.

    Raises:
        ValueError: a block does not begin as it should, or two queries share a name.
    """
    found: dict[str, Query] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for query in parse(file.read_text(encoding="utf-8")):
            if query.name in found:
                raise ValueError(f"a query is named {query.name} already; name the one in {file.name} otherwise")
            found[query.name] = query
    return found


def parse(text: str) -> list[Query]:
    """The queries in a file.

    Raises:
        ValueError: a block does not begin as it should.
    """
    heads = list(_BLOCK.finditer(text))
    if len(heads) != text.count("-- name:"):
        raise ValueError("a block begins with `-- name: one_word` and a comment that says what it is for")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        _query(head.group(1), text[head.end() : end].strip().rstrip(";")) for head, end in zip(heads, ends, strict=True)
    ]


def _query(name: str, sql: str) -> Query:
    lines = tuple(
        (found.group(1), found.group(2)) if (found := _OPTIONAL.match(line)) else (line, None)
        for line in sql.splitlines()
    )
    return Query(name, lines, None if any(needs for _, needs in lines) else sql)
