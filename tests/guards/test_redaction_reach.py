"""No text reaches the database past redaction: every field is free text, a name or a known id, and bytes prove it."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import anyio
import pytest
from pydantic import BaseModel

from runtally import bootstrap
from runtally.domain.caller import Origin
from runtally.domain.fields import FreeText, IsName
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME, TOOLS
from runtally.settings import Settings

NEITHER = {"project_key", "run_id", "parent_run_id", "corrects", "idempotency_key", "cursor"}
"""UUIDs, what is refused where it looks like a secret, and what is kept as a keyed hash or not at all."""

FieldPath = tuple[str, ...]


Mark = type[FreeText | IsName] | None


def marked(metadata: Any) -> Mark:
    return next((type(one) for one in metadata if isinstance(one, FreeText | IsName)), None)


def leaves(annotation: Any, mark: Mark = None) -> Iterator[tuple[Any, Mark]]:
    """Every type that an annotation is made of, and whether it is marked as free text or as a name."""
    metadata = getattr(annotation, "__metadata__", ())
    mark = mark or marked(metadata)
    inner = [annotation.__origin__] if metadata else get_args(annotation)
    if not inner or get_origin(annotation) in (Literal, dict):
        yield annotation, mark
        return
    for part in inner:
        yield from leaves(part, mark)


def fields(model: type[BaseModel], path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any, Mark]]:
    """Every field of a request, nested ones too: its path, its type, and whether it is free text or a name."""
    for name, field in model.model_fields.items():
        for kind, mark in leaves(field.annotation, marked(field.metadata)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from fields(kind, (*path, name))
            else:
                yield (*path, name), kind, mark


def holds_text(kind: Any) -> bool:
    return kind in (str, Any, dict, list) or get_origin(kind) in (dict, list)


def test_every_text_of_every_request_is_free_text_or_a_name_or_known_as_neither() -> None:
    for tool in TOOLS:
        for path, kind, mark in fields(tool.request):
            if holds_text(kind):
                told = f"{tool.name}: mark {'.'.join(path)} as FreeText or IsName, or add it to NEITHER"
                assert (mark is None) is (path[-1] in NEITHER), told


def secret_for(tool: str, path: FieldPath) -> str:
    """An invented token, one for each field."""
    return "ghp_" + hashlib.sha256("/".join((tool, *path)).encode()).hexdigest()[:36]


def filled(kind: Any, mark: Mark, secret: str) -> Any:
    """A value of the type with the secret in it; in JSON as a value, in a list and as a key."""
    if mark is IsName:
        return f"a {secret}"
    if kind is str:
        return f"it said {secret} and stopped"
    return {"note": secret, "list": [{"deeper": f"then {secret}"}], f"key {secret}": 1}


def request_with_secrets(tool: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The given arguments and a secret in every other text of the tool, and those secrets."""
    arguments: dict[str, Any] = dict(given)
    secrets = []
    for path, kind, mark in fields(BY_NAME[tool].request):
        if mark is None or path == ("message",):  # which stands for a summary or an error
            continue
        secrets.append(secret_for(tool, path))
        *outer, name = path
        box = arguments
        for step in outer:
            box = box.setdefault(step, [{}] if step == "traces" else {})
            box = box[0] if isinstance(box, list) else box
        box[name] = filled(kind, mark, secrets[-1])
    if "traces" in arguments:
        secrets.append(secret_for(tool, ("traces", "a key of its own")))
        arguments["traces"][0]["a_key_of_its_own"] = {"inside": secrets[-1]}
    return arguments, secrets


async def record_everything(database: Path, *, redact: bool) -> list[str]:
    """Call every tool that writes with a secret in every text, and from where one is; the secrets."""
    settings = Settings(database=database, projects=("guards",), redact=redact)
    ledger = bootstrap.open_ledger(settings)
    secrets: list[str] = []
    run: dict[str, Any] = {}
    given = {"core_end_run": {"status": "completed"}}
    for tool in (tool for tool in TOOLS if tool.writes):
        known = run if "run_id" in tool.request.model_fields and tool.name != "core_start_run" else {}
        arguments, added = request_with_secrets(tool.name, given.get(tool.name, {}) | known)
        origin = Origin(*(secret_for(tool.name, (field,)) for field in Origin._fields))
        origin = origin._replace(trace_id="a" * 32, trace_span_id="b" * 16)
        added += [told for told in origin if told and told.startswith("ghp_")]
        request = parse(tool.request, arguments)
        answer = await ledger.write(tool.method, bootstrap.caller_of(settings), request, origin)
        if tool.name == "core_start_run":
            run = {"run_id": answer.model_dump()["run_id"]}
        secrets += added
    await ledger.close()
    return secrets


def bytes_of(database: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(database.parent.glob(f"{database.name}*")))


@pytest.mark.parametrize("redact", [True, False])
def test_a_secret_in_any_text_is_in_the_file_only_where_redaction_is_off(redact: bool, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    secrets = anyio.run(lambda: record_everything(database, redact=redact))
    kept = bytes_of(database)
    found = {secret for secret in secrets if secret.encode() in kept}
    assert found == (set() if redact else set(secrets))
    assert (b"[REDACTED:github_token]" in kept) is redact
    assert (b"[REDACTED:github_token:" in kept) is redact
    assert len(secrets) > 60, "the walk over the requests finds too little"
