"""Hostile requests against a real server, byte by byte; and the table of faults, each of which has a test."""

from __future__ import annotations

import ast
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.webapp.hostile.faults import FAULTS
from tests.webapp.support import small_volume, wait_for

ROOT = Path(__file__).resolve().parents[3]
API = "/api/v1"
SECRETS = ("Traceback", 'File "/', "/site-packages/", "root:x:0")
PATIENCE_S = 60.0  # of a busy machine; nothing here is asked to be quick but what says so


@dataclass
class Machine:
    """A server of its own, without accounts, with one study in it."""

    port: int
    folder: Path
    study: str = ""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{self.host}", timeout=PATIENCE_S)

    def send(self, data: bytes, ends: bool = False) -> bytes:
        """Send bytes as they are; what comes back until the server closes, or has answered."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            try:
                connection.sendall(data)
                if ends:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before all of it was read
            found = b""
            try:
                while part := connection.recv(1 << 16):
                    found += part
            except OSError:
                pass
            return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("hostile")
    log = folder / "log"
    (folder / "gate").touch()
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.webapp.gated_server", "0", str(folder / "data"), str(folder / "gate")],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        found = wait_for(lambda: re.search(r"answers at http://127.0.0.1:(\d+)/ ", log.read_text()), 120)
        machine = Machine(int(found[1]), folder)
        from segmentation.writers import write_volume

        write_volume(small_volume(), folder / "ct.nii.gz")
        with machine.client() as client:
            files = {"file": ("ct.nii.gz", (folder / "ct.nii.gz").read_bytes())}
            machine.study = client.post(f"{API}/studies", files=files).json()["id"]
        yield machine
    finally:
        process.terminate()
        process.wait(60)


def head(line: str, *headers: str, host: str | None = None) -> str:
    """The head of a request that asks to be closed; HOST stands for the server's own name."""
    own = [] if host == "" else [f"Host: {host or 'HOST'}"]
    return "\r\n".join([line, *own, *headers, "Connection: close", "", ""])


GET, POST = "GET / HTTP/1.1", f"POST {API}/studies/demo HTTP/1.1"
REFUSED = {400, 404, 405, 408, 411, 413, 414, 415, 421, 431, 501, 505}
RAW: dict[str, tuple[str, set[int]]] = {
    "one header of 70 kB": (head(GET, "X: " + "a" * 70_000), REFUSED),
    "ten thousand headers": (head(GET, *(f"X{n}: aaaa" for n in range(10_000))), REFUSED),
    "a head that never ends": ("GET / HTTP/1.1\r\nHost: HOST\r\nX: " + "a" * 400_000, REFUSED),
    "an address of 70 kB": (head(f"GET /{'a' * 70_000} HTTP/1.1"), REFUSED),
    "a NUL in a header": (head(GET, "X: a\0b"), REFUSED),
    "a space before the colon": (head(GET, "Content-Length : 5"), REFUSED),
    "a folded header": (head(GET, "X: a\r\n b"), REFUSED | {200}),
    "length and chunks (smuggling)": (
        head(POST, "Content-Length: 4", "Transfer-Encoding: chunked") + "0\r\n\r\n", REFUSED),
    "two lengths": (head(POST, "Content-Length: 4", "Content-Length: 5") + "abcde", REFUSED),
    "a negative length": (head(POST, "Content-Length: -1"), REFUSED),
    "a length with a sign": (head(POST, "Content-Length: +4") + "abcd", REFUSED),
    "a length of twenty digits": (head(POST, "Content-Length: 99999999999999999999"), REFUSED),
    "an unknown coding": (head(POST, "Transfer-Encoding: xchunked") + "abcd", REFUSED),
    "a chunk of sixteen exabytes": (head(POST, "Transfer-Encoding: chunked") + "FFFFFFFFFFFFFFFFF\r\nx", REFUSED),
    "a chunk that is no number": (head(POST, "Transfer-Encoding: chunked") + "zz\r\nx", REFUSED),
    "HTTP/0.9": ("GET /\r\n\r\n", REFUSED),
    "HTTP/2 without TLS": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED),
    "a TLS greeting": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 64, REFUSED),
    "an unknown method": (head("FOO / HTTP/1.1"), REFUSED),
    "TRACE": (head("TRACE / HTTP/1.1"), REFUSED),
    "CONNECT": (head("CONNECT example.org:443 HTTP/1.1"), REFUSED),
    "two hosts": (head(GET, "Host: evil.example"), REFUSED),
    "a host with a user": (head(GET, host="127.0.0.1@evil.example"), REFUSED),
    "a foreign host": (head(GET, host="evil.example"), REFUSED),
    "a host that only begins like ours": (head(GET, host="127.0.0.1.evil.example"), REFUSED),
    "a foreign host in the address": (head("GET http://evil.example/ HTTP/1.1", host="evil.example"), REFUSED),
    "dots in the address": (head("GET /static/../../../../etc/passwd HTTP/1.1"), REFUSED),
    "coded dots": (head("GET /static/%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1"), REFUSED),
    "coded slashes": (head("GET /static/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1"), REFUSED),
    "backslashes": (head("GET /static/..\\..\\..\\etc\\passwd HTTP/1.1"), REFUSED),
    "dots coded twice": (head("GET /static/%252e%252e/%252e%252e/etc/passwd HTTP/1.1"), REFUSED),
    "overlong UTF-8": (head("GET /static/%c0%ae%c0%ae/etc/passwd HTTP/1.1"), REFUSED),
    "a NUL in the address": (head("GET /static/css/tokens.css%00.png HTTP/1.1"), REFUSED),
    "a path of the machine": (head("GET /static//etc/passwd HTTP/1.1"), REFUSED | {307, 308}),
    "an id of 20,000 characters": (head(f"GET {API}/studies/{'a' * 20_000} HTTP/1.1"), REFUSED),
    "an id of other digits": (head(f"GET {API}/studies/%D9%A3%D9%A3 HTTP/1.1"), REFUSED),
    "SQL as an id": (head(f"GET {API}/studies/1'%20OR%20'1'='1 HTTP/1.1"), REFUSED),
    "a socket without a key": (
        head("GET /studies/x/ws/0123456789abcdef0123456789abcdef HTTP/1.1", "Upgrade: websocket"), REFUSED | {426}),
    "a page of another site": (head(POST, "Origin: http://evil.example", "Content-Length: 0"), {403}),
    "a page of nowhere": (head(POST, "Origin: null", "Content-Length: 0"), {403}),
    "a form of another site": (head(POST, "Sec-Fetch-Site: cross-site", "Content-Length: 0"), {403}),
    "a limit of a billion": (head(f"GET {API}/studies?limit=1000000000 HTTP/1.1"), REFUSED),
    "a limit below zero": (head(f"GET {API}/studies?limit=-1 HTTP/1.1"), REFUSED),
}  # fmt: skip


@pytest.mark.parametrize("kind", RAW)
def test_a_hostile_request_is_refused(kind: str, machine: Machine):
    text, expected = RAW[kind]
    answer = machine.send(text.replace("HOST", machine.host).encode("latin-1"))
    first = answer.split(b"\r\n", 1)[0]
    assert first.startswith(b"HTTP/1.1 "), (kind, first)
    assert int(first.split()[1]) in expected, (kind, first)
    assert not any(secret.encode() in answer for secret in SECRETS)
    assert b"evil.example" not in answer.split(b"\r\n\r\n")[0]


def test_requests_in_one_packet_are_answered_in_their_order(machine: Machine):
    one = f"GET {API}/studies/%d HTTP/1.1\r\nHost: {machine.host}\r\n\r\n"
    data = "".join(one % n for n in range(40)) + head(f"GET {API}/health HTTP/1.1").replace("HOST", machine.host)
    answer = machine.send(data.encode())
    assert answer.count(b"HTTP/1.1 404") == 40
    assert answer.rstrip().endswith(b"}")
    assert answer.rindex(b"HTTP/1.1 200") > answer.rindex(b"HTTP/1.1 404")


JSON = {"Content-Type": "application/json"}
BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "UTF-16": (json.dumps({"name": "x"}).encode("utf-16"), JSON),
    "half a character": (b'{"name": "\xff"}', JSON),
    "NaN": (b'{"name": NaN}', JSON),
    "deep": (b'{"name":' * 50_000, JSON),
    "an array": (b"[1, 2]", JSON),
    "a form": (b"name=x", {"Content-Type": "application/x-www-form-urlencoded"}),
    "text that is JSON": (b'{"name": "x"}', {"Content-Type": "text/plain"}),
    "gzip": (b"\x1f\x8b\x08\x00", {**JSON, "Content-Encoding": "gzip"}),
    "XML with an entity": (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
                           {"Content-Type": "application/xml"}),
    "a name of a megabyte": (json.dumps({"name": "x" * 900_000}).encode(), JSON),
    "a number for a name": (b'{"name": 1e400}', JSON),
}  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_a_hostile_body_changes_nothing(kind: str, machine: Machine):
    body, headers = BODIES[kind]
    with machine.client() as client:
        before = client.get(f"{API}/studies/{machine.study}").json()["name"]
        answer = client.patch(f"{API}/studies/{machine.study}", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (kind, answer.status_code)
        assert answer.json()["error"]["message"]
        assert client.get(f"{API}/studies/{machine.study}").json()["name"] == before


@pytest.mark.parametrize(
    "next_", ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aX:y", "\t//e.org"]
)
def test_the_language_switch_leads_to_no_other_site(next_: str, machine: Machine):
    with machine.client() as client:
        answer = client.get("/language/en", params={"next": next_}, follow_redirects=False)
    where = answer.headers["location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "X" not in answer.headers


@pytest.mark.parametrize("header", [
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Original-URL": "/admin"}, {"X-Rewrite-URL": "/admin"},
    {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Prefix": "/evil"}, {"Forwarded": "host=evil.example"},
])  # fmt: skip
def test_headers_of_proxies_change_nothing(header: dict[str, str], machine: Machine):
    address = f"{API}/studies/{machine.study}"
    with machine.client() as client:
        plain, answer = client.get(address), client.get(address, headers=header)
        assert (answer.status_code, answer.json()) == (200, plain.json())
        assert b"evil" not in client.get("/", headers=header).content


def test_headers_that_cost_time_are_answered_soon(machine: Machine):
    costly = {
        "Accept-Language": ",".join(f"x{n};q=0.{n % 9}" for n in range(6000)),
        "Cookie": "; ".join(f"c{n}=v" for n in range(5000)),
        "If-None-Match": ",".join(f'"{n}"' for n in range(6000)),
        "Range": "bytes=" + ",".join(f"{n}-" for n in range(6000)),
        "Accept-Encoding": ",".join(f"z{n};q=0.1" for n in range(5000)),
    }
    with machine.client() as client:
        for name, value in costly.items():
            for path in ("/", f"{API}/studies", f"{API}/studies/{machine.study}/volume.bin", "/static/js/home.js"):
                start = time.process_time(), time.monotonic()
                answer = client.get(path, headers={name: value})
                assert answer.status_code < 500, (name, path)
                assert len(answer.content) < 4 << 20, (name, path)
                assert time.monotonic() - start[1] < PATIENCE_S / 2, (name, path)


@pytest.mark.parametrize("search", ["' OR 1=1 --", "%", "_", "\\", "*", "ct.nii.gz' --"])
def test_a_search_is_taken_literally(search: str, machine: Machine):
    with machine.client() as client:
        assert client.get(f"{API}/studies", params={"search": search}).json() == {"studies": []}


FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n'
FORMS: dict[str, bytes] = {
    "no end": PART % (b"a.nii", b"x"),
    "no part": b"--b--\r\n",
    "ten thousand parts": (PART % (b"a.nii", b"")) * 10_000 + b"--b--\r\n",
    "a part's head of 200 kB": b'--b\r\nContent-Disposition: form-data; name="file"; x="' + b"a" * 200_000,
    "a part without a name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    "a path as name": PART % (b"../../../../tmp/evil.nii.gz", b"x") + b"--b--\r\n",
    "a NUL in a name": PART % (b"a\0.nii.gz", b"x") + b"--b--\r\n",
    "a script": PART % (b"a.html", b"<script>alert(1)</script>") + b"--b--\r\n",
    "a pickle": PART % (b"a.nii.gz", b"cos\nsystem\n(S'id'\ntR.") + b"--b--\r\n",
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_hostile_form_leaves_nothing(kind: str, machine: Machine):
    with machine.client() as client:
        before = client.get(f"{API}/studies").json()
        answer = client.post(f"{API}/studies", content=FORMS[kind], headers={"Content-Type": FORM})
        assert 400 <= answer.status_code < 500, (kind, answer.status_code)
        assert not any(secret in answer.text for secret in SECRETS)
        assert client.get(f"{API}/studies").json() == before
    wait_for(lambda: not list((machine.folder / "data" / "incoming").iterdir()))
    assert not list(Path("/tmp").glob("evil.nii*"))


def test_after_all_this_the_server_is_well_and_logged_no_fault(machine: Machine):
    with machine.client() as client:
        assert client.get("/health/ready").status_code == 200
        assert [study["id"] for study in client.get(f"{API}/studies").json()["studies"]] == [machine.study]
    log = (machine.folder / "log").read_text()
    assert "Traceback" not in log
    assert "[ERROR]" not in log


@pytest.mark.parametrize("fault", FAULTS)
def test_every_known_fault_has_a_test(fault: str):
    for node in FAULTS[fault]:
        path, _, name = node.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        assert name in names if name else names, node
