"""Bytes become lines of at most `limits.MESSAGE_BYTES`, whatever pieces they come in."""

from typing import Final

from mcp_types import INVALID_REQUEST, JSONRPCError

from runtally.domain.limits import MESSAGE_BYTES
from runtally.mcp_server.messages import ENDING_BYTES, SEND_LESS, error_response, id_without_parsing

Line = bytes | JSONRPCError
"""A line, or the error to answer it with."""

_BEGINNING_BYTES: Final = 64 * 1024


class Lines:
    """Cuts bytes into lines, without their ends; blank ones are left out, and one that is too long is not kept."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._beginning: bytes | None = None
        """Of a line that is too long; None of any other."""
        self._ending = b""

    def feed(self, data: bytes) -> list[Line]:
        """The lines that the bytes complete, of one that is too long the refusal."""
        first, *others = data.split(b"\n")
        self._extend(first)
        lines: list[Line] = []
        for piece in others:
            lines += self.end()
            self._extend(piece)
        return lines

    def end(self) -> list[Line]:
        """What stands before the end of a line or of the input."""
        if self._beginning is not None:
            # Refused at its end, where JavaScript's clients write the id, without which none would hear of it.
            told = f"A message is one line of at most {MESSAGE_BYTES:,} bytes. {SEND_LESS}"
            refusal = error_response(INVALID_REQUEST, told, id_without_parsing(self._beginning, self._ending))
            self._beginning, self._ending = None, b""
            return [refusal]
        line = bytes(self._partial)
        self._partial.clear()
        return [line] if line and not line.isspace() else []

    def _extend(self, piece: bytes) -> None:
        if self._beginning is None and len(self._partial) + len(piece) <= MESSAGE_BYTES:
            self._partial += piece
            return
        if self._beginning is None:
            self._beginning = bytes((self._partial or piece)[:_BEGINNING_BYTES])
            self._ending = bytes(self._partial[-ENDING_BYTES:])
            self._partial.clear()
        self._ending = (self._ending + piece[-ENDING_BYTES:])[-ENDING_BYTES:]
