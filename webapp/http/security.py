"""Refuse requests that other sites' pages send, and give every answer its protective headers."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.http.csp import PAGES
from webapp.http.errors import WebError, answer, body
from webapp.http.hosts import Hosts, Origin
from webapp.translations import request_language

_HEADERS = {
    "Content-Security-Policy": PAGES,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Security:
    """ASGI middleware that refuses foreign origins and adds protective headers.

    Every request and socket must name this server in its ``Host`` (421 else), so that no page can reach it under a
    name of its own. What changes things, and every socket, must come from a page of this server or of an allowed
    origin (403 else); programs, which send no ``Origin``, are let through. Answers get the headers that a route did
    not set.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, allowed_origins: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = hosts
        self._allowed = {Origin.parse(origin) for origin in allowed_origins} - {None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        sending = _with_headers(send) if scope["type"] == "http" else send
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, sending)
        elif scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await _refusal_response(HTTPConnection(scope), refusal)(scope, receive, sending)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> WebError | None:
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        if len(named) > 1 or any(host not in self._hosts for host in named):
            return WebError(421, "foreign_host", "request.foreign_host")
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return None
        return None if self._is_own(scope, headers) else WebError(403, "foreign_origin", "request.foreign_origin")

    def _is_own(self, scope: Scope, headers: Headers) -> bool:
        """Tell whether a page of this server, of an allowed origin, or a program sent a request."""
        if "origin" not in headers:
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        origin = Origin.parse(headers["origin"])
        own = Origin.of(scope.get("scheme", "http"), headers.get("host", ""))
        return origin is not None and (origin == own or origin in self._allowed)


def _refusal_response(connection: HTTPConnection, refusal: WebError) -> Response:
    """Answer a program in JSON, and a person, whose browser can load nothing from here, in plain text."""
    if "text/html" not in connection.headers.get("accept", ""):
        return answer(connection, refusal)
    error = body(refusal, request_language(connection))["error"]
    return PlainTextResponse(f"{error['message']} {error['hint']}", refusal.status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
