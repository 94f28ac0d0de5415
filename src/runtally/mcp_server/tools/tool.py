"""What a tool is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from runtally.domain.caller import Role
from runtally.service.entry import AnswerT, Method, RequestT


@dataclass(frozen=True, slots=True, eq=False)
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
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What a model is told of single arguments, by their path: values that are known, and what a name does not say."""
    always_loaded: bool = False
    """Whether a host that hides tools behind a search should show this one at once."""

    @property
    def role(self) -> Role:
        """The role a caller needs."""
        return "write" if self.writes else "read"


AnyTool = Tool[Any, Any]
