"""The real server behind a real nginx, with the configuration of the documentation: TLS, sockets, who the client is."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.webapp.accounts.support import PASSWORD, add_account, quick_hashes
from tests.webapp.support import wait_for
from webapp.storage.store import Store

ROOT = Path(__file__).resolve().parents[3]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed"
)
FRAME = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def site(upstream: int, plain: int, secure: int, folder: Path) -> str:
    """The documented file, with the places changed that an administrator changes."""
    text = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
    for documented, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "spine.example": "localhost",
        "/etc/ssl/spineview": str(folder),
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
    }.items():
        assert documented in text
        text = text.replace(documented, here)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost"
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def secure_port(folder: Path) -> Iterator[int]:
    data = folder / "data"
    store = Store(data)
    with quick_hashes():
        store.accounts.add_group("spine")
        add_account(store, "clinician", "clinician", ("spine",))
    store.close()
    (folder / "gate").touch()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "SPINEVIEW_ACCOUNTS": "true",
        "SPINEVIEW_PUBLIC_URL": "https://localhost",
        "SPINEVIEW_TRUSTED_PROXIES": '["127.0.0.1"]',
    }
    upstream, plain, secure = free_port(), free_port(), free_port()
    (folder / "site.conf").write_text(site(upstream, plain, secure, folder))
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
    command = [sys.executable, "-m", "tests.webapp.gated_server", str(upstream), str(data), str(folder / "gate")]
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    proxy = subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        wait_for(lambda: re.search(r"answers at https://localhost/ ", (folder / "log").read_text()), 60)
        wait_for(lambda: (folder / "nginx.pid").exists())
        redirected = httpx.get(f"http://127.0.0.1:{plain}/studies/x", headers={"host": "localhost"})
        assert (redirected.status_code, redirected.headers["location"]) == (301, "https://localhost/studies/x")
        yield secure
    finally:
        for process in (proxy, server):
            process.terminate()
            process.communicate(timeout=30)
        log.close()


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
