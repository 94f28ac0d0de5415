"""What a tool is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from runtally.domain.caller import Caller, Role
from runtally.domain.models import Answer
from runtally.service.unit import Unit

Method = Callable[[Unit, Caller, Any], Answer]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the MCP server. Its input schema is its request's, its output schema its answer's."""

    name: str
    title: str
    description: str
    request: type[BaseModel]
    answer: type[Answer]
    method: Method
    writes: bool
    idempotent: bool
    """Whether the same arguments again change nothing, whatever they are (MCP `idempotentHint`)."""

    @property
    def role(self) -> Role:
        """The role a caller needs."""
        return "write" if self.writes else "read"
