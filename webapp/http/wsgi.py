"""Serve a WSGI application, Flask's, from ASGI in threads: each request goes to a thread once and comes back once."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from a2wsgi.wsgi import build_environ
from starlette.types import Receive, Scope, Send

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Head = tuple[int, list[tuple[bytes, bytes]]]


class InThreads:
    """ASGI application of a WSGI one whose bodies are small, in both directions: each is held whole.

    ``a2wsgi.WSGIMiddleware`` has the thread wait for the event loop with each part of an answer, four times a request,
    which takes long whenever other threads compute.

    Args:
        app: What answers.
        executor: Its threads.
    """

    def __init__(self, app: WsgiApp, executor: ThreadPoolExecutor) -> None:
        self._app = app
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; close a socket, of which WSGI knows nothing."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        environ: Any = build_environ(scope, io.BytesIO(await _body(receive)))  # type: ignore[arg-type]
        answering = functools.partial(contextvars.copy_context().run, self._answer, environ)
        (status, headers), content = await asyncio.get_running_loop().run_in_executor(self._executor, answering)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, environ: dict[str, Any]) -> tuple[Head, bytes]:
        heads: list[Head] = []

        def start(status: str, headers: list[tuple[str, str]], _fault: Any = None) -> Callable[[bytes], None]:
            heads.append((int(status[:3]), [(_latin(name).lower(), _latin(value)) for name, value in headers]))
            return written.append

        written: list[bytes] = []
        answer = self._app(environ, start)
        try:
            written.extend(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        return heads[-1], b"".join(written)


async def _body(receive: Receive) -> bytes:
    """Read what ``webapp.http.bounded_body`` has read before."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _latin(text: str) -> bytes:
    return text.strip().encode("latin-1")
