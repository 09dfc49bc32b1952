"""The one way to run it, as a process: starts, answers, dies by kill -9 in mid-job, starts again, finishes."""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from segmentation.core.errors import BadConfiguration
from segmentation.writers import write_volume
from tests.webapp.gated_server import DEADLY_HU
from tests.webapp.support import small_volume, wait_for
from webapp.cli import main
from webapp.serve import Server, Worker, serve
from webapp.settings import Settings
from webapp.storage.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """``serve`` sends the log to this test's stderr, which is closed when later tests write to the log."""
    root, own = logging.getLogger(), [logging.getLogger(name) for name in ("segmentation", "webapp")]
    handlers, levels = root.handlers[:], [each.level for each in (root, *own)]
    yield
    root.handlers[:] = handlers
    for each, level in zip((root, *own), levels, strict=True):
        each.setLevel(level)


@dataclass
class Process:
    """One server at a time on one data folder."""

    folder: Path
    running: subprocess.Popen[str] | None = None
    url: str = ""

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def start(self, **environment: str) -> str:
        log = self.folder / "log"
        with log.open("w") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "tests.webapp.gated_server", "0", str(self.folder / "data"), str(self.gate)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "HOME": str(self.folder), **environment},
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


def test_a_study_whose_job_ends_the_process_is_set_aside_and_the_rest_goes_on(
    process: Process, ct: Path, tmp_path: Path
):
    deadly = small_volume()
    deadly.hu[0, 0, 0] = DEADLY_HU
    write_volume(deadly, tmp_path / "deadly.nii.gz")
    process.gate.touch()
    jobs = []
    with httpx.Client(base_url=process.start(), timeout=60) as browser:
        studies = [
            browser.post("/api/v1/studies", files={"file": (path.name, path.read_bytes())}).json()["id"]
            for path in (tmp_path / "deadly.nii.gz", ct)
        ]
        made = browser.post("/api/v1/batches", json={"studies": studies}).json()
        jobs = [f"/api/v1/jobs/{job['id']}" for job in made["jobs"]]

    def ended(address: str) -> dict | None:
        with suppress(httpx.HTTPError):  # the server starts again
            job = httpx.get(process.url + address, timeout=20).json()
            return job if job["state"] in ("done", "failed") else None
        return None

    deadly_job, other = (wait_for(lambda address=address: ended(address), 120) for address in jobs)
    assert (deadly_job["state"], deadly_job["error"]["code"]) == ("failed", "server_stopped")
    assert other["state"] == "done"
    assert process.log().count("SIGKILL") == 3, "so often, and no oftener"


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


def test_a_job_that_a_clean_stop_interrupts_is_as_if_nobody_had_begun_it(process: Process, ct: Path):
    with httpx.Client(base_url=process.start(), timeout=60) as browser:
        study = browser.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        job = browser.post(f"/api/v1/studies/{study['id']}/jobs", json={"task": "segment"}).json()
        wait_for(lambda: browser.get(f"/api/v1/jobs/{job['id']}").json()["stage"] == "locating", 60)
    assert process.stop(signal.SIGTERM) == 0
    with closing(sqlite3.connect(process.folder / "data" / "spineview.sqlite3")) as database:
        assert database.execute("SELECT state, attempts FROM jobs").fetchall() == [("queued", 0)]


def test_a_broken_off_upload_leaves_nothing_and_a_worker_without_gunicorn_goes(process: Process):
    url = process.start()
    assert httpx.get(f"{url}/api/v1/health").status_code == 200
    _break_off_an_upload(url)
    incoming = process.folder / "data" / "incoming"
    wait_for(lambda: not list(incoming.iterdir()))
    process.stop(signal.SIGKILL)

    def unanswered() -> bool:
        try:
            httpx.get(f"{url}/api/v1/health", timeout=5)
        except httpx.TransportError:
            return True
        return False

    wait_for(unanswered)


def _break_off_an_upload(url: str) -> None:
    """Send the first half megabyte of a gigabyte, then go."""
    address = httpx.URL(url)
    head = (
        f"POST /api/v1/studies HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Length: 1000000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.nii"\r\n\r\n'
    )
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall(head.encode() + bytes(512 << 10))


def test_gunicorn_is_told_what_this_design_needs(tmp_path: Path):
    server = Server(Settings(data_dir=tmp_path, host="127.0.0.1", port=0))
    options = server.cfg
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert options.address == [server.socket.fileno()]
    assert options.forwarded_allow_ips == []
    assert (options.workers, options.timeout, options.control_socket_disable) == (1, 0, True)
    assert options.worker_class is Worker
    server.socket.close()


def test_only_a_named_proxy_s_forwarded_headers_are_believed(tmp_path: Path):
    server = Server(Settings(data_dir=tmp_path, port=0, trusted_proxies=("10.0.0.1", "192.168.0.0/16")))
    assert server.cfg.forwarded_allow_ips == ["10.0.0.1/32", "192.168.0.0/16"]
    server.socket.close()


def test_a_server_on_the_network_says_so_and_its_own_lines_are_in_the_log(process: Process, ct: Path):
    url = process.start(SPINEVIEW_HOST="0.0.0.0", SPINEVIEW_OPEN="true", SPINEVIEW_PRELOAD_MODEL="true")
    assert "127.0.0.1" not in url
    assert "WARNING: There are no accounts" in process.log()
    forged = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    with httpx.Client(base_url=url, timeout=60, headers=forged) as browser:
        study = browser.post("/api/v1/studies", files={"file": (ct.name, ct.read_bytes())}).json()
        assert browser.delete(f"/api/v1/studies/{study['id']}", headers={"origin": url}).status_code == 204
        rebound = {"host": "evil.example", "origin": "http://evil.example"}
        assert browser.get("/api/v1/studies", headers=rebound).status_code == 421
    wait_for(lambda: "[INFO] webapp.jobs: loaded the model bone-200" in process.log())
    assert process.stop(signal.SIGTERM) == 0
    store = Store(process.folder / "data")
    recorded = {entry.who for entry in store.audit.entries()}
    store.close()
    assert len(recorded) == 1
    assert "203.0.113.9" not in recorded


@pytest.mark.parametrize(("host", "reason"), [("127.0.0.1", "taken"), ("192.0.2.1", "no address of this machine")])
def test_an_address_that_cannot_be_used_is_one_line(
    host: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    monkeypatch.setenv("SPINEVIEW_OPEN", "true")  # else another address than loopback is refused for want of accounts
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert main(["serve", "--host", host, "--port", port, "--data", str(tmp_path / "data")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert reason in lines[0]


def test_a_data_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/spineview")):
        assert main(["serve", "--port", "0", "--data", str(folder)]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1, lines
        assert str(folder) in lines[0]


def test_a_folder_in_use_is_refused_before_gunicorn_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("webapp.serve.HOLD_S", 0)
    monkeypatch.setattr("os.umask", lambda _mask: 0)  # of the tests' own process
    holder = Store(tmp_path)
    holder.hold()
    with pytest.raises(BadConfiguration, match="Another SpineView server"):
        serve(data_dir=tmp_path)
    holder.close()


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["serve", "--port", "0", *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "environment",
    [
        {"SPINEVIEW_HOST": "0.0.0.0"},
        {"SPINEVIEW_HOST": "::"},
        {"SPINEVIEW_TRUSTED_PROXIES": '["127.0.0.1"]'},
        {"SPINEVIEW_ALLOWED_ORIGINS": '["https://spine.example"]'},
        {"SPINEVIEW_PUBLIC_URL": "https://spine.example"},
    ],
)
def test_a_server_that_others_reach_does_not_start_without_accounts(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    monkeypatch.setattr(Server, "run", lambda _self: pytest.fail("it started"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert "--accounts" in refused(capsys, "--data", str(tmp_path))


def test_a_folder_that_had_accounts_is_never_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    started = []
    monkeypatch.setattr(Server, "run", lambda self: started.append(self) or self.socket.close())
    assert main(["serve", "--port", "0", "--data", str(tmp_path), "--accounts"]) == 0
    assert started[0]._invitation.startswith("/welcome#")
    for file in tmp_path.glob("spineview.sqlite3*"):
        file.unlink()
    assert "has accounts" in refused(capsys, "--data", str(tmp_path), "--open")


def test_after_the_start_garbage_is_collected_but_not_looked_for_in_what_the_start_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gc.unfreeze()
    at_work: list[tuple[bool, int]] = []
    monkeypatch.setattr(Server, "run", lambda _: at_work.append((gc.isenabled(), gc.get_freeze_count())))
    with closing(socket.socket()) as listening:
        monkeypatch.setattr("webapp.serve.listen", lambda *_: listening)
        try:
            assert main(["serve", "--port", "0", "--data", str(tmp_path)]) == 0
        finally:
            gc.unfreeze()
    [(enabled, frozen)] = at_work
    assert enabled
    assert frozen > 10_000
    assert gc.isenabled()
