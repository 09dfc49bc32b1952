"""Read small request bodies whole, within limits of size and time, before a thread works on them."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.http.errors import WebError, answer
from webapp.http.multipart_form import DRAIN_BYTES

MOST_BYTES = 1_000_000
WITHIN_S = 30.0


class BoundedBody:
    """ASGI application around one whose bodies are small: a body too large or too slow never reaches it.

    A body sent in chunks arrives with a Content-Length, without which WSGI applications read nothing.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES, within_s: float = WITHIN_S) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 408, or pass the request on with its whole body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._within_s):
                body = await read_within(receive, self._most_bytes)
        except ClientDisconnect:
            return  # nobody is left to read an answer
        except TimeoutError:
            late = WebError(408, "request_timeout", "request.late")
            await answer(HTTPConnection(scope), late)(scope, receive, send)
        except WebError as error:
            await answer(HTTPConnection(scope), error)(scope, receive, send)
        else:
            await self._app(_with_length(scope, len(body)), _replay(body, receive), send)


async def read_within(receive: Receive, most_bytes: int) -> bytes:
    """Read a body; of one that is too large a moderate rest, else a client still sending misses the answer.

    Raises:
        WebError: 413, it is too large.
        ClientDisconnect: the client left.
    """
    body, received, more = bytearray(), 0, True
    while more and received <= DRAIN_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received <= most_bytes:
            body += chunk
        more = message.get("more_body", False)
    if received > most_bytes:
        raise WebError(413, "too_large", "request.too_large", limit=most_bytes)
    return bytes(body)


def _with_length(scope: Scope, length: int) -> Scope:
    """Make the header say how long the body is."""
    headers = [pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"transfer-encoding")]
    if length:
        headers.append((b"content-length", str(length).encode()))
    return {**scope, "headers": headers}


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give ``body`` in one message, and then what else comes: that the client left."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
