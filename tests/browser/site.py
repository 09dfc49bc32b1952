"""A whole SpineView on a port of its own, and a phantom in it whose every length is known."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom import PhantomSpec, write_phantom
from segmentation.writers import write_nifti, write_volume
from tests.webapp.support import BoneEngine, wait_for
from webapp.asgi import create_asgi
from webapp.settings import Settings


@dataclass(frozen=True)
class Site:
    """A running server: its address, and its application."""

    address: str
    application: Any

    def add(self, ct: Path, reference: Path | None = None) -> str:
        """Upload a CT; answers the address of its page."""
        files = {"file": (ct.name, ct.read_bytes())}
        if reference is not None:
            files["reference"] = (reference.name, reference.read_bytes())
        answer = httpx.post(f"{self.address}/api/v1/studies", files=files, timeout=60)
        assert answer.status_code == 201, answer.text
        return self.address + str(answer.json()["url"])

    def add_volume(self, folder: Path, volume: Volume, reference: LabelMap | None = None) -> str:
        """Upload a scan, with its reference if there is one; answers the address of its page."""
        folder.mkdir(parents=True, exist_ok=True)
        write_volume(volume, folder / "ct.nii.gz")
        if reference is not None:
            write_nifti(reference, folder / "vert.nii.gz")
        return self.add(folder / "ct.nii.gz", None if reference is None else folder / "vert.nii.gz")

    def add_phantom(self, folder: Path, spec: PhantomSpec) -> tuple[str, dict[str, Any]]:
        """Upload a phantom with its labels; answers the address of its page, and what is known of it."""
        write_phantom(folder, spec)
        return self.add(folder / "ct.nii.gz", folder / "vert.nii.gz"), json.loads((folder / "truth.json").read_text())


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Site]:
    """A server whose studies lie in ``folder``, until the block ends."""
    application = create_asgi(Settings(data_dir=folder / "data", min_free_bytes=0, **settings), BoneEngine)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", application)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
