"""A server over HTTP, with bearer keys or without, and requests to it as any HTTP client makes them."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from runtally.cli.main import main
from tests.journeys.processes import BOUND_SECONDS, MODERN, HttpServer, http_call, structured


def new_key(database: Path, *arguments: str) -> str:
    """A key as `runtally keys create` prints it."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        assert main(["--db", str(database), "keys", "create", *arguments]) == 0
    return printed.getvalue().strip()


class Door:
    """A server, its bearer keys by name, and requests to it."""

    def __init__(self, server: HttpServer, database: Path, keys: dict[str, str], http: httpx2.Client) -> None:
        self.server = server
        self.database = database
        self.keys = keys
        self._http = http

    def request(self, method: str, path: str = "/mcp", **given: Any) -> httpx2.Response:
        url = f"http://{urlsplit(self.server.url).netloc}{path}"
        return self._http.request(method, url, **given)

    def post(
        self, key: str | None, tool: str, arguments: dict[str, Any], era: str = MODERN, **headers: str
    ) -> httpx2.Response:
        """Call a tool with one of the keys, by its name, or with another token."""
        call_headers, body = http_call(tool, arguments, era)
        if key is not None:
            headers["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        return self.request("POST", headers=call_headers | headers, content=body)

    def call(self, key: str | None, tool: str, /, era: str = MODERN, **arguments: Any) -> dict[str, Any]:
        response = self.post(key, tool, arguments, era)
        assert response.status_code == 200, response.text
        return structured(response.json())


@contextlib.contextmanager
def serving(database: Path, keys: dict[str, str], *options: str, project: str = "", **settings: str) -> Iterator[Door]:
    """A server of the database, and the keys by their names."""
    with (
        HttpServer(database, *options, project=project, **settings) as server,
        httpx2.Client(timeout=BOUND_SECONDS) as http,
    ):
        yield Door(server, database, keys, http)
        assert "Traceback" not in server.stderr
