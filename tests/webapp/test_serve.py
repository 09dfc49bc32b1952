"""The one way to run it, as a process: starts, answers, dies by kill -9 in mid-job, starts again, finishes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.webapp.support import wait_for

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Process:
    """One server at a time on one data folder."""

    folder: Path
    running: subprocess.Popen[str] | None = None
    url: str = ""

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def start(self) -> str:
        log = self.folder / "log"
        with log.open("w") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "tests.webapp.gated_server", "0", str(self.folder / "data"), str(self.gate)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "HOME": str(self.folder)},
                start_new_session=True,
            )
        found = wait_for(lambda: re.search(r"answers at (http://\S+?)/ ", log.read_text()), 60)
        self.url = found[1]
        return self.url

    def stop(self, how: signal.Signals, kill: Callable[[int, int], None] = os.kill) -> int:
        assert self.running is not None
        kill(self.running.pid, how)
        code = self.running.wait(30)
        self.running = None
        return code

    def close(self) -> None:
        """Leave nothing running, whatever happened before."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait(30)

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    yield process
    process.close()


def test_a_server_killed_in_mid_job_finishes_it_after_the_restart(process: Process, ct: Path, tmp_path: Path):
    url = process.start()
    with httpx.Client(base_url=url, timeout=60) as browser:
        assert browser.get("/api/v1/health").json()["status"] == "ok"
        assert "SpineView" in browser.get("/").text
        study = browser.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        job = browser.post(f"/api/v1/studies/{study['id']}/jobs", json={"task": "segment"}).json()
        address = f"/api/v1/jobs/{job['id']}"
        wait_for(lambda: browser.get(address).json()["stage"] == "locating")

    process.stop(signal.SIGKILL, os.killpg)
    assert list(tmp_path.glob(".gunicorn*")) == []  # HOME of the server: no control socket there

    process.gate.touch()
    with httpx.Client(base_url=process.start(), timeout=60) as browser:
        wait_for(lambda: browser.get(address).json()["state"] == "done")
        again = browser.get(address).json()
        assert any("restarted" in line for line in again["log"])
        assert browser.get(f"/api/v1/masks/{again['mask_id']}.nii.gz").status_code == 200
        assert len(browser.get("/api/v1/studies").json()["studies"]) == 1

    assert process.stop(signal.SIGTERM) == 0
    assert "Traceback" not in process.log()


def test_a_worker_whose_gunicorn_was_killed_goes_too(process: Process):
    url = process.start()
    assert httpx.get(f"{url}/api/v1/health").status_code == 200
    process.stop(signal.SIGKILL)

    def unanswered() -> bool:
        try:
            httpx.get(f"{url}/api/v1/health", timeout=5)
        except httpx.TransportError:
            return True
        return False

    wait_for(unanswered)
