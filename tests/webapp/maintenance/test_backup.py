from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from segmentation.core.errors import BadConfiguration, InputError
from tests.webapp.support import wait_for
from webapp.cli import main
from webapp.maintenance import backup
from webapp.maintenance.invariants import violations
from webapp.settings import Settings
from webapp.storage.store import Store


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_running_server_is_backed_up_and_restored_whole(
    client: TestClient, segmented: dict, settings: Settings, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    study = client.get("/api/v1/studies").json()["studies"][0]["id"]
    review = {"verdict": "accepted", "at_mm": [1, 2, 3]}
    assert client.post(f"/api/v1/studies/{study}/reviews", json=review).status_code == 201
    assert main(["backup", str(target), "--data", str(settings.data_dir), "--verify"]) == 0
    assert "verified" in capsys.readouterr().out
    restored = tmp_path / "restored"
    assert main(["restore", str(target), "--data", str(restored)]) == 0
    assert contents(restored / "studies") == contents(settings.data_dir / "studies")
    store = Store(restored)
    store.recover()
    assert [each.id for each in store.studies.all()] == [study]
    assert [each.verdict for each in store.reviews.of_study(study)] == ["accepted"]
    assert len(store.masks.of_study(study)) == 2
    store.close()
    assert violations(restored, deep=True) == []


def test_a_second_backup_copies_only_what_is_new(
    client: TestClient, upload: Callable[..., dict], ct: Path, settings: Settings, target: Path
):
    upload(ct)
    first, whole = backup.back_up(settings.data_dir, target)
    _, nothing = backup.back_up(settings.data_dir, target)
    assert nothing.copied_bytes < whole.copied_bytes / 4, "but for the database"
    gone = client.get("/api/v1/studies").json()["studies"][0]["id"]
    new = upload(ct)["id"]
    client.delete(f"/api/v1/studies/{gone}")
    last, later = backup.back_up(settings.data_dir, target)
    assert {path.split("/")[1] for path in later.files if path.startswith("studies/")} == {new}
    assert backup.prune(target, 1) == 2
    assert backup.snapshots(target) == [last]
    assert backup.verify(target, last) == []
    with pytest.raises(InputError):
        backup.load(target, first)


def test_a_study_that_comes_while_the_backup_is_made_is_in_it_with_its_files(
    client: TestClient, upload: Callable[..., dict], ct: Path, settings: Settings, target: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    upload(ct)
    keep_all = backup._Keeper.keep_all

    def slow(self: backup._Keeper) -> None:
        keep_all(self)
        upload(ct)

    monkeypatch.setattr(backup._Keeper, "keep_all", slow)
    _, snapshot = backup.back_up(settings.data_dir, target)
    assert snapshot.studies == 2


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"x"), Path.unlink])
def test_a_damaged_backup_is_noticed_and_restores_nothing(
    upload: Callable[..., dict], ct: Path, settings: Settings, target: Path, tmp_path: Path, damage: Callable
):
    upload(ct)
    name, snapshot = backup.back_up(settings.data_dir, target)
    path, entry = next((path, entry) for path, entry in snapshot.files.items() if path.endswith("volume.bin.gz"))
    damage(target / "objects" / entry.sha256[:2] / entry.sha256)
    assert backup.verify(target, name) == [path]
    with pytest.raises(InputError, match="missing or damaged"):
        backup.restore(target, name, tmp_path / "restored")
    assert contents(tmp_path / "restored").keys() <= {"server.lock"}


def test_a_folder_that_holds_studies_is_not_restored_into(
    upload: Callable[..., dict], ct: Path, settings: Settings, target: Path, tmp_path: Path
):
    upload(ct)
    name, _ = backup.back_up(settings.data_dir, target)
    other = tmp_path / "other"
    (other / "studies" / "something").mkdir(parents=True)
    with pytest.raises(BadConfiguration):
        backup.restore(target, name, other)


def test_what_is_no_backup_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture):
    for arguments in (["backup", str(tmp_path / "b")], ["restore", str(tmp_path / "b")]):
        assert main([*arguments, "--data", str(tmp_path / "nothing")]) == 2
        assert capsys.readouterr().err.startswith("spineview: There ")
    (tmp_path / "b" / "snapshots").mkdir(parents=True)
    (tmp_path / "b" / "snapshots" / "x.json").write_text(
        '{"form": 1, "made_at": "", "copied_bytes": 0, "files": {"../x": {"sha256": "", "size": 0, "mtime_ns": 0}}}'
    )
    assert main(["restore", str(tmp_path / "b"), "--data", str(tmp_path / "d")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_repair_takes_studies_up_and_sets_aside_what_is_none(
    client: TestClient, upload: Callable[..., dict], ct: Path, settings: Settings, tmp_path: Path,
    capsys: pytest.CaptureFixture,
):  # fmt: skip
    study = upload(ct)["id"]
    copy = tmp_path / "copy"
    shutil.copytree(settings.data_dir, copy)
    (copy / "spineview.sqlite3").write_bytes(b"damaged " * 1000)
    (copy / "studies" / "holiday pictures").mkdir()
    assert main(["repair", "--data", str(copy)]) == 0
    said = capsys.readouterr().out
    assert f"taken up: {study}" in said
    assert "left as it is: studies/holiday pictures" in said
    assert "in lost/: spineview-" in said
    assert main(["repair", "--data", str(copy), "--move"]) == 0
    assert (copy / "lost" / "holiday pictures").is_dir()
    (copy / "studies" / study / "volume.bin.gz").write_bytes(b"\x1f\x8b torn")
    assert main(["repair", "--data", str(copy)]) == 2
    assert "is torn" in capsys.readouterr().out


def test_the_check_sees_each_kind_of_fault(client: TestClient, segmented: dict, settings: Settings):
    data = settings.data_dir
    wait_for(lambda: violations(data) == [])  # the list's picture is drawn after the job
    study = next((data / "studies").iterdir())
    (data / "incoming" / "left").mkdir()
    (study / "thumbnail.png").write_bytes(b"")
    (study / ".x.part").touch()
    mask = next((study / "masks").iterdir())
    (mask / "mask.json").write_text("{")
    shutil.copytree(study, data / "studies" / "unknown")
    with closing(sqlite3.connect(data / "spineview.sqlite3")) as database, database:
        database.execute("UPDATE jobs SET state = 'failed'")
        database.execute("DELETE FROM masks WHERE id != ?", (mask.name,))
    found = "\n".join(violations(data))
    for words in ("left behind", "is empty", "half written", "cannot be read", "unknown has no row", "for no reason"):
        assert words in found
    assert "has no row" in found
    shutil.rmtree(study)
    assert "has no folder" in "\n".join(violations(data))
    (data / "spineview.sqlite3").write_bytes(b"x" * 5000)
    assert "database" in violations(data)[0]
    (data / "spineview.sqlite3").unlink()
    assert violations(data) == ["there is no database"]
