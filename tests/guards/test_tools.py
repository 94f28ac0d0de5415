"""What a model pays for and decides by stays small, complete and known: names, descriptions, schemas, annotations."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runtally.mcp_server.tools.registry import TOOLS
from tests.guards import readme
from tests.guards.conftest import Snapshots

TOKENS_OF_ALL_TOOLS = 1_750
CHARS_OF_THE_LIST = 32_000
CHARS_OF_A_DESCRIPTION = 600
WORDS_OF_THE_INSTRUCTIONS = 150
CHARS_PER_TOKEN = 4

SEEN_BY_A_MODEL = ("name", "description", "inputSchema")
KEPT = (*SEEN_BY_A_MODEL, "outputSchema", "annotations", "_meta")
ANNOTATIONS = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
SAYS_WHO_ASKS = {"caller", "role", "scope", "projects", "tenant", "workspace", "workspace_id", "api_key", "token"}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def arguments(schema: dict[str, Any]) -> set[str]:
    """Every name that may be sent, at any depth."""
    own = schema.get("properties", {})
    return set(own).union(*(arguments(field.get("items", field)) for field in own.values()))


def test_each_tool_is_as_it_was_accepted(tools: list[dict[str, Any]], snapshots: Snapshots) -> None:
    for tool in tools:
        kept = json.dumps({key: tool[key] for key in KEPT if key in tool}, ensure_ascii=False, indent=2)
        snapshots.check(f"{tool['name']}.json", kept + "\n")
    snapshots.check_nothing_else({f"{tool['name']}.json" for tool in tools} | {"schema.sqlite.sql"})


def test_what_a_model_sees_of_all_tools_keeps_to_its_budget(
    tools: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {tool["name"]: len(compact({key: tool[key] for key in SEEN_BY_A_MODEL})) for tool in tools}
    tokens = sum(sizes.values()) / CHARS_PER_TOKEN
    with capsys.disabled():
        print(f"[tools: {tokens:,.0f} of {TOKENS_OF_ALL_TOOLS:,} tokens]", end=" ")
    assert tokens <= TOKENS_OF_ALL_TOOLS, f"shorten descriptions or schemas; characters by tool: {sizes}"


def test_the_whole_list_and_the_instructions_keep_to_their_budgets(greeting: dict[str, Any]) -> None:
    assert len(compact(greeting["tools"])) <= CHARS_OF_THE_LIST
    assert len(greeting["instructions"].split()) <= WORDS_OF_THE_INSTRUCTIONS


def test_every_description_begins_with_when_to_call_the_tool(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        assert tool["description"].startswith("Call "), f"{tool['name']}: begin with when to call it: Call …"
        assert len(tool["description"]) <= CHARS_OF_A_DESCRIPTION, f"{tool['name']}: cut the description"


def test_every_tool_has_all_annotations_and_they_are_true_to_what_it_does(tools: list[dict[str, Any]]) -> None:
    for tool, ours in zip(tools, TOOLS, strict=True):
        hints = {key: value for key, value in tool["annotations"].items() if key in ANNOTATIONS}
        assert hints.keys() == ANNOTATIONS, f"{tool['name']}: say all of {sorted(ANNOTATIONS)}"
        assert hints["readOnlyHint"] is not ours.writes
        assert hints["idempotentHint"] or ours.writes, f"{tool['name']} reads, so calling it again changes nothing"
        assert not hints["destructiveHint"], f"{tool['name']}: nothing that is recorded is ever destroyed by a tool"
        assert not hints["openWorldHint"], f"{tool['name']}: no tool reaches beyond the database"


def test_no_argument_says_who_is_asking(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        named = arguments(tool["inputSchema"]) & SAYS_WHO_ASKS
        assert not named, f"{tool['name']}: the caller comes from the environment or a credential, not from {named}"


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema, and every schema in it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *filter(None, [schema.get("items")])]
    for node in inner:
        yield from nodes(node)


def test_a_client_that_validates_refuses_no_more_than_the_server_does(tools: list[dict[str, Any]]) -> None:
    """The server understands others' names and words, and itself refuses those that it does not."""
    for tool in tools:
        for node in nodes(tool["inputSchema"]):
            assert not node.keys() & {"enum", "const", "additionalProperties", "pattern"}, f"{tool['name']}: {node}"


def test_every_node_of_a_schema_has_one_type(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        for node in nodes(tool["inputSchema"]):
            assert "anyOf" in node or isinstance(node.get("type"), str), f"{tool['name']}: {node}"


def choices(model: dict[str, Any], schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """The path and the values of every argument that has but a few."""
    for option in (schema, *schema.get("anyOf", ())):
        found = model["$defs"][option["$ref"].rpartition("/")[2]] if "$ref" in option else option
        if "enum" in found:
            yield path, found["enum"]
        if "items" in found:
            yield from choices(model, found["items"], path)
        for name, field in found.get("properties", {}).items():
            yield from choices(model, field, f"{path}.{name}".lstrip("."))


def test_what_is_told_of_an_argument_names_all_its_values() -> None:
    for tool in TOOLS:
        model = tool.request.model_json_schema(by_alias=False)
        for path, values in choices(model, model):
            *first, last = values
            assert tool.arguments.get(path) == f"{', '.join(first)} or {last}", f"{tool.name}: tell what {path} may be"


def test_what_a_run_begins_and_ends_with_is_not_hidden_behind_a_search(tools: list[dict[str, Any]]) -> None:
    told = {tool["name"]: tool["_meta"] for tool in tools if "_meta" in tool}
    names = ("core_start_run", "core_end_run", "core_record_failure")
    assert told == {name: {"anthropic/alwaysLoad": True} for name in names}


def test_every_tool_takes_and_answers_a_project_key(tools: list[dict[str, Any]]) -> None:
    for tool in tools:
        assert "project_key" in tool["inputSchema"]["properties"], f"{tool['name']}: let a caller name its project"
        assert "project_key" in tool["outputSchema"]["required"], f"{tool['name']}: answer with the project_key it used"


def test_the_readme_lists_every_tool_with_its_arguments(tools: list[dict[str, Any]]) -> None:
    rows = readme.table("Tools", "Tool")
    assert [row["Tool"] for row in rows] == [f"`{tool['name']}`" for tool in tools], "README lists the tools in order"
    for row, tool, ours in zip(rows, tools, TOOLS, strict=True):
        required = tool["inputSchema"].get("required", [])
        names = tool["inputSchema"]["properties"]
        told = ", ".join(f"**`{name}`**" if name in required else f"`{name}`" for name in names)
        assert row["Arguments"] == told, f"README's row of {tool['name']}"
        assert row["Reads or writes"] == ("writes" if ours.writes else "reads")
        assert row["What it is for"]


REQUIRED_SINCE_0_2_0 = {
    "core_start_run": {"project_key", "run_id", "status", "created", "started_at", "totals"},
    "core_report_usage": {"project_key", "run_id", "status", "totals"},
    "core_end_run": {"project_key", "run_id", "status", "ended_at", "duration_ms", "totals"},
    "core_record_failure": {"project_key", "failure_id", "fingerprint", "seen", "first_seen_at"},
    "record_run": {"project_key", "run_id", "status"},
    "track_mcp": {"project_key", "span_id", "status"},
}
"""A receipt that 0.2.0 kept is still an answer: what its answers lacked can never be required. Never add to a line."""


def test_an_answer_that_was_kept_before_can_be_given_again(tools: list[dict[str, Any]]) -> None:
    required = {tool["name"]: set(tool["outputSchema"]["required"]) for tool in tools}
    for name, since in REQUIRED_SINCE_0_2_0.items():
        assert required[name] <= since, f"{name}: make these optional: {sorted(required[name] - since)}"
