"""An upload from the page over a connection that is cut in the middle goes on where it was."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.writers import write_volume
from tests.browser.site import Site, serving
from tests.browser.support import expect

pytestmark = pytest.mark.browser
CUT_AFTER = 600_000


class CuttingProxy:
    """Passes bytes on to a server, and cuts the first connection that has sent ``CUT_AFTER`` of them."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.cut = 0
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            outer = socket.create_connection(self._target)
            threading.Thread(target=self._up, args=(inner, outer), daemon=True).start()
            threading.Thread(target=self._down, args=(outer, inner), daemon=True).start()

    def _up(self, source: socket.socket, target: socket.socket) -> None:
        passed = 0
        try:
            while data := source.recv(1 << 16):
                if data.split(b" ", 1)[0] in (b"HEAD", b"PATCH", b"POST"):
                    self.heads.append(data.split(b"\r\n\r\n", 1)[0])
                passed += len(data)
                target.sendall(data)
                if passed > CUT_AFTER and not self.cut:
                    self.cut = passed
                    time.sleep(2)  # the server reads what came: a reset would take it away again
                    break
        except OSError:
            pass
        finally:
            for each in (source, target):
                _end(each)

    def _down(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                _end(each)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path) as site:
        yield site


def test_a_cut_connection_costs_nothing_but_a_moment(browser: Any, site: Site, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-1000, 1500, (100, 100, 100)).astype(np.int16)
    ct = tmp_path / "big scan.nii"
    write_volume(Volume(noise, Grid(noise.shape, np.diag([1.0, 1.0, 1.0, 1.0]))), ct)
    port = int(site.address.rsplit(":", 1)[1])
    proxy = CuttingProxy(("127.0.0.1", port))
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{proxy.port}/")
        page.get_by_test_id("upload-input").set_input_files(ct)
        page.wait_for_url("**/studies/*", timeout=60_000)
        expect(page.get_by_test_id("study-name")).to_contain_text("big scan", timeout=60_000)
    finally:
        page.close()
        proxy.close()
    assert proxy.cut > CUT_AFTER
    offsets = [
        int(line.split(b":")[1])
        for head in proxy.heads
        if head.startswith(b"PATCH")
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"upload-offset")
    ]
    assert offsets[0] == 0
    assert offsets[-1] > 0, "what had come was not sent again"
    [study] = site.application.state.store.studies.all()
    assert (site.application.state.store.folder(study.id) / study.original).read_bytes() == ct.read_bytes()
    assert b"big scan" not in b"".join(proxy.heads), "a name can be a patient's"
