"""The real server behind a real nginx, with the configurations of the documentation."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.webapp.accounts.support import add_account, quick_hashes
from tests.webapp.support import wait_for
from webapp.storage.store import Store

ROOT = Path(__file__).resolve().parents[3]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
IS_MISSING = NGINX is None or shutil.which("openssl") is None
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
OTHER_SITE = """
server {{
    listen 127.0.0.1:{secure} ssl;
    server_name localhost;
    ssl_certificate     {folder}/fullchain.pem;
    ssl_certificate_key {folder}/privkey.pem;
    location / {{ return 418; }}
    include {folder}/location.conf;
}}
"""


class Ports(NamedTuple):
    """Ports of the server, and of nginx without and with TLS."""

    upstream: int
    plain: int
    secure: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def free_ports() -> Ports:
    with contextlib.ExitStack() as probes:
        opened = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in Ports._fields]
        return Ports(*(int(each.getsockname()[1]) for each in opened))


def documented(name: str, changes: dict[str, str]) -> str:
    """A documented file, with the places changed that an administrator changes."""
    text = (ROOT / "docs" / "deploy" / name).read_text()
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    return text


def own_site(ports: Ports, folder: Path) -> None:
    """Configure nginx for a server that has a name of its own."""
    changes = {
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "listen 80;": f"listen 127.0.0.1:{ports.plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{ports.secure} ssl;",
        "spine.example": "localhost",
        "/etc/ssl/spineview": str(folder),
        "127.0.0.1:8000": f"127.0.0.1:{ports.upstream}",
    }
    (folder / "site.conf").write_text(documented("nginx.conf", changes))


def below_another_site(ports: Ports, folder: Path, strips: bool = False) -> None:
    """Configure nginx for a server below ``/spineview/`` of another site, whose own pages all answer 418.

    ``strips``: with a slash behind the server's address, as others document it; nginx then takes the path off.
    """
    upstream = f"127.0.0.1:{ports.upstream}{'/' * strips};"
    (folder / "location.conf").write_text(documented("nginx-sub-path.conf", {"127.0.0.1:8000;": upstream}))
    (folder / "site.conf").write_text(OTHER_SITE.format(folder=folder, secure=ports.secure))


def make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost"
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)


@contextlib.contextmanager
def proxied(folder: Path, ports: Ports, public_url: str) -> Iterator[None]:
    """Run both, with a group "spine" and an account "clinician" in it."""
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
        "SPINEVIEW_PUBLIC_URL": public_url,
        "SPINEVIEW_TRUSTED_PROXIES": '["127.0.0.1"]',
    }
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
    command = [sys.executable, "-m", "tests.webapp.gated_server", str(ports.upstream), str(data), str(folder / "gate")]
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    proxy = subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        wait_for(lambda: re.search(rf"answers at {re.escape(public_url)}/ ", (folder / "log").read_text()), 60)
        wait_for(lambda: (folder / "nginx.pid").exists())
        yield
    finally:
        for process in (proxy, server):
            process.terminate()
            process.communicate(timeout=30)
        log.close()
