"""Give every request an id that stands in the log lines it causes and in its answer, and measure how long it takes."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.figures import REQUEST_SECONDS
from webapp.log_setup import REQUEST_ID

log = logging.getLogger(__name__)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECRET = re.compile(r"[0-9A-Za-z_-]{32,}")


class RequestLog:
    """ASGI middleware around everything. Reading is logged at the level "debug", changes and refusals at "info"."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity, begin, status = secrets.token_hex(6), time.monotonic(), 500
        token = REQUEST_ID.set(identity)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = identity
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = time.monotonic() - begin
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUEST_SECONDS.labels(method, f"{status // 100}xx").observe(seconds)
            level = logging.DEBUG if status < 400 and method in ("GET", "HEAD") else logging.INFO
            log.log(level, "%s %s %d in %.0f ms", method, shown(scope["path"]), status, 1000 * seconds)
            REQUEST_ID.reset(token)


def shown(path: str) -> str:
    """Write a path without what could open a door: tokens of sessions and of links."""
    return _SECRET.sub("…", path[:300])
