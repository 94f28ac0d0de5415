"""SQL stays in .sql files; every query is described, used and within one project; migrations never change."""

import ast
import re
import sqlite3
from typing import Any, Literal, get_args

from runtally.domain import lifecycle
from runtally.domain.caller import Role
from runtally.domain.errors import Code
from runtally.storage import migrate, queries
from tests.guards.conftest import Snapshots
from tests.guards.source import PACKAGE, Module, modules, strings

RELEASED = {
    "0001_ledger": "3cfca6aeff7bcd51564d9d2332207967cf6dfcb013ed2d4aa7356c4465f4ca86",
    "0002_recent_problems": "be74f495c8b9caad4237ed61fe9fc8658d41258889f96e82b1bf9bc26887edaf",
    "0003_usage_attributes": "ec0943e1378efbfeaec081076e3b2b03df61fa9c34434528bd55b391d5f55688",
}
"""The SHA-256 of each migration. Append; never change the line of a released one."""

STATEMENT = re.compile(
    r"\b(?:SELECT\b[\s\S]*\bFROM|INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|REPLACE\s+INTO"
    r"|(?:CREATE|ALTER|DROP)\s+(?:UNIQUE\s+|TEMP\s+|VIRTUAL\s+)*(?:TABLE|INDEX|TRIGGER|VIEW))\b"
)
BEGINS_LIKE_A_STATEMENT = re.compile(
    r"\s*(?:select\s[\s\S]*\sfrom\s|insert\s+(?:or\s+\w+\s+)?into\s|update\s+\w+\s+set\s|delete\s+from\s"
    r"|with\s+\w+\s+as\s*\()",
    re.IGNORECASE,
)
CONTROL = re.compile(r"(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|VACUUM|ATTACH)\b")

ACROSS_PROJECTS = {
    "count_wrong_totals": "for the person who owns the file; only doctor runs it",
    "count_runs": "for the person who owns the file; only doctor runs it",
    "insert_access_key": "keys are what callers are made of",
    "find_access_key": "keys are what callers are made of",
    "list_access_keys": "keys are what callers are made of",
    "has_access_key": "keys are what callers are made of",
    "revoke_access_key": "keys are what callers are made of",
    "insert_problem": "what is wrong with a file or a host belongs to no project",
    "delete_older_problems": "what is wrong with a file or a host belongs to no project",
    "list_recent_problems": "for the person who owns the file; only doctor runs it",
    "insert_migration": "the schema belongs to no project",
    "find_projects_having_run": "where a run_id alone is, for a caller that is bound to no project",
    "find_given_projects_having_run": "where a run_id alone is, among the projects that the caller has",
    "list_projects": "whose stale runs to sweep",
    "find_random_key": "the random value is the whole database's",
    "list_checksums": "the schema belongs to no project",
    "has_tables": "the schema belongs to no project",
    "list_newer_migrations": "the schema belongs to no project",
}
WITHOUT_PROJECT = {"access_keys", "database_key", "recent_problems", "schema_migrations"}
CARRIED: dict[str, Literal["export and copy", "copy alone", "derived"]] = {
    "runs": "export and copy",
    "usage_reports": "export and copy",
    "spans": "export and copy",
    "failures": "export and copy",
    "failure_groups": "export and copy",
    "receipts": "copy alone",
    "database_key": "copy alone",
    "access_keys": "copy alone",
    "recent_problems": "copy alone",
    "projects": "derived",
    "schema_migrations": "derived",
}
"""What takes a table's rows into another database. A copy is the same ledger elsewhere, with its keys; an export is for
people and other programs; what is derived is made anew from the rest.
"""


def test_no_sql_statement_stands_in_python() -> None:
    found = [
        f"src/runtally/{module.name}:{line}: {text.strip()[:60]!r}"
        for module in modules()
        for line, text in strings(module)
        if STATEMENT.search(text) or BEGINS_LIKE_A_STATEMENT.match(text)
    ]
    assert not found, "move these statements to src/runtally/storage/sql/*.sql:\n" + "\n".join(found)


def test_only_storage_controls_transactions() -> None:
    found = [
        f"src/runtally/{module.name}:{line}: {text[:60]!r}"
        for module in modules()
        if not module.name.startswith("storage/")
        for line, text in strings(module)
        if CONTROL.match(text)
    ]
    assert not found, "leave transactions and pragmas to storage:\n" + "\n".join(found)


def test_one_file_alone_knows_aiosqlite() -> None:
    found = [
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and "aiosqlite" in ast.unparse(node)
    ]
    assert found == ["storage/connection_thread.py"], "its private parts are used there, pinned to one minor version"


def test_every_query_is_named_once_and_described() -> None:
    for file in sorted((PACKAGE / "storage" / "sql").glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        heads = re.findall(r"^-- name: (\w+)\n(.*)$", text, re.MULTILINE)
        assert len(heads) == text.count("-- name:"), f"{file.name}: a block begins `-- name: one_word`"
        for name, description in heads:
            assert re.match(r"-- \w.{10,}", description), f"{file.name}: say in a comment under {name} what it is for"
            assert name in queries.load(), f"{file.name}: {name} is not read as a query; compare it with its neighbours"


def test_every_query_is_used_and_every_used_query_exists() -> None:
    used = {name for module in modules() if module.name.startswith("storage/") for name in _queries_of(module)}
    known = set(queries.load())
    assert used <= known, f"storage names queries that no .sql file has: {sorted(used - known)}"
    assert known <= used, f"nothing uses these queries, delete them: {sorted(known - used)}"


def test_every_query_keeps_to_one_project() -> None:
    for name, query in queries.load().items():
        sql = " ".join(line for line, needs in query.lines if needs is None)
        scoped = re.search(r"project_key = :project_key|VALUES\s*\(\s*:project_key\b", sql)
        assert scoped or name in ACROSS_PROJECTS, f"{name} must be scoped by `project_key = :project_key`"
        assert not (scoped and name in ACROSS_PROJECTS), f"{name} is scoped; take it off ACROSS_PROJECTS"


def test_no_query_matches_patterns() -> None:
    """The time of LIKE and GLOB is the product of both lengths, and what is looked for comes from outside."""
    slow = [name for name, query in queries.load().items() for line, _ in query.lines if re.search(r"LIKE|GLOB", line)]
    assert not slow, f"look for a substring with instr: {slow}"


def test_every_table_begins_with_the_project(fresh: sqlite3.Connection) -> None:
    tables = [name for (name,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in set(tables) - WITHOUT_PROJECT:
        key = {place: column for _, column, *_, place in fresh.execute(f"PRAGMA table_info({table})")}
        assert key.get(1) == "project_key", f"the primary key of {table} must begin with project_key"


def test_every_table_is_declared_to_be_carried_along_or_derived(fresh: sqlite3.Connection) -> None:
    tables = {name for (name,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == CARRIED.keys(), "say in CARRIED what takes the rows of a new table along"


VOCABULARIES: dict[str, Any] = {
    "runs.status": lifecycle.RunStatus,
    "runs.ended_by": lifecycle.EndedBy,
    "usage_reports.source": lifecycle.ReportSource,
    "usage_reports.basis": lifecycle.Basis,
    "usage_reports.cost_source": lifecycle.CostSource,
    "spans.kind": lifecycle.SpanKind,
    "spans.status": lifecycle.SpanStatus,
    "failures.source": lifecycle.FailureSource,
    "access_keys.role": Role,
    "recent_problems.code": Code,
}


def test_every_vocabulary_of_the_database_is_that_of_the_domain(fresh: sqlite3.Connection) -> None:
    tables = fresh.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    of_one_column = r"CHECK \(\s*((\w+) (?:IN \((?:'\w+'(?:, )?)+\)|= '\w+'(?:\s+OR \2 = '\w+')+))\s*\)"
    kept = {
        f"{table}.{column}": set(re.findall(r"'(\w+)'", words))
        for table, sql in tables
        for words, column in re.findall(of_one_column, sql)
    }
    assert kept == {name: set(get_args(words)) for name, words in VOCABULARIES.items()}


INDEXED = {"status", "agent", "label", "user_id", "ticket", "parent_run_id", "conversation_id"}
"""By what runs are listed without a look at any other."""


def test_no_query_of_the_ledger_looks_through_a_whole_table(fresh: sqlite3.Connection) -> None:
    for name, query in queries.load().items():
        if name in ACROSS_PROJECTS:
            continue
        optional = [needs for _, needs in query.lines if needs]
        for given in [*({one} for one in optional), set()]:
            sql = query.sql({needs: 1 if needs in given else None for needs in optional})
            params = dict.fromkeys(re.findall(r":([a-z_]\w*)", sql))
            plan = [step for *_, step in fresh.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
            scans = [
                step for step in plan if step.startswith("SCAN") and "usage_sums" not in step and step != "SCAN chain"
            ]
            assert not scans, f"{name} with {given or 'nothing'} looks through everything: {plan}"
            if given & INDEXED:
                assert "runs_newest" not in plan[0], f"{name} has no index for {given}: {plan}"


def test_what_took_the_place_of_a_report_is_found_without_reading_its_run(fresh: sqlite3.Connection) -> None:
    for name, query in queries.load().items():
        sql = query.sql({needs: 1 for _, needs in query.lines if needs})
        params = dict.fromkeys(re.findall(r":([a-z_]\w*)", sql))
        plan = [step for *_, step in fresh.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
        slow = [step for step in plan if step.startswith("SEARCH correction ") and "corrects=?" not in step]
        assert not slow, f"{name} reads every report of a run: {plan}"


def test_released_migrations_never_change() -> None:
    seen = {f"{one.version:04d}_{one.name}": one.checksum for one in migrate.released("sqlite")}
    told = "a released migration never changes: add a file; write a new one, or one no release has, into RELEASED"
    assert seen == RELEASED, f"{told}; now they are {seen}"
    versions = [one.version for one in migrate.released("sqlite")]
    assert versions == list(range(1, len(seen) + 1)), "number migrations without gaps"


def test_a_fresh_database_has_the_accepted_schema(fresh: sqlite3.Connection, snapshots: Snapshots) -> None:
    statements = fresh.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name")
    snapshots.check("schema.sqlite.sql", "".join(f"{sql};\n\n" for (sql,) in statements))


def _queries_of(module: Module) -> set[str]:
    """The names that stand where a query is named: the first argument of a verb, or the key of `load()[…]`."""
    verbs = ("execute", "execute_many", "fetch_one", "fetch_all")
    found = set()
    for node in ast.walk(module.tree):
        named: ast.expr | None = None
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in verbs and node.args:
            named = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("load()"):
            named = node.slice
        if isinstance(named, ast.Constant) and isinstance(named.value, str) and re.fullmatch(r"[a-z_]+", named.value):
            found.add(named.value)
    return found
