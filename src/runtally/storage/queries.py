"""The named queries in `sql/*.sql`.

A block begins with `-- name: insert_run`, then says in a comment what it is for, then is one statement. A line that
ends in `-- if :x` belongs to the statement only where the parameter `x` is given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_BLOCK = re.compile(r"^-- name: (\w+)\n(?:-- .*\n)+", re.MULTILINE)
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


@cache
def load() -> Mapping[str, Query]:
    """Every query by name, read once."""
    found: dict[str, Query] = {}
    for file in sorted(resources.files("runtally.storage").joinpath("sql").iterdir(), key=lambda file: file.name):
        for query in _blocks(file.read_text(encoding="utf-8")):
            assert query.name not in found, f"two queries are named {query.name}"
            found[query.name] = query
    return found


def _blocks(text: str) -> list[Query]:
    heads = list(_BLOCK.finditer(text))
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
