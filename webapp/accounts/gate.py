"""The gate: the one place where rights are decided, before any route of either framework runs."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.accounts.access import Access
from webapp.accounts.caching import keyed_request, keyed_response
from webapp.accounts.principal import CURRENT, NOBODY, Principal
from webapp.accounts.table import Found, find, methods_of
from webapp.http.errors import WebError, from_status

Refuse = Callable[[HTTPConnection, WebError], Response]
CHECKED_EVERY_S = 2.0
"""How often it is asked again whether whoever opened a socket may still have it."""
SIGNED_OUT = 4401
"""Close code of a socket whose session ended."""
_SAME_FOR_ALL = ("/static/", "/viewer/client/", "/health/")
"""Nobody is asked who they are, nor the database."""
_THREADS = CapacityLimiter(8)


class Gate:
    """ASGI middleware that lets a request or socket through if the table of rights has a line for it, whoever comes
    sees the objects that its address names, and has the right that the line names.

    It answers 401 before signing in (a page is led to the form), 404 for what may not be seen or is not there, 405 and
    403 otherwise. ``webapp.accounts.principal.CURRENT`` is who comes. A socket is closed when that ends.
    """

    def __init__(self, app: ASGIApp, access: Access, refuse: Refuse) -> None:
        self._app = app
        self._access = access
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or socket, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        method = "SOCKET" if scope["type"] == "websocket" else scope["method"]
        found = find(method, scope["path"])
        if found is not None and found.rule.right == "public" and found.rule.path.startswith(_SAME_FOR_ALL):
            await self._app(scope, receive, send)
            return
        if found is None and "//" in scope["path"] and scope["type"] == "http":
            await _with_single_slashes(scope)(scope, receive, send)
            return
        principal = await self._identify(connection, uses=_is_use(method, scope["path"]))
        refusal = await self._refusal(principal, found, scope["path"])
        token = CURRENT.set(principal if refusal is None else NOBODY)
        try:
            if refusal is not None:
                await self._answer(connection, refusal, scope, receive, send)
            elif scope["type"] == "websocket" and self._access.required:
                await self._carry(connection, found, scope, receive, send)
            elif self._access.required:
                await self._app(keyed_request(scope, principal), receive, keyed_response(send, principal))
            else:
                await self._app(scope, receive, send)
        finally:
            CURRENT.reset(token)

    async def _identify(self, connection: HTTPConnection, uses: bool) -> Principal:
        if not self._access.required:
            return self._access.identify(connection)
        return await to_thread.run_sync(self._access.identify, connection, uses, limiter=_THREADS)

    async def _refusal(self, principal: Principal, found: Found | None, path: str) -> WebError | None:
        """Say why somebody does not come through; None if they do."""
        if found is not None and found.rule.right == "public":
            return None
        if principal.kind == "nobody":
            return WebError(401, "signed_out", "access.signed_out")
        if found is None:
            return from_status(405 if methods_of(path) else 404)
        for kind, object_id in found.objects if principal.kind != "one person" else ():
            if not await to_thread.run_sync(self._access.sees, principal, kind, object_id, limiter=_THREADS):
                return WebError(404, "not_found", "not_found.object")
        if principal.may(found.rule.right):
            return None
        if principal.kind == "one person":
            return from_status(404)
        return WebError(403, "forbidden", "access.must_enrol" if principal.must_enrol else "access.forbidden")

    async def _answer(
        self, connection: HTTPConnection, refusal: WebError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await receive()
            await send({"type": "websocket.close", "code": SIGNED_OUT if refusal.status == 401 else 1008})
            return
        response = self._response(connection, refusal, scope)
        response.headers["Cache-Control"] = "no-store"
        if refusal.status == 405:
            response.headers["Allow"] = ", ".join(methods_of(scope["path"]))
        if refusal.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        await response(scope, receive, send)

    def _response(self, connection: HTTPConnection, refusal: WebError, scope: Scope) -> Response:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith("/api/")
        if is_page and "text/html" in connection.headers.get("accept", ""):
            if refusal.status == 401:
                return RedirectResponse(f"/signin?next={quote(scope['path'])}", 303)
            if refusal.problem.message.key == "access.must_enrol":
                return RedirectResponse("/account", 303)
        return self._refuse(connection, refusal)

    async def _carry(
        self, connection: HTTPConnection, found: Found | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass a socket on until it closes, or until whoever opened it may no longer have it."""
        socket = _Socket(receive, send)
        watch = asyncio.create_task(self._watch(connection, found, socket))
        try:
            await self._app(scope, socket.receive, socket.send)
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    async def _watch(self, connection: HTTPConnection, found: Found | None, socket: _Socket) -> None:
        while True:
            await asyncio.sleep(CHECKED_EVERY_S)
            principal = await self._identify(connection, uses=socket.take_use())
            if await self._refusal(principal, found, connection.scope["path"]) is not None:
                await socket.end()
                return


class _Socket:
    """A socket that can be ended from outside."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._ended = asyncio.Event()
        self._used = False

    async def receive(self) -> Message:
        """Wait for a message, or for the end."""
        message = asyncio.ensure_future(self._receive())
        end = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({message, end}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            end.cancel()
            if not message.done():
                message.cancel()
        if self._ended.is_set():
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        self._used = True
        return message.result()

    async def send(self, message: Message) -> None:
        """Send, unless it is over."""
        if not self._ended.is_set():
            await self._send(message)

    def take_use(self) -> bool:
        """Tell whether something came since the last question."""
        used, self._used = self._used, False
        return used

    async def end(self) -> None:
        """Close it, and let whoever serves it know."""
        if not self._ended.is_set():
            with contextlib.suppress(RuntimeError, OSError):
                await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            self._ended.set()


def _with_single_slashes(scope: Scope) -> Response:
    """Lead to the address that was probably meant."""
    query = scope["query_string"].decode("latin-1")
    return RedirectResponse(re.sub("/+", "/", quote(scope["path"])) + (f"?{query}" if query else ""), 308)


def _is_use(method: str, path: str) -> bool:
    """Tell whether a request is a person's doing: pages ask the API by themselves as long as they are open."""
    return method not in ("GET", "HEAD", "OPTIONS") or not path.startswith("/api/")
