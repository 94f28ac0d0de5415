"""What a request tells of where it came from: the client, the host the agent runs in, and the trace."""

import json
from collections.abc import Mapping
from typing import Any, Final

from runtally.domain.caller import LABEL_CHARS, Origin

_TURN_CHARS: Final = 64 * 1024
"""Of a longer text nothing is parsed: it is none of Codex's."""
_HEX: Final = frozenset("0123456789abcdef")


def origin_of(meta: Mapping[str, Any], client: str | None, environment: Origin) -> Origin:
    """The origin of a call by the `_meta` of its request; what that does not tell stays as the environment says.

    The hosts' names: `claudecode/toolUseId` is Claude Code's; `callId`, `threadId`, `sessionId` and the model in
    `x-codex-turn-metadata` are Codex's. `traceparent` is W3C Trace Context. Labels are not cut to their limits yet.
    """
    trace_id, trace_span_id = _trace(meta.get("traceparent"))
    return environment._replace(
        client=_kept(client),
        host_session_id=_kept(meta.get("sessionId")) or environment.host_session_id,
        host_thread_id=_kept(meta.get("threadId")),
        host_call_id=_kept(meta.get("claudecode/toolUseId")) or _kept(meta.get("callId")),
        host_model=_kept(_turn_of_codex(meta.get("x-codex-turn-metadata")).get("model")),
        trace_id=trace_id,
        trace_span_id=trace_span_id,
    )


def _kept(value: Any) -> str | None:
    """A label, without what no database keeps; None for what is far too long to be one."""
    if not isinstance(value, str) or len(value) > LABEL_CHARS:
        return None
    return value.replace("\0", "").encode(errors="replace").decode().strip() or None


def _turn_of_codex(value: Any) -> Mapping[str, Any]:
    """Codex sends an object, or the text of one."""
    if isinstance(value, str):
        if len(value) > _TURN_CHARS:
            return {}
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _trace(traceparent: Any) -> tuple[str | None, str | None]:
    """The trace and the span of a W3C `traceparent` (version-traceid-parentid-flags), if it is one."""
    parts = traceparent.split("-") if isinstance(traceparent, str) else []
    if len(parts) < 4 or not (_is_id(parts[1], 32) and _is_id(parts[2], 16)):
        return None, None
    return parts[1], parts[2]


def _is_id(text: str, chars: int) -> bool:
    return len(text) == chars and set(text) <= _HEX and set(text) != {"0"}
