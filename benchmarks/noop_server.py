"""The floor: the MCP SDK as it comes, with one tool that does nothing (`python -m benchmarks.noop_server [--http]`)."""

import sys

from mcp.server import MCPServer
from pydantic import BaseModel

server = MCPServer("noop", version="1")


class Noted(BaseModel):
    """As much structure as the smallest useful answer has."""

    run_id: str
    total_tokens: int


@server.tool()
async def note(run_id: str, input_tokens: int, output_tokens: int) -> Noted:
    """Take three arguments and answer text and structured content."""
    return Noted(run_id=run_id, total_tokens=input_tokens + output_tokens)


def serve_http() -> None:
    """Serve at /mcp of a free port, with Runtally's transport settings, and say where on stderr."""
    import socket  # noqa: PLC0415 - over stdio the SDK alone is the floor

    import uvicorn  # noqa: PLC0415

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"http://127.0.0.1:{port}/mcp", file=sys.stderr, flush=True)

    app = server.streamable_http_app(stateless_http=True, json_response=True)
    # The same floor on every machine, whatever faster parser or loop is installed beside the SDK.
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http="h11", loop="asyncio", log_level="warning", access_log=False
    )
    Announcing(config).run()


if __name__ == "__main__":
    if "--http" in sys.argv[1:]:
        serve_http()
    else:
        server.run("stdio")
