from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from tests.webapp.support import wait_for
from webapp.maintenance.housekeeping import TEMPORARY_S, Housekeeping, sweep
from webapp.settings import Settings
from webapp.storage.tables import StudyRow

DAY_S = 24 * 3600


def made_older(client: TestClient, study_id: str, days: int) -> None:
    database = client.app.state.store._database  # type: ignore[attr-defined]
    with database.transaction() as session:
        session.execute(update(StudyRow).where(StudyRow.id == study_id).values(created_at=time.time() - days * DAY_S))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", min_free_bytes=0, retention_days=30)


def test_studies_older_than_the_setting_go_and_the_trail_says_who_removed_them(
    client: TestClient, upload: Callable[..., dict], ct: Path
):
    old, new = upload(ct), upload(ct)
    made_older(client, old["id"], 31)
    made_older(client, new["id"], 29)
    housekeeping = Housekeeping(client.app.state.services, every_s=0.01)  # type: ignore[attr-defined]
    housekeeping.start()
    wait_for(lambda: client.get(f"/api/v1/studies/{old['id']}").status_code == 404)
    housekeeping.stop()
    assert [study["id"] for study in client.get("/api/v1/studies").json()["studies"]] == [new["id"]]
    last = client.app.state.store.audit.entries()[-1]  # type: ignore[attr-defined]
    assert (last.who, last.action, last.study_id) == ("retention", "delete", old["id"])


def test_what_is_worked_on_is_not_removed(client: TestClient, upload: Callable[..., dict], ct: Path, engine):
    study = upload(ct)
    made_older(client, study["id"], 31)
    engine.gate.clear()
    client.post(f"/api/v1/studies/{study['id']}/jobs")
    Housekeeping(client.app.state.services).round()  # type: ignore[attr-defined]
    assert client.get(f"/api/v1/studies/{study['id']}").status_code == 200


def test_only_what_is_old_is_swept_and_links_are_not_followed(tmp_path: Path):
    folder, outside = tmp_path / "tmp", tmp_path / "outside"
    (folder / "left").mkdir(parents=True)
    (folder / "left" / "voxels").write_bytes(b"x")
    (folder / "new").mkdir()
    outside.mkdir()
    (outside / "kept").write_bytes(b"x")
    (folder / "link").symlink_to(outside)
    before = time.time() - TEMPORARY_S - 1
    os.utime(folder / "left", (before, before))
    os.utime(outside, (before, before))
    sweep(folder, TEMPORARY_S)
    assert sorted(path.name for path in folder.iterdir()) == ["new"]
    assert (outside / "kept").exists()
    sweep(tmp_path / "nothing", 0)


def test_a_start_removes_what_a_killed_reader_left(settings: Settings, client: TestClient):
    left = settings.data_dir / "tmp" / "spineview-abc"
    left.mkdir()
    (left / "voxels").write_bytes(b"x")
    client.app.state.store.recover()  # type: ignore[attr-defined]
    assert not left.exists()
