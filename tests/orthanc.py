"""A real Orthanc on loopback, with its DICOMweb plugin and a password, for as long as a test module needs it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

USER, PASSWORD = "doctor", "not-to-be-seen"
AET = "ORTHANC"
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Orthanc:
    """Where it listens."""

    http_port: int
    dicom_port: int

    @property
    def dicomweb(self) -> str:
        """Root of its DICOMweb services."""
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def rest(self, method: str, path: str, **options: object) -> httpx.Response:
        """Ask Orthanc's own API, which we do not use in the product."""
        address = f"http://127.0.0.1:{self.http_port}{path}"
        answer = httpx.request(method, address, auth=(USER, PASSWORD), trust_env=False, timeout=60, **options)  # type: ignore[arg-type]
        answer.raise_for_status()
        return answer

    def clear(self) -> None:
        """Forget every study."""
        for study in self.rest("GET", "/studies").json():
            self.rest("DELETE", f"/studies/{study}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Start it in ``folder``; the test is skipped, with the reason, where it is not installed."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
    plugins = sorted(Path("/usr/lib/orthanc").glob("libOrthancDicomWeb.so.*"))
    if program is None or not plugins:
        pytest.skip("no Orthanc with DICOMweb here (Debian: apt-get install orthanc orthanc-dicomweb)")
    orthanc = Orthanc(free_port(), free_port())
    config = folder / "orthanc.json"
    config.write_text(json.dumps(_configuration(orthanc, folder, plugins[-1])), encoding="utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(config)], stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(orthanc, process, folder / "orthanc.log")
        yield orthanc
    finally:
        process.terminate()
        process.wait(30)


def _configuration(orthanc: Orthanc, folder: Path, plugin: Path) -> dict[str, object]:
    return {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(plugin)],
        "HttpPort": orthanc.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DicomAet": AET,
        "DicomPort": orthanc.dicom_port,
        "DicomCheckCalledAet": True,
        "DefaultEncoding": "Utf8",
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }


def _wait(orthanc: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            orthanc.rest("GET", "/system")
            return
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, "Orthanc did not start in time"
            time.sleep(0.1)
