"""The MCP server over stdio."""

import os
from typing import Final

import anyio

from runtally import bootstrap
from runtally.cli import output
from runtally.cli.ending_signals import EndingSignals
from runtally.mcp_server.server import make_server
from runtally.mcp_server.stdio import stdio_streams
from runtally.settings import Settings
from runtally.version import __version__

_STDIN: Final = 0


def run(settings: Settings) -> int:
    """Serve one client over stdin and stdout until stdin ends, or a signal asks for it; the exit code says which."""
    signals = EndingSignals()
    output.note(f"{__version__}, stdio; database {settings.database}; bound to {settings.bound_to}")
    if os.isatty(_STDIN):
        output.note(
            "this is a server, which waits for an MCP host on stdin; Ctrl-C ends it. `runtally demo` shows what it "
            "does, `runtally --help` says what else there is"
        )
    try:
        anyio.run(_serve, settings, signals)
    finally:
        signals.ignore()
    return signals.exit_code


async def _serve(settings: Settings, signals: EndingSignals) -> None:
    ledger = bootstrap.open_ledger(settings)
    caller = bootstrap.caller_of(settings)
    server = make_server(ledger, lambda: caller, bootstrap.origin_of(settings), settings.projects)
    try:
        async with stdio_streams() as (read, write):
            signals.end_with(read.end)
            await server.run(read, write, server.create_initialization_options())
    finally:
        with anyio.CancelScope(shield=True):
            await ledger.close()
