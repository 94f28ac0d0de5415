"""Who is let in over HTTP: whoever brings a bearer key that can be used, or anybody while no key was ever made.

A key that is new to this process is looked up before anything else is done for it. One that it knows goes ahead at
once: its call is checked in the transaction that does it, and where no transaction told, a look-up tells before the
answer leaves. So whatever a request asks, a key that was revoked gets a 401 and nothing else.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtally.domain.caller import AccessKey, Admission, Caller
from runtally.domain.errors import RuntallyError
from runtally.mcp_server.refusal_log import say_why
from runtally.service.access_keys import hash_of

FindKey = Callable[[str], Awaitable[AccessKey | None]]
"""Finds the key that can be used and has this hash, as far as it opens anything here."""
Holds = Callable[[Admission], Awaitable[bool]]
"""Whether an admission holds now."""

_KNOWN_KEYS_MAX: Final = 256
_UNUSABLE: Final = "its bearer key is unknown, was revoked, has expired or opens no project of this server"
_NO_LONGER: Final = "what let it in holds no more: its key was revoked or has expired, or the first key was made"
_UNREADABLE: Final = "the bearer keys cannot be read"
_caller: ContextVar[Caller] = ContextVar("caller")


def caller_of_request() -> Caller:
    """Who asks in the request that is being served behind a `BearerGate`."""
    return _caller.get()


class Callers:
    """Tells callers by their bearer keys. Its methods raise `Unavailable` where the keys cannot be read.

    `keyless` is who asks while no key was ever made; None where one was. Once a key was seen, nobody is let in without
    one as long as this process lives, whatever becomes of the database.
    """

    def __init__(self, find_key: FindKey, holds: Holds, keyless: Caller | None) -> None:
        self._find_key = find_key
        self._holds = holds
        self._keyless = keyless
        # Whether keys could not be read when they were looked at last, so that nothing is taken from before.
        self._is_unsure = False
        # Only keys that were found get in here, so that no stranger can fill it.
        self._known: dict[str, AccessKey] = {}

    async def find(self, token: str | None) -> Caller | None:
        """Who asks with this token, or without any; None if they are not let in.

        A key that was found before is not looked up anew, nor whether there is any: `still_admits` tells.
        """
        if token is not None:
            key_hash = hash_of(token)
            key = self._known.get(key_hash) or await self._meet(key_hash)
            if key is not None:
                return replace(key.caller, admission=Admission(key_hash))
        if self._keyless is not None and self._is_unsure:
            self._is_unsure = not await self._look(Admission(None))
        return None if self._keyless is None else replace(self._keyless, admission=Admission(None))

    async def still_admits(self, caller: Caller) -> bool:
        """Whether the caller's admission held when their call was done, or holds now if no transaction has told."""
        admission = caller.admission
        assert admission is not None, "`find` makes no caller without"
        return admission.held or await self._look(admission)

    async def _look(self, admission: Admission) -> bool:
        try:
            holds = await self._holds(admission) if admission.held is None else admission.held
        except RuntallyError:
            self._is_unsure = True
            self._known.clear()
            raise
        if holds:
            return True
        if admission.key_hash is None:
            self._keyless = None
        else:
            self._known.pop(admission.key_hash, None)
        return False

    async def _meet(self, key_hash: str) -> AccessKey | None:
        key = await self._find_key(key_hash)
        if key is not None:
            self._keyless = None
            if len(self._known) >= _KNOWN_KEYS_MAX:
                del self._known[next(iter(self._known))]
            self._known[key_hash] = key
        return key


class BearerGate:
    """Lets requests through to an app with their caller; whoever is not let in gets a 401, and a 503 while the keys
    cannot be read.
    """

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token_of(scope)
        try:
            caller = await self._callers.find(token)
        except RuntallyError as error:
            say_why(scope, _UNREADABLE)
            await _keys_unavailable(error)(scope, receive, send)
            return
        if caller is None:
            say_why(scope, "it brought no bearer key" if token is None else _UNUSABLE)
            await _no_key()(scope, receive, send)
            return
        _caller.set(caller)
        is_refused = False

        async def send_if_admitted(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                refusal = await self._refusal(caller, scope)
                if refusal is not None:
                    is_refused = True
                    await refusal(scope, receive, send)
            if not is_refused:
                await send(message)

        await self._app(scope, receive, send_if_admitted)

    async def _refusal(self, caller: Caller, scope: Scope) -> Response | None:
        try:
            if await self._callers.still_admits(caller):
                return None
            say_why(scope, _NO_LONGER)
            return _no_key()
        except RuntallyError as error:
            say_why(scope, _UNREADABLE)
            return _keys_unavailable(error)


def challenge(status: int, error: str, description: str, **more: str) -> Response:
    """A refusal as RFC 6750 has it: in the `WWW-Authenticate` header, and in the body as JSON."""
    told = {"error": error, "error_description": description}
    parts = ", ".join(f'{name}="{value}"' for name, value in {**told, **more}.items())
    return JSONResponse(told, status_code=status, headers={"WWW-Authenticate": f"Bearer {parts}"})


def _no_key() -> Response:
    return challenge(
        401,
        "invalid_token",
        "a bearer key is needed that is neither revoked nor expired and opens a project of this server; send one as "
        "Authorization: Bearer KEY (runtally keys create makes one)",
    )


def _keys_unavailable(error: RuntallyError) -> Response:
    return JSONResponse({"error": error.code, "error_description": error.message}, status_code=503)


def _token_of(scope: Scope) -> str | None:
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = given.partition(b" ")
    return token.decode("latin-1") if token and scheme.lower() == b"bearer" else None
