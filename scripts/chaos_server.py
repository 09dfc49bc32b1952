"""The server that the chaos test kills, its client, and the ledger of what was acknowledged."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.webapp.support import BoneEngine
from webapp.log_setup import set_up_logging
from webapp.serve import Server
from webapp.settings import Settings

PATIENCE_S = 120.0
API = "/api/v1"


class Ledger:
    """What the server acknowledged. What was asked for and not answered may have happened or not."""

    def __init__(self) -> None:
        self.studies: dict[str, dict[str, set[str]]] = {}  # id -> {"reviews": ids, "jobs": ids}
        self.deleted: set[str] = set()
        self.unknown: set[str] = set()


class Machine:
    """A server that is started by fork, so that a start costs no imports."""

    def __init__(self, folder: Path) -> None:
        self.data, self.log, self.journal = folder / "data", folder / "log", folder / "fsyncs"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._pid = 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._pid = os.fork()
        if self._pid == 0:
            os.setsid()
            out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(out, 1), os.dup2(out, 2)
            code = 1
            try:
                record_fsyncs(self.journal)
                set_up_logging("info")
                settings = Settings(data_dir=self.data, port=self.port, min_free_bytes=0, preload_model=False)
                Server(settings, SlowEngine).run()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                os._exit(code)
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}{API}/health", timeout=20).status_code == 200:
                    return
            if time.monotonic() > deadline or (self._pid and os.waitpid(self._pid, os.WNOHANG)[0]):
                raise SystemExit(f"the server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """The server's children."""
        path = Path(f"/proc/{self._pid}/task/{self._pid}/children")
        return [int(each) for each in path.read_text().split()]

    def readers(self) -> list[int]:
        """Processes that read DICOM for this server."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                is_reader = b"segmentation.readers.dicom.worker" in path.read_bytes()
                if is_reader and os.getsid(int(path.parent.name)) == self._pid:
                    found.append(int(path.parent.name))
        return found

    def kill(self) -> None:
        """End everything at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._pid = 0


class SlowEngine(BoneEngine):
    """A small engine that takes a moment, so that something can happen meanwhile."""

    def segment(self, *arguments: Any, **named: Any) -> Any:
        """Segment, a little later."""
        time.sleep(random.uniform(0, 0.1))
        return super().segment(*arguments, **named)


def record_fsyncs(journal: Path) -> None:
    """Write down every fsync of this process: inode and time."""
    fsync = os.fsync
    out = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def recording(descriptor: int) -> None:
        at = time.time_ns()
        fsync(descriptor)
        os.write(out, f"{os.fstat(descriptor).st_ino} {at}\n".encode())

    os.fsync = recording


class Client:
    """One user, whose acknowledged actions go into the ledger."""

    def __init__(self, machine: Machine, ledger: Ledger, ct: bytes, rng: random.Random) -> None:
        self._http = httpx.Client(base_url=machine.url, timeout=60)
        self._ledger, self._ct, self._rng, self._machine = ledger, ct, rng, machine
        self.acts = 0

    def run(self, stop: threading.Event) -> None:
        """Do one thing after another until something fails or it is time to stop."""
        often, seldom = [self.segment, self.review], [self.upload, self.upload_resumably, self.delete]
        actions = [self.upload, *often, *often, *seldom]
        with contextlib.suppress(httpx.HTTPError):
            while not stop.is_set():
                self._rng.choice(actions)()
                self.acts += 1

    def upload(self) -> None:
        """Upload a CT by form."""
        answer = self._http.post(f"{API}/studies", files={"file": ("ct.nii.gz", self._ct)})
        if answer.status_code == 201:
            self._ledger.studies[answer.json()["id"]] = {"reviews": set(), "jobs": set()}

    def upload_resumably(self) -> None:
        """Upload a CT in two pieces."""
        tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        made = self._http.post("/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(self._ct))})
        if made.status_code != 201:
            return
        address, half = made.headers["location"], len(self._ct) // 2
        for offset, piece in ((0, self._ct[:half]), (half, self._ct[half:])):
            sent = self._http.patch(address, content=piece, headers={**tus, "Upload-Offset": str(offset)})
            if sent.status_code != 204:
                return
        files = [{"field": "file", "name": "ct.nii.gz", "size": len(self._ct)}]
        answer = self._http.post(f"{address}/study", json={"files": files})
        if answer.status_code == 201:
            self._ledger.studies[answer.json()["id"]] = {"reviews": set(), "jobs": set()}

    def segment(self) -> None:
        """Queue a job."""
        if study := self._any():
            answer = self._http.post(f"{API}/studies/{study}/jobs")
            if answer.status_code == 202:
                self._ledger.studies[study]["jobs"].add(answer.json()["id"])

    def review(self) -> None:
        """Write a review."""
        if study := self._any():
            verdict = {"verdict": "accepted", "at_mm": [1, 2, 3]}
            answer = self._http.post(f"{API}/studies/{study}/reviews", json=verdict)
            if answer.status_code == 201:
                self._ledger.studies[study]["reviews"].add(answer.json()["id"])

    def delete(self) -> None:
        """Delete a study, if a few are left."""
        if len(self._ledger.studies) < 3 or not (study := self._any()):
            return
        self._ledger.unknown.add(study)
        self._ledger.studies.pop(study)
        if self._http.delete(f"{API}/studies/{study}").status_code == 204:
            self._ledger.unknown.discard(study)
            self._ledger.deleted.add(study)

    def _any(self) -> str | None:
        return self._rng.choice(sorted(self._ledger.studies)) if self._ledger.studies else None


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
