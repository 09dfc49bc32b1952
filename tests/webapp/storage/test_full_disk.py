"""A disk that is full in the middle of things: faults are put where the operating system would raise them."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from webapp.settings import Settings
from webapp.storage import folders
from webapp.storage.database import SqliteDatabase, disk_full

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full_database(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A database that cannot write while the reserve takes the last of the room."""
    transaction = SqliteDatabase.transaction

    @contextmanager
    def refusing(self: SqliteDatabase, alone: bool = True) -> Iterator[Session]:
        if (settings.data_dir / "reserve").exists():
            raise disk_full()
        with transaction(self, alone) as session:
            yield session

    monkeypatch.setattr(SqliteDatabase, "transaction", refusing)


def test_a_study_can_be_deleted_and_a_mask_downloaded_while_nothing_can_be_written(
    client: TestClient, segmented: dict, request: pytest.FixtureRequest, settings: Settings
):
    request.getfixturevalue("full_database")
    mask = segmented["masks"][0]["id"]
    answers = [client.get(f"/api/v1/masks/{mask}{ending}") for ending in (".nii.gz", ".seg.nrrd", "/labels.txt")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    study = client.get("/api/v1/studies").json()["studies"][0]["id"]
    assert client.delete(f"/api/v1/studies/{study}").status_code == 204
    assert not (settings.data_dir / "studies" / study).exists()
    assert (settings.data_dir / "reserve").exists(), "set aside again for the next time"


def test_downloads_are_recorded_once_there_is_room(
    client: TestClient, segmented: dict, request: pytest.FixtureRequest, settings: Settings
):
    request.getfixturevalue("full_database")
    client.get(f"/api/v1/masks/{segmented['masks'][0]['id']}.nii.gz")
    store = client.app.state.store  # type: ignore[attr-defined]
    assert [entry.action for entry in store.audit.entries()].count("download") == 0
    (settings.data_dir / "reserve").unlink()
    store.deferred_audit.flush()
    last = store.audit.entries()[-1]
    assert last.action == "download"
    assert "recorded late" in last.detail


def test_meshes_are_sent_unpacked_where_there_is_no_room_to_pack_them(
    client: TestClient, segmented: dict, monkeypatch: pytest.MonkeyPatch
):
    def full(_path: Path) -> Path:
        raise FULL

    monkeypatch.setattr("webapp.api.files.gzipped", full)
    mask = segmented["masks"][0]
    label = mask["labels"][0]
    answer = client.get(f"/api/v1/masks/{mask['id']}/meshes/{label}.stl", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("where", ["webapp.ingest.admission.write_display", "webapp.ingest.admission.write_thumbnail"])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_that_fills_the_disk_is_507_in_words_and_leaves_nothing(
    client: TestClient, ct: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str, chunked: bool
):
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(where, full)
    request = client.build_request("POST", "/api/v1/studies", files={"file": (ct.name, ct.read_bytes())})
    if chunked:
        del request.headers["content-length"]
    answer = client.send(request)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk_full")
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_a_form_that_fills_the_disk_as_it_comes_is_507(
    client: TestClient, ct: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr("webapp.http.multipart_form.MultipartFiles.write", full)
    for address in ("/api/v1/studies", "/api/v1/imports"):
        answer = client.post(address, files={"file": (ct.name, ct.read_bytes())}, headers={"accept-language": "zh"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk_full")
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_the_demo_that_finds_no_room_is_507(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr("segmentation.phantom.write_phantom", full)
    assert client.post("/api/v1/studies/demo").status_code == 507


def test_what_is_made_for_one_answer_lies_in_memory_while_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(folders, "_MEMORY", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    with folders.scratch_folder() as folder:
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_half_a_reserve_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = folders.Folders(tmp_path)
    place.keep_reserve()
    assert place.use_reserve()
    assert not place.use_reserve()

    def full(*_: object) -> int:
        raise FULL

    monkeypatch.setattr(Path, "write_bytes", full)
    place.keep_reserve()
    assert not (tmp_path / "reserve").exists()
