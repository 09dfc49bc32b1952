"""The whole server in the process of a benchmark, so that what it costs can be seen, and uploads to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[tuple[str, Any]]:
    """Serve on a free port until the block ends; yields the address and the application."""
    from webapp.asgi import create_asgi
    from webapp.settings import Settings

    application = create_asgi(Settings(data_dir=folder / "data", min_free_bytes=0, preload_model=False, **settings))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", application
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def upload(address: str, scan: Path) -> str:
    """Upload ``ct.nii.gz`` and ``vert.nii.gz`` of a folder; returns the address of the study's page."""
    with (scan / "ct.nii.gz").open("rb") as ct, (scan / "vert.nii.gz").open("rb") as labels:
        files = {"file": ("ct.nii.gz", ct), "reference": ("vert.nii.gz", labels)}
        answer = httpx.post(f"{address}/api/v1/studies", files=files, timeout=600)
    answer.raise_for_status()
    return address + str(answer.json()["url"])
