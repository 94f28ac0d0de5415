"""No text reaches the database past redaction: every field is free text or a known identifier, and bytes prove it."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import anyio
import pytest
from pydantic import BaseModel

from runtally import bootstrap
from runtally.domain.fields import FreeText
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME, TOOLS
from runtally.settings import Settings

IDENTIFIERS = {
    "project_key", "run_id", "parent_run_id", "follows_act_id", "span_id", "parent_span_id", "idempotency_key",
    "cursor", "corrects", "agent", "agent_id", "agent_name", "label", "ticket", "task_id", "error_type", "name", "tool",
    "tool_name", "server", "client", "user", "user_id", "conversation_id", "session_id", "model", "provider",
}  # fmt: skip
"""What something is called: stored as it comes, because people look things up by it."""

FieldPath = tuple[str, ...]


def leaves(annotation: Any, *, free: bool = False) -> Iterator[tuple[Any, bool]]:
    """Every type that an annotation is made of, and whether it is marked as free text."""
    metadata = getattr(annotation, "__metadata__", ())
    free = free or any(isinstance(mark, FreeText) for mark in metadata)
    inner = [annotation.__origin__] if metadata else get_args(annotation)
    if not inner or get_origin(annotation) in (Literal, dict):
        yield annotation, free
        return
    for part in inner:
        yield from leaves(part, free=free)


def fields(model: type[BaseModel], path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any, bool]]:
    """Every field of a request, nested ones too: its path, its type, and whether it is free text."""
    for name, field in model.model_fields.items():
        free = any(isinstance(mark, FreeText) for mark in field.metadata)
        for kind, is_free in leaves(field.annotation, free=free):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from fields(kind, (*path, name))
            else:
                yield (*path, name), kind, is_free


def holds_text(kind: Any) -> bool:
    return kind in (str, Any, dict, list) or get_origin(kind) in (dict, list)


def test_every_text_of_every_request_is_free_text_or_a_known_identifier() -> None:
    for tool in TOOLS:
        for path, kind, free in fields(tool.request):
            if holds_text(kind):
                told = f"{tool.name}: mark {'.'.join(path)} as FreeText, or add it to IDENTIFIERS if it names something"
                assert free is not (path[-1] in IDENTIFIERS), told


def secret_for(tool: str, path: FieldPath) -> str:
    """An invented token, one for each field."""
    return "ghp_" + hashlib.sha256("/".join((tool, *path)).encode()).hexdigest()[:36]


def filled(kind: Any, secret: str) -> Any:
    """A value of the type with the secret in it; in JSON as a value, in a list and as a key."""
    if kind is str:
        return f"it said {secret} and stopped"
    return {"note": secret, "list": [{"deeper": f"then {secret}"}], f"key {secret}": 1}


def request_with_secrets(tool: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The given arguments and a secret in every free field of the tool, and those secrets."""
    arguments: dict[str, Any] = dict(given)
    secrets = []
    for path, kind, free in fields(BY_NAME[tool].request):
        if not free or path == ("message",):  # which stands for a summary or an error
            continue
        secrets.append(secret_for(tool, path))
        *outer, name = path
        box = arguments
        for step in outer:
            box = box.setdefault(step, [{}] if step == "traces" else {})
            box = box[0] if isinstance(box, list) else box
        box[name] = filled(kind, secrets[-1])
    if "traces" in arguments:
        secrets.append(secret_for(tool, ("traces", "a key of its own")))
        arguments["traces"][0]["a_key_of_its_own"] = {"inside": secrets[-1]}
    return arguments, secrets


async def record_everything(database: Path, *, redact: bool) -> list[str]:
    """Call every tool that writes with a secret in every free field; the secrets."""
    settings = Settings(database=database, projects=("guards",), redact=redact)
    ledger = bootstrap.open_ledger(settings)
    secrets: list[str] = []
    run: dict[str, Any] = {}
    given = {
        "core_end_run": {"status": "completed"},
        "record_run": {"agent": "an agent"},
        "track_mcp": {"tool": "a tool"},
    }
    for tool in (tool for tool in TOOLS if tool.writes):
        known = run if "run_id" in tool.request.model_fields and tool.name != "core_start_run" else {}
        arguments, added = request_with_secrets(tool.name, given.get(tool.name, {}) | known)
        answer = await ledger.write(tool.method, bootstrap.caller_of(settings), parse(tool.request, arguments))
        if tool.name == "core_start_run":
            run = {"run_id": answer.model_dump()["run_id"]}
        secrets += added
    await ledger.close()
    return secrets


def bytes_of(database: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(database.parent.glob(f"{database.name}*")))


@pytest.mark.parametrize("redact", [True, False])
def test_a_secret_in_any_free_field_is_in_the_file_only_where_redaction_is_off(redact: bool, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    secrets = anyio.run(lambda: record_everything(database, redact=redact))
    kept = bytes_of(database)
    found = {secret for secret in secrets if secret.encode() in kept}
    assert found == (set() if redact else set(secrets))
    assert (b"[REDACTED:github_token]" in kept) is redact
    assert len(secrets) > 20, "the walk over the requests finds too little"
