"""The MCP edge of the error table: what a model reads when a tool refuses."""

import json
import logging
from secrets import token_hex
from typing import Any

from pydantic import BaseModel

from runtally.domain.errors import RuntallyError
from runtally.domain.validation import is_field_of

logger = logging.getLogger(__name__)


def refused(error: RuntallyError) -> dict[str, Any]:
    """A tool error whose text is the JSON of `code`, `message` and, where one is to blame, `field`."""
    return _tool_error(error.code, error.message, field=error.field)


def blamed(request: type[BaseModel], error: RuntallyError) -> str:
    """The field that is to blame, for the log: if it is names of the request's, and nothing that a caller wrote."""
    field = error.field or ""
    return f" (field {field})" if is_field_of(request, field) else ""


def new_reference() -> str:
    """An id under which a bug can be found in the log."""
    return token_hex(4)


def failed(tool: str, error: BaseException, reference: str) -> dict[str, Any]:
    """A bug of ours: nothing of it is shown but the reference, under which the log has the rest."""
    logger.error("internal error %s in %s", reference, tool, exc_info=error)
    return _tool_error(
        "internal", f"Runtally failed; nothing is known to be recorded. Reference {reference} in its log"
    )


def _tool_error(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    error = {"code": code, "message": message} | ({} if field is None else {"field": field})
    text = json.dumps({"error": error}, ensure_ascii=False, separators=(",", ":"))
    # No structuredContent: clients made with the TypeScript SDK hold even an error's to the tool's output schema, and
    # tell the model what is wrong with that instead of our words.
    return {"content": [{"type": "text", "text": text}], "isError": True, "resultType": "complete"}
