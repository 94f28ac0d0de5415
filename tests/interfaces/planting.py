"""Secrets in every string that can be sent, each its own, and a search for them in every byte that is kept."""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from runtally.domain.fields import IsName
from runtally.domain.meant import names_of
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.mcp_server.tools.tool import AnyTool
from runtally.service.names import is_marked, mentions
from tests.contract.minimal import MINIMAL
from tests.guards.source import modules, strings

CORE = "1BYTEsearchFORthis1"
"""Part of every token and of every password."""
TOKEN = re.compile(rf"ghp_{CORE}[0-9a-f]{{20}}")
LONG = "the quick brown fox jumps over the lazy dog " * 2_000

Arguments = dict[str, Any]


def token(place: str) -> str:
    """A token of known shape, one for each place."""
    return f"ghp_{CORE}{sha256(place.encode()).hexdigest()[:20]}"


def password(place: str) -> str:
    """What only its name gives away."""
    return f"Hx{CORE}{sha256(place.encode()).hexdigest()[:8]}"


def planted_object(place: str) -> Arguments:
    """JSON with secrets as values, in a list, as a key, in text, and under names that say so."""
    return {
        "note": f"it said {token(place)}",
        "list": [{"deeper": token(f"{place} list")}, token(f"{place} item")],
        token(f"{place} key"): 1,
        "DB_PASSWORD": password(place),
        "env": [{"name": "API_TOKEN", "value": password(f"{place} env")}],
        "log": f"password={password(f'{place} log')}",
    }


def variants(place: str) -> Iterator[tuple[str, Any]]:
    """What a caller may send in one place, right or wrong."""
    yield "text", f"a {token(f'{place} text')}"
    yield "object", planted_object(f"{place} object")
    yield "JSON text", json.dumps(planted_object(f"{place} JSON text"))
    yield "list", [f"a {token(f'{place} list')}", planted_object(f"{place} in list")]
    yield "long", planted_object(f"{place} long") | {"filling": LONG}


_IN_NAMES = {"text", "object", "list"}
"""In a name only what has a shape is a secret."""


def calls(run_id: str, *, in_words_of_others: bool = False) -> Iterator[tuple[str, Arguments]]:
    """Every tool with every argument planted, one at a time, by every name: the tool and its arguments. Words of others
    are those that any of their dialects has, whether or not it has them there.
    """
    for tool in BY_NAME.values():
        least = MINIMAL[tool.name] | ({"run_id": run_id} if "run_id" in MINIMAL[tool.name] else {})
        for path, is_name in _paths_in(tool.request, ()):
            for variant, value in variants(f"{tool.name} {'.'.join(path)}"):
                if variant in _IN_NAMES or not is_name:
                    yield tool.name, _with(least, path, value)
        for path in _paths_of_others(tool) if in_words_of_others else ():
            yield tool.name, _with(least, path, f"a {token(f'{tool.name} {path}')}")
            if len(path) > 1:
                yield tool.name, _with(least, path, planted_object(f"{tool.name} {path}"))
        nobody = f"{tool.name} nobody"
        yield tool.name, least | {token(nobody): token(f"{nobody} value")}
        yield tool.name, {token(f"{nobody} alone"): planted_object(nobody)}


def _paths_in(model: type[BaseModel], before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every argument, and whether it is a name."""
    for field, info in model.model_fields.items():
        is_name = is_marked(info.metadata, IsName) or mentions(info.annotation, IsName) or info.annotation is str
        for name in names_of(field, info):
            yield (*before, name), is_name
        for inner in _models(info.annotation):
            yield from _paths_in(inner, (*before, field))


def _paths_of_others(tool: AnyTool) -> Iterator[tuple[str, ...]]:
    for word in sorted(_words_of_others()):
        yield (word,)
        if tool.name == "core_report_usage":
            yield ("token_usage", word)
            yield ("traces", word)
            yield ("traces", "attributes", word)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for one in get_args(annotation) for found in _models(one)]


def _words_of_others() -> set[str]:
    """What the translation of others' dialects knows by name."""
    dialects = [module for module in modules() if module.name.startswith("domain/dialects/")]
    words = {text for module in dialects for _, text in strings(module)}
    return {word for word in words if re.fullmatch(r"[A-Za-z_][\w.]{2,60}", word)}


def _with(least: Arguments, path: tuple[str, ...], value: Any) -> Arguments:
    arguments: Arguments = json.loads(json.dumps(least))
    box: Any = arguments
    for step in path[:-1]:
        if step == "traces":
            arguments.pop("token_usage", None)
            box = box.setdefault(step, [{"name": "a step"}])[0]
        else:
            box = box.setdefault(step, {})
    box[path[-1]] = value
    return arguments


def metas() -> Iterator[Arguments]:
    """What a request may say of its host."""
    told = ["traceparent", "sessionId", "threadId", "claudecode/toolUseId", "callId", "x-codex-turn-metadata"]
    for key in [*told, "progressToken", "tracestate", "baggage", "io.modelcontextprotocol/clientCapabilities"]:
        for variant, value in variants(f"_meta {key}"):
            if variant in _IN_NAMES:
                yield {key: value}
    turn = {"model": f"a {token('_meta model')}", "session": planted_object("_meta turn")}
    yield {"x-codex-turn-metadata": turn}
    yield {"x-codex-turn-metadata": json.dumps(turn)}
    yield {"io.modelcontextprotocol/clientInfo": client_info("_meta")}
    yield {"sessionId": "s" * 240 + " " + token("_meta cut session")}
    yield {token("_meta unknown"): planted_object("_meta unknown")}


def client_info(place: str) -> Arguments:
    told = {key: f"a {token(f'{place} {key}')}" for key in ("name", "version", "title", "description", "websiteUrl")}
    return told | {"icons": [{"src": f"https://a/{token(f'{place} icon')}"}]}


def messages() -> Iterator[tuple[str, Arguments]]:
    """Methods and their parameters, of which few are served."""
    yield "tools/call", {"name": token("unknown tool"), "arguments": planted_object("unknown tool")}
    yield "tools/call", {"name": planted_object("tool"), "arguments": token("arguments")}
    yield "tools/call", {"name": "list_runs", token("parameter"): planted_object("parameter")}
    yield "tools/list", {"cursor": token("cursor")}
    yield "resources/read", {"uri": f"runtally://{token('resource')}"}
    yield "resources/subscribe", {"uri": f"runtally://{token('subscription')}"}
    yield "resources/templates/list", {"cursor": token("templates")}
    yield "prompts/get", {"name": token("prompt"), "arguments": {token("prompt key"): token("prompt value")}}
    yield "completion/complete", {"ref": {"type": "ref/prompt", "name": token("ref")}, "argument": planted_object("c")}
    yield "logging/setLevel", {"level": token("level")}
    yield "server/discover", planted_object("discover")
    yield "subscriptions/listen", planted_object("listen")
    yield "ping", planted_object("ping")
    yield token("method"), planted_object("method")


def lines() -> Iterator[bytes]:
    """Lines that are no ordinary request: broken, of another shape, or of another place."""
    for method, params in messages():
        for request_id in (f"id {token(f'{method} id')}", 7, None, {"a": token(f"{method} id object")}):
            message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
            yield json.dumps(message).encode()
        yield json.dumps({"jsonrpc": "2.0", "method": f"notifications/{method}", "params": params}).encode()
    for name in ("cancelled", "progress", "initialized", "roots/list_changed", "message"):
        params = {"requestId": token(f"{name} id"), "reason": token(name), "progressToken": token(f"{name} progress")}
        yield json.dumps({"jsonrpc": "2.0", "method": f"notifications/{name}", "params": params}).encode()
        yield json.dumps({"jsonrpc": "2.0", "method": f"notifications/{name}", "params": token(name)}).encode()
    whole = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": planted_object("broken")})
    yield whole[:-20].encode()
    yield f"[{whole},{whole}]".encode()
    yield whole.encode("utf-16")
    yield whole.replace("it said", "\\ud800").encode()
    yield whole.encode().replace(b"it said", b"\xff\xfe")
    yield f'{{"jsonrpc":"2.0","id":2,"method":"ping","params":{"[" * 5000}"{token("deep")}"{"]" * 5000}}}'.encode()
    yield f"{token('no JSON')} {{".encode()
    yield json.dumps(token("a string")).encode()
    yield json.dumps({"jsonrpc": token("version"), "id": 3, "method": "ping"}).encode()
    yield json.dumps({"jsonrpc": "2.0", "id": token("answer"), "result": planted_object("answer")}).encode()
    error = {"code": 1, "message": token("error"), "data": planted_object("error")}
    yield json.dumps({"jsonrpc": "2.0", "id": 4, "error": error}).encode()
    yield json.dumps(
        {"jsonrpc": "2.0", "id": 5, "method": "ping", "params": {"a": token("too long") * 110_000}}
    ).encode()


def kept_in(folder: Path, *told: str) -> bytes:
    """Every byte of the files of a folder, the rows of its database, and what was told beside."""
    files = [file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()]
    return b"\n".join([*files, dump(folder).encode(), *(one.encode() for one in told)])


def dump(folder: Path) -> str:
    """The rows of the folder's database, whatever pages they lie on."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return "\n".join(connection.iterdump())


def forms() -> Mapping[str, bytes]:
    """What all secrets share, in each of the ways in which it could be kept."""
    core = CORE.encode()
    found = {"UTF-8": core, "UTF-16": CORE.encode("utf-16-le"), "hex": core.hex().encode()}
    found |= {"HEX": core.hex().upper().encode(), "JSON": "".join(f"\\u{ord(char):04x}" for char in CORE).encode()}
    for shift in range(3):
        # The first and the last letters are made of what stands beside the secret too.
        found[f"base64, {shift} bytes on"] = base64.b64encode(b"-" * shift + core)[4 if shift else 0 : -4]
    return found


def found_in(kept: bytes) -> list[str]:
    """Where and in which form something of a secret is kept."""
    return [
        f"{form}: {kept[max(0, at.start() - 60) : at.end() + 30]!r}"
        for form, searched in forms().items()
        for at in list(re.finditer(re.escape(searched), kept))[:5]
    ]
