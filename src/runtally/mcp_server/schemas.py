"""JSON schemas as a model reads them: no titles, no nulls, nothing to look up elsewhere."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from runtally.domain import limits

_NOISE: Final = frozenset(
    {"title", "default", "description", "format", "pattern", "minLength", "minimum", "additionalProperties", "enum"}
)
"""Left out of input schemas: the server checks it and says so in words; each character costs the agent's context.

With it a client that validates would refuse, before the server sees them, others' names and values that the server
understands: a vendor's usage object, a status by another word, an empty string for what is left out.
"""

_NOISE_OF_ANSWERS: Final = frozenset({"title", "default", "description", "additionalProperties", "minimum"})


def input_schema(request: type[BaseModel], told: Mapping[str, str]) -> dict[str, Any]:
    """The schema of a request, inlined, with what is `told` of single arguments by their path (`traces.kind`).

    An argument may be left out or null where it is not required; unknown ones are refused by the server alone. Every
    node has one `type`, or an `anyOf` of such: Gemini refuses all tools of a host where one has a list of types, and
    the MCP Inspector warns of a node without any.
    """
    schema: dict[str, Any] = _slim(request.model_json_schema(by_alias=False), _NOISE)
    for path, words in told.items():
        _argument(schema, path)["description"] = words
    return schema


def output_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """The schema of an answer, inlined. A field that is None is left out of the answer."""
    full = answer.model_json_schema(mode="serialization", by_alias=True)
    schema: dict[str, Any] = _slim(full, _NOISE_OF_ANSWERS)
    return _optional_where_left_out(schema, answer)


def _argument(schema: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split("."):
        schema = schema.get("items", schema)["properties"][name]
    return schema


def _slim(schema: Mapping[str, Any], noise: frozenset[str]) -> Any:
    return _inlined(schema, schema.get("$defs", {}), noise)


def _inlined(node: Any, definitions: Mapping[str, Any], noise: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions, noise) for item in node]
    if not isinstance(node, dict):
        return node
    slim = {}
    for key, value in _resolved(node, definitions).items():
        if key == "properties":
            slim[key] = {name: _inlined(field, definitions, noise) for name, field in value.items()}
        elif key not in noise and not _is_hardly_reached(key, value):
            slim[key] = _inlined(value, definitions, noise)
    return slim


def _is_hardly_reached(key: str, value: Any) -> bool:
    """Whether it is the length of a name or an id, as opposed to that of a text which a model may have to shorten."""
    return key == "maxLength" and value <= limits.IDENTIFIER_CHARS


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The node with what it refers to in place, and with an optional value as the value alone."""
    own = {key: value for key, value in node.items() if key not in ("$ref", "$defs", "anyOf")}
    if "$ref" in node:
        return {**_resolved(definitions[node["$ref"].rpartition("/")[2]], definitions), **own}
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return {**own, **_resolved(options[0], definitions)}
    return {**own, **({"anyOf": options} if options else {})}


def _optional_where_left_out(schema: dict[str, Any], answer: type[BaseModel]) -> dict[str, Any]:
    """In serialization mode pydantic requires fields that have a default; ours are left out when None."""
    required = [name for name, field in answer.model_fields.items() if field.is_required()]
    return {**schema, "required": required}
