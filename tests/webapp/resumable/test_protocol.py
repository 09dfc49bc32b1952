"""The tus protocol 1.0.0, requirement by requirement (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from webapp.ingest import upload_parts
from webapp.ingest.upload_parts import EXPIRES_S, Parts
from webapp.maintenance.housekeeping import Housekeeping
from webapp.settings import Settings

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {**TUS, "Content-Type": "application/offset+octet-stream"}
ONE = {**TUS, "Upload-Length": "1"}
DATA = bytes(range(256)) * 40


def begin(client: TestClient, length: int = len(DATA), **headers: str) -> str:
    answer = client.post("/uploads", headers={**TUS, "Upload-Length": str(length), **headers})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def send(client: TestClient, address: str, offset: int, data: bytes, **headers: str) -> Any:
    return client.patch(address, content=data, headers={**OCTETS, "Upload-Offset": str(offset), **headers})


def offset(client: TestClient, address: str) -> int:
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def finish(client: TestClient, address: str, name: str, size: int, kind: str = "study") -> Any:
    return client.post(f"{address}/{kind}", json={"files": [{"field": "file", "name": name, "size": size}]})


def test_the_server_says_what_it_can(client: TestClient, settings: Settings):
    for address in ("/uploads", "/uploads/0123"):
        answer = client.options(address)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
        assert answer.headers["tus-max-size"] == str(settings.max_upload_bytes)
        assert {"creation", "checksum", "expiration", "termination"} <= set(answer.headers["tus-extension"].split(","))
        assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


def test_an_upload_in_pieces_goes_on_where_it_was_and_becomes_a_study(client: TestClient, ct: Path):
    data = ct.read_bytes()
    address = begin(client, len(data))
    half = len(data) // 2
    first = send(client, address, 0, data[:half])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(half))
    assert offset(client, address) == half
    assert finish(client, address, ct.name, len(data)).status_code == 409
    assert send(client, address, half, data[half:]).headers["upload-offset"] == str(len(data))
    made = finish(client, address, ct.name, len(data))
    assert made.status_code == 201
    assert made.json()["name"] == ct.name
    again = finish(client, address, ct.name, len(data))
    assert again.json()["id"] == made.json()["id"], "an answer that was lost is given again"
    assert len(client.get("/api/v1/studies").json()["studies"]) == 1
    study = client.app.state.store.studies.get(made.json()["id"])  # type: ignore[attr-defined]
    folder = client.app.state.store.folder(study.id)  # type: ignore[attr-defined]
    assert (folder / study.original).read_bytes() == data
    assert code(send(client, address, len(data), b"")) == (410, "gone")


def test_a_ct_with_its_reference_comes_as_one_upload(client: TestClient, ct: Path, reference: Path):
    files = [("file", ct), ("reference", reference)]
    data = b"".join(path.read_bytes() for _, path in files)
    address = begin(client, len(data))
    send(client, address, 0, data)
    contents = [{"field": field, "name": path.name, "size": path.stat().st_size} for field, path in files]
    made = client.post(f"{address}/study", json={"files": contents})
    assert made.json()["has_reference"] is True


def test_a_refused_upload_is_refused_as_by_form_and_leaves_nothing(client: TestClient, settings: Settings):
    address = begin(client)
    send(client, address, 0, DATA)
    assert code(finish(client, address, "ct.nii", len(DATA))) == (400, "unreadable_file")
    assert list((settings.data_dir / "uploads").iterdir()) == []
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_creation_may_bring_the_first_bytes(client: TestClient):
    headers = {**OCTETS, "Upload-Length": str(len(DATA))}
    answer = client.post("/uploads", content=DATA[:100], headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "100")
    assert offset(client, answer.headers["location"]) == 100


def test_a_method_may_be_overridden(client: TestClient):
    address = begin(client)
    headers = {**OCTETS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(address, content=DATA[:7], headers=headers).status_code == 204
    assert offset(client, address) == 7


def test_metadata_is_kept_as_it_came(client: TestClient):
    metadata = f"filename {base64.b64encode(b'ct.nii').decode()},empty"
    address = begin(client, **{"Upload-Metadata": metadata})
    assert client.head(address, headers=TUS).headers["upload-metadata"] == metadata


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_whose_checksum_is_wrong_is_not_kept(client: TestClient, algorithm: str):
    address = begin(client)
    digest = base64.b64encode(hashlib.new(algorithm, DATA[:500]).digest()).decode()
    right = {"Upload-Checksum": f"{algorithm} {digest}"}
    assert code(send(client, address, 0, DATA[:499], **right)) == (460, "checksum_mismatch")
    assert offset(client, address) == 0
    assert send(client, address, 0, DATA[:500], **right).status_code == 204
    assert offset(client, address) == 500


def test_an_upload_can_be_given_up(client: TestClient, settings: Settings):
    address = begin(client)
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 404
    assert list((settings.data_dir / "uploads").iterdir()) == []


def test_what_nobody_continues_expires_by_the_timer(client: TestClient, settings: Settings):
    address = begin(client)
    answer = send(client, address, 0, DATA[:10])
    expires = parsedate_to_datetime(answer.headers["upload-expires"]).timestamp()
    assert expires == pytest.approx(time.time() + EXPIRES_S, abs=60)
    data = settings.data_dir / "uploads" / address.removeprefix("/uploads/") / "data"
    os.utime(data, (0, 0))
    assert client.head(address, headers=TUS).status_code == 404
    Housekeeping(client.app.state.services).round()  # type: ignore[attr-defined]
    assert not data.exists()


def test_uploads_survive_a_restart(client: TestClient):
    address = begin(client)
    send(client, address, 0, DATA[:10])
    client.app.state.store.recover()  # type: ignore[attr-defined]
    assert offset(client, address) == 10


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (lambda client, address: client.head(address), 412),
        (lambda client, address: client.head(address, headers={"Tus-Resumable": "0.2.2"}), 412),
        (lambda client, _: client.post("/uploads", headers=TUS), 400),
        (lambda client, _: client.post("/uploads", headers={**TUS, "Upload-Length": "-1"}), 400),
        (lambda client, _: client.post("/uploads", headers={**TUS, "Upload-Length": "9" * 300}), 400),
        (lambda client, _: client.post("/uploads", headers={**TUS, "Upload-Length": str(1 << 50)}), 413),
        (
            lambda client, _: client.post("/uploads", headers={**TUS, "Upload-Length": "1", "Upload-Metadata": "a !"}),
            400,
        ),
        (lambda client, address: send(client, address, 5, DATA), 409),
        (lambda client, address: client.patch(address, content=b"x", headers={**TUS, "Upload-Offset": "0"}), 415),
        (lambda client, address: client.patch(address, content=b"x", headers=OCTETS), 400),
        (lambda client, address: send(client, address, 0, DATA + b"x"), 413),
        (lambda client, address: send(client, address, 0, DATA, **{"Upload-Checksum": "crc32 AAAA"}), 400),
        (lambda client, address: send(client, address, 0, DATA, **{"Upload-Checksum": "sha1"}), 400),
        (lambda client, _: client.head("/uploads/" + "0" * 20, headers=TUS), 404),
        (lambda client, _: client.head("/uploads/..%2f..%2fx", headers=TUS), 404),
        (lambda client, address: client.put(address, headers=TUS), 405),
        (lambda client, address: client.post(f"{address}/study", content=b"[" * 1000), 400),
        (lambda client, address: client.post(f"{address}/study", json={"files": []}), 400),
        (lambda client, address: client.post(f"{address}/study", json={"files": [{"size": -1}]}), 400),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(
    client: TestClient, request_: Callable[[TestClient, str], Any], status: int
):
    address = begin(client)
    answer = request_(client, address)
    assert answer.status_code == status
    if status == 412:
        assert answer.headers["tus-version"] == "1.0.0"
    assert offset(client, address) == 0


def test_one_user_begins_only_so_many(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload_parts, "MOST_PER_USER", 2)
    begin(client), begin(client)
    assert code(client.post("/uploads", headers={**TUS, "Upload-Length": "1"})) == (429, "too_many")


def test_an_account_s_upload_is_no_other_account_s(tmp_path: Path):
    parts = Parts(tmp_path)
    named, by_address = parts.create(1, "alice", ""), parts.create(1, "10.0.0.1", "")
    assert parts.get(named.id, "alice").who == "alice"
    assert parts.get(by_address.id, "10.0.0.2").length == 1
    with pytest.raises(Exception, match="no such upload"):
        parts.get(named.id, "bob")


async def call(client: TestClient, method: str, address: str, receive: Any, **headers: str) -> list[dict[str, Any]]:
    """Call the application as a server would; return what it sends."""
    scope = {
        "type": "http", "method": method, "path": address, "raw_path": address.encode(), "root_path": "",
        "query_string": b"", "scheme": "http", "client": ("testclient", 1), "server": ("testserver", 80),
        "http_version": "1.1", "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "state": {},
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await client.app(scope, receive, send)
    return sent


def pieces(*messages: dict[str, Any]) -> Any:
    """A request's body, message by message; after the last one nothing comes any more."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


def more(data: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": True}


def test_a_client_that_lost_its_connection_takes_its_upload_over(client: TestClient):
    """The old request still waits for bytes that will never come; the new one ends it."""
    address = begin(client)
    end = {"type": "http.request", "body": b"", "more_body": False}

    async def both() -> None:
        headers = {**OCTETS, "Host": "testserver", "Upload-Offset": "0"}
        old = asyncio.create_task(call(client, "PATCH", address, pieces(more(DATA[:100])), **headers))
        for _ in range(1000):
            await asyncio.sleep(0)
        asked = await call(client, "HEAD", address, pieces(end), **TUS, Host="testserver")
        assert (b"upload-offset", b"100") in asked[0]["headers"]
        assert (await old)[0]["status"] == 400
        headers["Upload-Offset"] = "100"
        new = await call(client, "PATCH", address, pieces(more(DATA[100:200]), end), **headers)
        assert (b"upload-offset", b"200") in new[0]["headers"]

    asyncio.run(both())


def test_bytes_that_came_before_the_connection_dropped_are_kept(client: TestClient):
    address = begin(client)
    headers = {**OCTETS, "Upload-Offset": "0", "Host": "testserver"}
    asyncio.run(call(client, "PATCH", address, pieces(more(DATA[:64]), {"type": "http.disconnect"}), **headers))
    assert offset(client, address) == 64
