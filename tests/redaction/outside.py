"""The samples of other secret scanners, read from their Git repositories; nothing of theirs is kept here.

    python -m tests.redaction.measure --outside ~/src/gitleaks --outside ~/src/detect-secrets

Read is what tells its secret apart: the samples that gitleaks builds from a name and a value, and in the tests of
detect-secrets the lines of which the secret is named or which are nothing but a token.
"""

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.redaction.corpus import Family, is_held_out

_RULES: Final = "cmd/generate/config/rules/"
_SAMPLE_FORMS: Final = "cmd/generate/config/utils/generate.go"
_PLUGIN_TESTS: Final = "tests/plugins/"
_LITERAL: Final = r'"(?:[^"\\\n]|\\.)*"|`[^`]*`'
_FORM: Final = re.compile(rf'^\t\t"[^"]+":\s+({_LITERAL}),', re.MULTILINE)
_SAMPLE: Final = re.compile(r'GenerateSampleSecret(s?)\("([^"]+)",\s*(.+)\)')
_PART: Final = re.compile(rf'({_LITERAL})|secrets\.NewSecret\(utils\.(\w+)\("?([\d,]*)"?\)\)')
_ALPHABETS: Final = {
    "Numeric": "digits",
    "Hex": "hex",
    "AlphaNumeric": "alnum",
    "AlphaNumericExtendedShort": "base64url",
    "AlphaNumericExtended": "base64url",
    "AlphaNumericExtendedLong": "base64",
}
_TOKEN: Final = re.compile(r"[\w.+/-]{16,}={0,2}")


def families(repository: Path) -> list[Family]:
    """The families of a scanner, at the commit that is checked out; held out by their names as ours are.

    Raises:
        ValueError: it is the repository of no scanner that is known here.
    """
    source = f"{repository.name} {_git(repository, 'rev-parse', 'HEAD').strip()}"
    listed = _git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    for scanner, samples in _SCANNERS.items():
        if found := samples(repository, listed):
            return [_family(f"{scanner}-{group}", source, lines) for group, lines in sorted(found.items()) if lines]
    raise ValueError(f"{repository} holds the samples of none of {', '.join(_SCANNERS)}")


def _family(name: str, source: str, lines: list[str]) -> Family:
    body = "\n".join(f"=== text: {number}\n{line}" for number, line in enumerate(lines, 1))
    return Family(name, "samples of another scanner", source, is_held_out(name), body)


def _gitleaks(repository: Path, listed: list[str]) -> dict[str, list[str]]:
    """By the first letter of the file of the rule."""
    files = [path for path in listed if path.startswith(_RULES) and path.endswith(".go")]
    if not files:
        return {}
    forms = [_text(literal) for literal in _FORM.findall(_show(repository, _SAMPLE_FORMS))]
    groups: dict[str, list[str]] = {group: [] for group in ("a-c", "d-f", "g-k", "l-o", "p-r", "s", "t-z")}
    for path in files:
        letter = max("a", path.removeprefix(_RULES)[0])
        group = next(group for group in groups if group[0] <= letter <= group[-1])
        for many, name, expression in _SAMPLE.findall(_show(repository, path)):
            if value := _value(expression):
                used = forms if many else ['{i}_api_token = "{s}"']
                groups[group] += [_filled(form, name, value) for form in used]
    return groups


def _filled(form: str, name: str, value: str) -> str:
    return form.replace("{i}", name).replace("{I}", name.upper()).replace("{s}", f"⟪{value}⟫")


def _value(expression: str) -> str:
    """A template for what the expression builds from literals and alphabets; empty if it builds it otherwise."""
    parts = _PART.findall(expression)
    if re.sub(r"[\s+,.)]", "", _PART.sub("", expression)):
        return ""
    return "".join(_text(literal) if literal else _random(kind, size) for literal, kind, size in parts)


def _random(kind: str, size: str) -> str:
    return f"⟦{_ALPHABETS[kind]}:{size.rsplit(',', maxsplit=1)[-1]}⟧" if kind in _ALPHABETS else "⟦uuid⟧"


def _text(literal: str) -> str:
    return str(json.loads(literal)) if literal[0] == '"' else literal[1:-1]


def _detect_secrets(repository: Path, listed: list[str]) -> dict[str, list[str]]:
    """By plugin, the keywords apart from the tokens."""
    groups: dict[str, list[str]] = {"keywords": [], "tokens": []}
    for path in (path for path in listed if path.startswith(_PLUGIN_TESTS) and path.endswith("_test.py")):
        tree = ast.parse(_show(repository, path))
        if path.endswith("keyword_test.py"):
            groups["keywords"] += dict.fromkeys(_keyword_lines(tree))
        elif not path.endswith(("entropy_strings_test.py", "ip_public_test.py", "base_test.py")):
            groups["tokens"] += dict.fromkeys(_token_lines(tree))
    return {group: lines for group, lines in groups.items() if lines}


def _keyword_lines(tree: ast.Module) -> Iterator[str]:
    """Of the pairs `('password = "{}"'.format(SECRET), SECRET)`, each line with its secret marked."""
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[ast.Call(func=ast.Attribute(value=ast.Constant(value=str(line)))), ast.Name(id=name)]):
                yield line.format(f"⟪{constants[name]}⟫")


def _token_lines(tree: ast.Module) -> Iterator[str]:
    """Of the parameters of a test, the strings that are a token as a whole and are meant to be found."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) == 2):
        if ast.unparse(call.func) == "pytest.mark.parametrize" and isinstance(call.args[1], ast.List):
            for one in call.args[1].elts:
                match one:
                    case (
                        ast.Constant(value=str(text))
                        | ast.Tuple(elts=[ast.Constant(value=str(text)), ast.Constant(value=True)])
                    ):
                        if _TOKEN.fullmatch(text) and "://" not in text:
                            yield f"⟪{text}⟫"


_SCANNERS: Final[dict[str, Callable[[Path, list[str]], dict[str, list[str]]]]] = {
    "gitleaks": _gitleaks,
    "detect-secrets": _detect_secrets,
}


def _show(repository: Path, path: str) -> str:
    return _git(repository, "show", f"HEAD:{path}")


def _git(repository: Path, *arguments: str) -> str:
    ended = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True)
    return ended.stdout
