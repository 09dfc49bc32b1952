"""DICOMweb over TLS with a private authority, tokens and passwords; each fault has its sentence and shows no secret."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from webapp.dicomweb import client as dicomweb
from webapp.dicomweb.client import DicomWeb, Search
from webapp.dicomweb.config import PacsServer
from webapp.http.errors import WebError

TOKEN, USER, PASSWORD = "tell-nobody-token", "spineview", "tell-nobody-password"
ALLOWED = {f"Bearer {TOKEN}", f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"}
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
STUDY = [{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100020": {"vr": "LO", "Value": ["4711"]}}]


class Archive(BaseHTTPRequestHandler):
    """Answers one study to whoever signs in; the path says what else it does."""

    released = threading.Event()

    def do_GET(self) -> None:
        if "/slow/" in self.path:
            self.released.wait(20)
        if self.headers.get("Authorization") not in ALLOWED:
            return self._answer(401, b"{}")
        if "/forbidden/" in self.path:
            return self._answer(403, b"{}")
        return self._answer(200, json.dumps(STUDY).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    """Handshakes that fail are the point here."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ca.pem``, and signed by it for ``key.pem``: ``good.pem``, ``old.pem`` and ``other.pem``."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    openssl("req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Hospital CA")
    openssl("req", *CURVE, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=pacs")
    for name, days, place in (
        ("good", "2", "IP:127.0.0.1"),
        ("old", "-1", "IP:127.0.0.1"),
        ("other", "2", "DNS:elsewhere.example"),
    ):
        (folder / "names").write_text(f"subjectAltName={place}")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        openssl("x509", "-req", "-in", "request.pem", *signed, "-days", days, "-out", f"{name}.pem")
    return folder


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The archive on a port of its own."""
    server = Quiet(("127.0.0.1", 0), Archive)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def at(certificates: Path) -> Iterator[Callable[..., PacsServer]]:
    """Start the archive with a certificate and answer how it is named in the settings."""
    running = []

    def start(certificate: str = "good", path: str = "", **way_in: object) -> PacsServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.pem", certificates / "key.pem")
        manager = listening(context)
        port = manager.__enter__()
        running.append(manager)
        settings = {"ca_file": certificates / "ca.pem", "token": TOKEN, **way_in}
        return PacsServer.model_validate({"name": "Hospital", "url": f"https://127.0.0.1:{port}{path}", **settings})

    yield start
    for manager in running:
        manager.__exit__(None, None, None)


def refusal(server: PacsServer) -> WebError:
    with pytest.raises(WebError) as caught:
        DicomWeb(server).search(Search())
    assert caught.value.status == 502
    assert "tell-nobody" not in caught.value.message + caught.value.hint
    assert "127.0.0.1" not in caught.value.message + caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "way_in",
    [{"token": TOKEN}, {"token": "", "username": USER, "password": PASSWORD}, "token_file", "password_file"],
    ids=str,
)
def test_a_private_authority_and_each_way_in(
    at: Callable[..., PacsServer], tmp_path: Path, way_in: dict | str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    if isinstance(way_in, str):
        (tmp_path / "secret").write_text(f"{TOKEN if way_in == 'token_file' else PASSWORD}\n")
        user = {} if way_in == "token_file" else {"username": USER}
        way_in = {"token": "", **user, way_in: tmp_path / "secret"}
    [study] = DicomWeb(at(**way_in)).search(Search())
    assert (study.uid, study.patient_id) == ("1.2.3", "4711")
    assert "tell-nobody" not in caplog.text


def test_a_certificate_of_an_unknown_authority_is_not_trusted(at: Callable[..., PacsServer]):
    told = refusal(at(ca_file=None))
    assert told.code == "pacs_unreachable"
    assert told.message == "The certificate of Hospital is not signed by an authority that this server trusts."
    assert told.hint == "Name the file of the hospital's certificate authority as ca_file in SPINEVIEW_PACS."


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ("old", "The certificate of Hospital has expired."),
        ("other", "The certificate of Hospital was made for another address than the one in SPINEVIEW_PACS."),
    ],
)
def test_a_certificate_that_does_not_hold_is_told_why(at: Callable[..., PacsServer], certificate: str, sentence: str):
    told = refusal(at(certificate))
    assert (told.code, told.message) == ("pacs_unreachable", sentence)
    assert told.hint == "Ask whoever looks after the PACS for a new certificate."


def test_a_file_that_holds_no_certificate_is_said(at: Callable[..., PacsServer], tmp_path: Path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for file in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        told = refusal(at(ca_file=file))
        assert told.message == "The secrets or certificates of Hospital cannot be read on this server."


def test_an_archive_without_tls_behind_https_is_said():
    with listening() as port:
        told = refusal(PacsServer(name="Hospital", url=f"https://127.0.0.1:{port}"))
    assert told.message == "Hospital does not speak TLS as its https address promises."


def test_a_wrong_token_and_a_missing_right_are_two_sentences(at: Callable[..., PacsServer]):
    wrong = refusal(at(token="tell-nobody-wrong"))
    assert (wrong.code, wrong.message) == ("pacs_refused", "Hospital does not let this server in.")
    assert wrong.hint == "Its user name and password, or its token, in SPINEVIEW_PACS may be wrong or have expired."
    forbidden = refusal(at(path="/forbidden"))
    assert (forbidden.code, forbidden.message) == (
        "pacs_refused",
        "Hospital knows this server, but does not allow it to do this.",
    )
    assert forbidden.hint == "Ask whoever looks after the PACS for the right to search, fetch and store."


def test_an_archive_that_takes_too_long_is_said(at: Callable[..., PacsServer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dicomweb, "_TIMEOUT", httpx.Timeout(0.3))
    Archive.released.clear()
    try:
        told = refusal(at(path="/slow"))
    finally:
        Archive.released.set()
    assert (told.code, told.message, told.hint) == (
        "pacs_unreachable",
        "Hospital does not answer.",
        "Try again later.",
    )


def test_one_that_takes_the_call_and_says_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dicomweb, "_TIMEOUT", httpx.Timeout(0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = refusal(PacsServer(name="Hospital", url=f"https://127.0.0.1:{silent.getsockname()[1]}"))
    assert told.message == "Hospital does not answer."
