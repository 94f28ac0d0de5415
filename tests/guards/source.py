"""The source of the package, as the guards read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "runtally"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One Python file under src/runtally; `name` is its path there."""

    name: str
    text: str
    tree: ast.Module

    @property
    def functions(self) -> Iterator[FunctionNode]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, FunctionNode))


@cache
def modules() -> tuple[Module, ...]:
    """Every module, by path."""
    files = sorted(PACKAGE.rglob("*.py"))
    texts = [(file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")) for file in files]
    return tuple(Module(name, text, ast.parse(text)) for name, text in texts)


def strings(module: Module) -> Iterator[tuple[int, str]]:
    """Every string constant that is no docstring, with its line; of an f-string the parts that are constant."""
    documentation = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value
