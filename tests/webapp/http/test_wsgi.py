from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from webapp.http.wsgi import InThreads

WHO = contextvars.ContextVar("who", default="nobody")
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/a b",
    "query_string": b"c=d",
    "headers": [(b"host", b"localhost"), (b"content-length", b"6")],
}
Start = Callable[..., Callable[[bytes], None]]


@pytest.fixture
def one_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def asked(app: InThreads, pieces: Iterable[bytes] = (b"",), scope: dict[str, Any] = SCOPE) -> list[dict[str, Any]]:
    """What it sends to a request whose body comes in pieces."""
    sent: list[dict[str, Any]] = []
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_a_request_and_its_answer_arrive_whole(one_thread: ThreadPoolExecutor):
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        write = start("201 CREATED", [("X-Path", environ["PATH_INFO"]), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
        write(WHO.get().encode() + b" ")
        return [environ["QUERY_STRING"].encode(), b" ", content]

    token = WHO.set("somebody")
    head, body = asked(InThreads(app, one_thread), [b"abc", b"def"])
    WHO.reset(token)
    assert head["status"] == 201
    assert head["headers"] == [(b"x-path", b"/a b"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert body == {"type": "http.response.body", "body": b"somebody c=d abcdef"}


class Answer:
    """The body of an answer that notes whether it was closed."""

    def __init__(self, fault: bool) -> None:
        self.fault, self.is_closed = fault, False

    def __iter__(self) -> Iterator[bytes]:
        yield b"first"
        if self.fault:
            raise OSError("the disk is gone")

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("fault", [False, True])
def test_an_answer_is_closed_whatever_comes(one_thread: ThreadPoolExecutor, fault: bool):
    answer = Answer(fault)

    def app(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return answer

    if fault:
        with pytest.raises(OSError, match="the disk is gone"):
            asked(InThreads(app, one_thread))
    else:
        assert asked(InThreads(app, one_thread))[1]["body"] == b"first"
    assert answer.is_closed


def test_who_reads_slowly_holds_no_thread(one_thread: ThreadPoolExecutor):
    def app(_environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return [b"x"]

    served = InThreads(app, one_thread)

    async def both() -> list[str]:
        gate, sent = asyncio.Event(), []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def never(_message: Any) -> None:
            await gate.wait()

        async def at_once(message: Any) -> None:
            sent.append(message["type"])

        slow = asyncio.create_task(served(SCOPE, receive, never))
        await asyncio.wait_for(served(SCOPE, receive, at_once), 20)
        gate.set()
        await slow
        return sent

    assert asyncio.run(both()) == ["http.response.start", "http.response.body"]


def test_a_socket_is_closed(one_thread: ThreadPoolExecutor):
    def app(_environ: dict[str, Any], _start: Start) -> Iterable[bytes]:
        raise AssertionError

    assert asked(InThreads(app, one_thread), scope={"type": "websocket"}) == [{"type": "websocket.close", "code": 1000}]
