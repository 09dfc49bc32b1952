"""Addresses of a server that lives below a path of another site, such as https://hospital.example/spineview/.

Inside the program an address has no such path: it is taken off a request as it comes, and put before every address that
goes out. A proxy may take it off, too, or pass requests on as they are.
"""

from __future__ import annotations

from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SUB_PATH: ContextVar[str] = ContextVar("sub_path", default="")
"""Of the request that is served, such as ``/spineview``; "" for a server that has a name of its own."""


def outward(address: str) -> str:
    """Turn a path of this program, query and all, into the one that a browser asks for; leave others as they are."""
    return SUB_PATH.get() + address if address.startswith("/") and not address.startswith("//") else address


class SubPath:
    """ASGI middleware that takes ``path`` off requests and sockets, and puts it before what an answer leads to.

    Args:
        path: It begins with a slash, and does not end with one.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        token = SUB_PATH.set(self._path)
        try:
            await self._app(self._inside(scope), receive, _leading_outward(send))
        finally:
            SUB_PATH.reset(token)

    def _inside(self, scope: Scope) -> Scope:
        path = scope["path"]
        if path != self._path and not path.startswith(f"{self._path}/"):
            return scope
        inside = {**scope, "path": path.removeprefix(self._path) or "/"}
        if raw := scope.get("raw_path"):
            inside["raw_path"] = raw.removeprefix(self._path.encode()) or b"/"
        return inside


def _leading_outward(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if location := headers.get("location"):
                headers["location"] = outward(location)
        await send(message)

    return sending
