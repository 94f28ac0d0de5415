"""README, the request models and the database agree with the one module of limits."""

import re
import sqlite3
from typing import Any

from runtally.domain import limits
from runtally.mcp_server.tools.registry import TOOLS
from tests.guards import readme

CONSTANTS = {name: value for name, value in vars(limits).items() if name.isupper()}
PAYLOAD = {"anyOf": [{"type": "object"}, {"type": "string"}]}
JSON_OBJECT = {"type": "object"}
OF_JSON: dict[str, Any] = {"JSON_BYTES": JSON_OBJECT, "JSON_DEPTH": JSON_OBJECT, "PAYLOAD_BYTES": PAYLOAD}
"""The constants that bound JSON, each with the schema of the arguments it is of."""
OF_CHARACTERS = ("NAME_CHARS", "TICKET_CHARS", "IDENTIFIER_CHARS", "TEXT_CHARS", "ERROR_CHARS")

AT_THE_DOOR = {
    "ticket": limits.TICKET_CHARS,
    **dict.fromkeys(("task_id", "error_type", "tool_name", "server", "client"), limits.NAME_CHARS),
    **dict.fromkeys(("session_id", "model", "provider", "name", "follows_act_id"), limits.IDENTIFIER_CHARS),
    **dict.fromkeys(("host_thread_id", "host_call_id", "host_model"), limits.IDENTIFIER_CHARS),
    **dict.fromkeys(("intent", "summary", "prompt_preview"), limits.TEXT_CHARS),
    "error": limits.ERROR_CHARS,
}
COLUMNS = {
    "project_key": limits.PROJECT_KEY_CHARS,
    # Part of a key or an index, of which Postgres takes 2,704 bytes.
    "scope": 256,
    **dict.fromkeys(("agent", "label"), 4 * limits.NAME_CHARS),
    **dict.fromkeys(("conversation_id", "user_id", "host_session_id"), 2 * limits.IDENTIFIER_CHARS),
    **dict.fromkeys(("span_id", "parent_span_id"), 2 * limits.IDENTIFIER_CHARS),
    **dict.fromkeys(("fingerprint", "receipt_key"), 64),
    # Of a problem: Runtally's own words.
    **dict.fromkeys(("door", "reference"), 32),
    "tool": limits.NAME_CHARS,
    # Redaction makes a text longer where a marker is longer than the secret.
    **{column: 8 * limit for column, limit in AT_THE_DOOR.items()},
}
OF_FIXED_LENGTH = {
    **dict.fromkeys(("run_id", "report_id", "failure_id", "parent_run_id", "corrects", "problem_id"), 36),
    "trace_id": 32,
    "trace_span_id": 16,
    "random_key": 64,
    "key_hash": 64,
}
BOUNDED_ELSEWHERE = {
    "project_key": "by the row that it refers to, or by the caller",
    "run_id": "by the row that it refers to",
    "input": "cut before it is stored",
    "output": "cut before it is stored",
    **dict.fromkeys(("key_id", "projects", "operation", "priced_by", "end_reason"), "made by Runtally itself"),
}


def fields() -> list[tuple[str, dict[str, Any]]]:
    """Every argument of every tool by name, nested ones too, with its whole schema: a client is shown less of it."""
    found = []
    for tool in TOOLS:
        schema = tool.request.model_json_schema(by_alias=False)
        for model in (schema, *schema.get("$defs", {}).values()):
            for name, field in model.get("properties", {}).items():
                kinds = [one for one in field.get("anyOf", [field]) if one != {"type": "null"}]
                kind = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
                found.append((name, {key: value for key, value in kind.items() if key not in ("title", "default")}))
    # An object of known fields; core_end_run refers to them in words.
    return [(name, field) for name, field in found if (name, field) != ("token_usage", JSON_OBJECT)]


def test_every_limit_is_in_the_readme_with_its_value() -> None:
    rows = readme.table("Limits", "What")
    told = {name: row["Limit"] for row in rows for name in readme.names(row["Constant"])}
    assert sorted(told) == sorted(CONSTANTS), "README's limits table has one row for each constant of domain/limits.py"
    for name, value in CONSTANTS.items():
        shown = f"`{value}`" if isinstance(value, str) else f"{value:,}"
        assert re.match(rf"{re.escape(shown)}(?![\d,.])", told[name]), (
            f"README has {told[name]} for {name}, not {shown}"
        )


def test_the_readme_lists_the_arguments_that_each_limit_is_of() -> None:
    rows = readme.table("Limits", "What")
    told = {(readme.names(row["Constant"])[0], name) for row in rows for name in readme.names(row["What"])}
    for constant in (*OF_CHARACTERS, *OF_JSON):
        rule = OF_JSON.get(constant, CONSTANTS[constant])
        seen = {name for name, field in fields() if rule in (field, field.get("maxLength"))}
        ours = {name for row, name in told if row == constant}
        assert ours == seen, f"README's row of {constant} must list {sorted(seen)}"


def test_every_argument_with_a_length_has_a_length_from_the_limits() -> None:
    known = {None, *(CONSTANTS[name] for name in OF_CHARACTERS)}
    own = [(name, field["maxLength"]) for name, field in fields() if field.get("maxLength") not in known]
    assert not own, f"use the limits of domain/limits.py: {own}"


def test_every_length_in_the_database_follows_from_a_limit(fresh: sqlite3.Connection) -> None:
    for (sql,) in fresh.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"):
        table = re.match(r"CREATE TABLE (\w+)", sql)[1]
        checks = re.findall(r"length\((\w+)\) (<=|=|BETWEEN \d+ AND) (\d+)", sql)
        for column, relation, length in checks:
            rule = OF_FIXED_LENGTH if relation == "=" else COLUMNS
            assert rule.get(column) == int(length), f"{table}.{column}: the CHECK must say {rule.get(column)}"
        unchecked = {name for name, rest in _text_columns(sql) if not re.search(r"json_valid|'", rest)}
        unchecked -= {column for column, *_ in checks} | BOUNDED_ELSEWHERE.keys()
        assert not unchecked or table == "schema_migrations", f"{table} needs a CHECK of the length of {unchecked}"


def test_totals_in_the_database_stay_exact(fresh: sqlite3.Connection) -> None:
    sql = fresh.execute("SELECT sql FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    bounds = re.findall(r"BETWEEN 0 AND (\d+)", sql)
    assert bounds, "the totals of a run need an upper bound"
    assert set(bounds) == {str(limits.COUNT_MAX)}


def _text_columns(sql: str) -> list[tuple[str, str]]:
    """(name, the rest of the definition) of each column of texts."""
    return re.findall(r"^    ([a-z_]+) +(TEXT.*(?:\n {8,}.*)*)", sql, re.MULTILINE)
