"""The real server behind a real nginx, with the configuration of the documentation: TLS, sockets, who the client is."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.webapp.accounts.proxied import IS_MISSING, ROOT, free_ports, make_certificate, own_site, proxied
from tests.webapp.accounts.support import PASSWORD
from webapp.storage.store import Store

pytestmark = pytest.mark.skipif(IS_MISSING, reason="nginx or openssl is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    make_certificate(folder)
    return folder


@pytest.fixture(scope="module")
def secure_port(folder: Path) -> Iterator[int]:
    ports = free_ports()
    own_site(ports, folder)
    with proxied(folder, ports, "https://localhost"):
        redirected = httpx.get(f"http://127.0.0.1:{ports.plain}/studies/x", headers={"host": "localhost"})
        assert (redirected.status_code, redirected.headers["location"]) == (301, "https://localhost/studies/x")
        yield ports.secure


@pytest.fixture(scope="module")
def context(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


def test_the_whole_way_through_the_documented_proxy(secure_port: int, context: ssl.SSLContext, folder: Path):
    base = f"https://localhost:{secure_port}"
    origin = {"origin": "https://localhost", "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http"}
    with httpx.Client(base_url=base, verify=context, timeout=60, headers=origin) as browser:
        assert browser.get("/api/v1/studies").status_code == 401
        assert "max-age" in browser.get("/health/live").headers["strict-transport-security"]
        signed = browser.post("/api/v1/session", json={"name": "clinician", "password": PASSWORD})
        assert signed.status_code == 200, signed.text
        cookie = signed.headers["set-cookie"].partition(";")[0]
        assert cookie.startswith("__Host-spineview=")
        assert "Secure" in signed.headers["set-cookie"]
        demo = browser.post("/api/v1/studies/demo")
        assert demo.status_code == 201, demo.text
        study = demo.json()["id"]
        evil = browser.delete(f"/api/v1/studies/{study}", headers={"origin": "https://evil.example"})
        assert evil.status_code == 403
        address = f"wss://localhost:{secure_port}/studies/{study}/ws/{'a' * 32}"
        with connect(address, ssl=context, origin="https://localhost", additional_headers={"Cookie": cookie}) as opened:
            assert opened.ping().wait(30)
        assert browser.delete("/api/v1/session").status_code == 204
        assert browser.get("/api/v1/studies").status_code == 401
    store = Store(folder / "data")
    [entry] = [entry for entry in store.audit.entries() if entry.action == "upload"]
    store.close()
    assert (entry.who, entry.address) == ("clinician", "127.0.0.1"), "what a client says of itself is not believed"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_documented_units_are_units(tmp_path: Path):
    units = []
    for name in ("spineview.service", "spineview-backup.service", "spineview-backup.timer"):
        text = (ROOT / "docs" / "deploy" / name).read_text().replace("=file:", "=man:")
        units.append(tmp_path / name)
        units[-1].write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
    found = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    about_them = [line for line in found.stderr.splitlines() if "spineview" in line and "man " not in line]
    assert about_them == []
