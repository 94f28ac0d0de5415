"""Every call goes through one function of the service's entry: nothing is stored around redaction."""

import ast
from collections.abc import Iterator

from tests.guards.source import FunctionNode, Module, modules

ENTRY = "service/entry.py"


def users(name: str) -> set[str]:
    """The functions that call `name`, however it is imported: `module.py:function`, the innermost one."""
    return {f"{module.name}:{function}" for module in modules() for function in _callers(module, name)}


def _callers(module: Module, name: str) -> Iterator[str]:
    def visit(node: ast.AST, function: str) -> Iterator[str]:
        if isinstance(node, FunctionNode):
            function = node.name
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", None), getattr(node.func, "attr", None)):
            yield function
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    return visit(module.tree, "")


def test_a_unit_of_work_is_made_in_one_function() -> None:
    assert users("Unit") == {f"{ENTRY}:_unit"}


def test_redaction_is_reached_from_one_function() -> None:
    assert users("Redactor") == {"bootstrap.py:make", "service/scrub.py:_redactor"}
    outside = {user for user in users("clip") if not user.startswith("service/scrub.py")}
    assert outside == {f"{ENTRY}:_redacted"}
    assert {user for user in users("_redacted") if user.startswith(ENTRY)} == {f"{ENTRY}:write", f"{ENTRY}:read"}
    assert users("names_to_mark") == users("with_marks") == {f"{ENTRY}:_redacted"}


def test_a_rule_is_called_by_nobody_but_the_entry() -> None:
    """The tools name their rules; what is called with a unit and a caller is called by the entry alone."""
    rules = {
        (module.name, function.name)
        for module in modules()
        if module.name.startswith("service/")
        for function in module.functions
        if [argument.arg for argument in function.args.args][:2] == ["unit", "caller"]
    }
    public = {name for _, name in rules if not name.startswith("_")} - {"project_of_run"}
    assert len(public) >= 8, "the walk over the rules finds too few"
    assert {name: users(name) for name in public} == {name: set() for name in public}
