"""Hundreds of megabytes go from the wire to the disk without passing through the server's memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.webapp.test_serve import Process

MIB = 1 << 20
FILES = 6
BOUNDARY = "frontier"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    yield process
    process.close()


def body(file_mib: int) -> Iterator[bytes]:
    """A form of files that are no DICOM, made while it is sent."""
    piece = b"not DICOM " * (MIB // 10)
    for number in range(FILES):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{number}"\r\n\r\n'
        yield head.encode()
        for _ in range(file_mib):
            yield piece
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def most_memory(pid: int) -> int:
    """Bytes that the processes of a session have held in main memory at most, added up."""
    found = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int((status.parent / "stat").read_text().rsplit(")", 1)[1].split()[3]) == pid:
                found += int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024  # type: ignore[index]
        except (OSError, TypeError):  # it has ended meanwhile
            continue
    return found


def send(server: Process, file_mib: int) -> str:
    answer = httpx.post(
        f"{server.url}/api/v1/imports",
        content=body(file_mib),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        timeout=120,
        trust_env=False,
    )
    assert answer.status_code == 400
    return str(answer.json()["error"]["message"])


def test_a_large_upload_does_not_fill_the_memory(server: Process, tmp_path: Path):
    assert server.running is not None
    send(server, 1)  # after which everything that an upload needs is loaded
    before = most_memory(server.running.pid)
    assert before > 50 * MIB
    sentence = f"There are no DICOM images here. {FILES} files that are not DICOM images were left out."
    assert send(server, 50) == sentence
    assert most_memory(server.running.pid) - before < 60 * MIB  # of 300
    assert list((tmp_path / "data" / "incoming").iterdir()) == []
