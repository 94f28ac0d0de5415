"""Files and functions stay small, tools stay data, printing stays in one place, and everything public is documented."""

import ast
import subprocess
import sys

from tests.guards.source import FunctionNode, Module, modules
from tests.journeys.processes import environment

LINES_OF_A_FILE = 400
FULL_FILE = 250
LINES_OF_A_FUNCTION = 50


def test_files_stay_small() -> None:
    lines = {module.name: module.text.count("\n") for module in modules()}
    too_long = [name for name, count in lines.items() if count > LINES_OF_A_FILE]
    full = {name: count for name, count in lines.items() if count > FULL_FILE}
    assert not too_long, f"split by idea: {too_long}. Beyond {FULL_FILE} lines, and so full, are {full}"


def test_functions_stay_small() -> None:
    lengths = {
        f"{module.name}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in modules()
        for function in module.functions
    }
    too_long = {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION}
    assert not too_long, f"give a part of these a name of its own: {too_long}"


def test_tools_are_data() -> None:
    """What a tool is (`tool.py`) may derive one thing from another; the tools themselves hold no code at all."""
    code = (*FunctionNode.__args__, ast.Lambda, ast.For, ast.If, ast.Try, ast.With)
    for module in modules():
        if module.name.startswith("mcp_server/tools/"):
            found = [node for node in ast.walk(module.tree) if isinstance(node, code)]
            if module.name.endswith("/tool.py"):
                found = [node for node in found if not _derives(node)]
            lines = [node.lineno for node in found]
            assert not lines, f"{module.name}: a tool names its service method and holds no code of its own: {lines}"


def _derives(node: ast.AST) -> bool:
    """A property that is one expression."""
    if not isinstance(node, ast.FunctionDef) or [ast.unparse(one) for one in node.decorator_list] != ["property"]:
        return False
    return [type(part) for part in node.body] == [ast.Expr, ast.Return]


def test_the_package_exports_what_it_says() -> None:
    public = "[name for name, value in vars(runtally).items() if name[0] != '_' and not isinstance(value, type(sys))]"
    assert python(f"import runtally, sys; print({public})") == "[]", (
        "name it in __all__, or begin it with an underscore"
    )
    assert python("import runtally; print(*runtally.__all__)") == "__version__"


def test_printing_stays_in_one_place() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.name != "cli/output.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.stdout.write", "breakpoint", "input")
    ]
    assert not found, f"stdout belongs to the protocol and to answers: use cli/output.py or logging, not {found}"


def test_everything_public_is_documented() -> None:
    found = [name for module in modules() for name in undocumented(module)]
    assert not found, f"say in a docstring what a caller may rely on: {found}"


def undocumented(module: Module) -> list[str]:
    """The module, and its public functions and classes, that have no docstring.

    A class of nothing but fields may leave it to the class it is made from, if that is in the same module and has one:
    the answers and requests are named after their tools, which are described where the tools are.
    """
    found = [] if ast.get_docstring(module.tree) else [module.name]
    documented = {node.name for node in module.tree.body if isinstance(node, ast.ClassDef) and ast.get_docstring(node)}
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef | FunctionNode) or node.name.startswith("_") or ast.get_docstring(node):
            continue
        if not (isinstance(node, ast.ClassDef) and _only_adds_fields(node, documented)):
            found.append(f"{module.name}:{node.lineno} {node.name}")
    return found


def _only_adds_fields(node: ast.ClassDef, documented: set[str]) -> bool:
    made_from = {ast.unparse(base) for base in node.bases}
    return bool(made_from & documented) and all(isinstance(part, ast.AnnAssign) for part in node.body)


def python(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    return ended.stdout.strip()
