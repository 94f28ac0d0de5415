"""What a tool is."""

from dataclasses import dataclass
from typing import Any, Generic

from runtally.domain.caller import Role
from runtally.service.entry import AnswerT, Method, RequestT


@dataclass(frozen=True, slots=True)
class Tool(Generic[RequestT, AnswerT]):
    """A tool of the MCP server. Its input schema is its request's, its output schema its answer's."""

    name: str
    title: str
    description: str
    request: type[RequestT]
    answer: type[AnswerT]
    method: Method[RequestT, AnswerT]
    writes: bool
    """Whether it needs a caller that may write, and a transaction that can."""
    idempotent: bool
    """Whether the same arguments again change nothing, whatever they are (MCP `idempotentHint`)."""

    @property
    def role(self) -> Role:
        """The role a caller needs."""
        return "write" if self.writes else "read"


AnyTool = Tool[Any, Any]
