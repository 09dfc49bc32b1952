"""What every answer carries, and who may change things: headers, and the origin of a request."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.http.errors import WebError, answer

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Security:
    """ASGI middleware: refuses what another site's page sends, adds headers that a route did not set."""

    def __init__(self, app: ASGIApp, allowed_origins: tuple[str, ...] = ()) -> None:
        self._app = app
        self._allowed = {origin.rstrip("/").lower() for origin in allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to a foreign origin, else pass on."""
        if scope["type"] == "websocket" and not self._welcome(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] not in _SAFE_METHODS and not self._welcome(scope):
            foreign = WebError(403, "foreign_origin", "request.foreign_origin")
            await answer(HTTPConnection(scope), foreign)(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, _with_headers(send))

    def _welcome(self, scope: Scope) -> bool:
        """True for our own pages, for allowed origins, and for programs, which send no Origin."""
        headers = Headers(scope=scope)
        origin = headers.get("origin", "").rstrip("/").lower()
        if not origin:
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        return origin in self._allowed or urlsplit(origin).netloc == headers.get("host", "").lower()


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
