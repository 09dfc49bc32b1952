"""A request's head has a bound in time; that of size is tried in tests/webapp/hostile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from tests.webapp.support import wait_for
from webapp.http import bounded_head


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(bounded_head, "HEAD_S", 4.0)
    config = uvicorn.Config(PlainTextResponse("well"), port=0, http=bounded_head.BoundedHead, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, 60)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(60)


def test_a_head_that_drips_is_not_waited_for_and_a_quick_one_is_served(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert slow.recv(100) == b""  # closed; without the bound this would wait for the test's own limit
    with socket.create_connection(("127.0.0.1", port), timeout=60) as quick:
        for _ in range(2):  # the second one on the same connection
            quick.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            found = b""
            while not found.endswith(b"well"):
                part = quick.recv(1000)
                assert part
                found += part
            assert found.startswith(b"HTTP/1.1 200")
