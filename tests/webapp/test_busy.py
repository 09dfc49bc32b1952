"""Pages answer while others wait: unfinished bodies, slow uploads, slow work; on the real server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.webapp.test_serve import Process
from webapp.http.errors import WebError
from webapp.http.multipart_form import chunks_of, drain
from webapp.rest import SLOW, SLOW_THREADS

UNFINISHED = 200


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    yield process
    process.close()


def test_with_200_unfinished_requests_health_and_the_home_page_still_answer(process: Process):
    url = httpx.URL(process.start())
    heads = [
        f"POST /api/v1/studies/x/reviews HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{",
        f"POST /api/v1/studies HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500\r\n\r\n--b",
    ]
    waiting = []
    try:
        for number in range(UNFINISHED):
            connection = socket.create_connection((url.host, url.port), timeout=10)
            connection.sendall(heads[number % 2].encode())
            waiting.append(connection)
        with httpx.Client(base_url=url, timeout=20) as client:
            begin = time.monotonic()
            for address in ("/", "/api/v1/health", "/api/v1/studies"):
                assert client.get(address).status_code == 200
            assert time.monotonic() - begin < 10
    finally:
        for connection in waiting:
            connection.close()


def test_slow_work_holds_no_thread_that_pages_need(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    gate, entered = threading.Event(), threading.Semaphore(0)

    def waits(*_: object) -> None:
        entered.release()
        gate.wait(30)
        raise WebError(503, "busy", "remote.busy")

    monkeypatch.setattr("webapp.ingest.admission.Admission.admit_demo", waits)
    pressed = [threading.Thread(target=client.post, args=("/api/v1/studies/demo",)) for _ in range(20)]
    for each in pressed:
        each.start()
    for _ in range(SLOW_THREADS):
        assert entered.acquire(timeout=20)
    try:
        assert client.get("/").status_code == 200
        assert client.get("/api/v1/health").json()["status"] == "ok"
    finally:
        gate.set()
        for each in pressed:
            each.join(30)


@pytest.mark.parametrize(
    ("path", "is_slow"),
    [
        ("/api/v1/studies/demo", True),
        ("/api/v1/imports/0123/studies", True),
        ("/api/v1/pacs/Hospital/search", True),
        ("/api/v1/pacs/Hospital/studies/1.2/series", True),
        ("/api/v1/masks/0123/send", True),
        ("/api/v1/pacs", False),
        ("/api/v1/studies", False),
        ("/", False),
    ],
)
def test_what_is_slow(path: str, is_slow: bool):
    assert bool(SLOW.fullmatch(path)) == is_slow


def silent() -> Request:
    async def receive() -> dict:
        await asyncio.sleep(30)
        raise AssertionError

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_a_refused_upload_that_drips_is_not_waited_for():
    begin = time.monotonic()
    asyncio.run(drain(silent(), within_s=0.05))
    assert time.monotonic() - begin < 10


def test_an_upload_that_sends_nothing_ends():
    async def read() -> None:
        async for _ in chunks_of(silent(), silent_s=0.05):
            pass

    with pytest.raises(WebError) as late:
        asyncio.run(read())
    assert late.value.status == 408
