"""Bytes become lines of at most `limits.MESSAGE_BYTES`, whatever pieces they come in."""

from typing import Final

from mcp_types import INVALID_REQUEST, JSONRPCError

from runtally.domain.limits import MESSAGE_BYTES
from runtally.mcp_server.messages import error_response, id_at_start

Line = bytes | JSONRPCError
"""A line, or the error to answer it with."""

_BEGINNING_BYTES: Final = 64 * 1024


class Lines:
    """Cuts bytes into lines, without their ends; blank ones are left out, and one that is too long is not kept."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[Line]:
        """The lines that the bytes complete, and a line that they make too long."""
        first, *others = data.split(b"\n")
        lines = self._extend(first)
        for piece in others:
            lines += self.end()
            lines += self._extend(piece)
        return lines

    def end(self) -> list[Line]:
        """What stands before the end of a line or of the input."""
        line = bytes(self._partial)
        self._partial.clear()
        self._skipping = False
        return [line] if line and not line.isspace() else []

    def _extend(self, piece: bytes) -> list[Line]:
        if self._skipping:
            return []
        if len(self._partial) + len(piece) <= MESSAGE_BYTES:
            self._partial += piece
            return []
        self._skipping = True
        beginning = bytes((self._partial or piece)[:_BEGINNING_BYTES])
        self._partial.clear()
        told = f"A message is one line of at most {MESSAGE_BYTES} bytes."
        return [error_response(INVALID_REQUEST, told, id_at_start(beginning))]
