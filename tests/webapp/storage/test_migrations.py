"""Folders of earlier versions open with all that they hold; those of later versions are left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from segmentation.core.errors import BadConfiguration
from tests.webapp.storage import earlier
from tests.webapp.storage.earlier import ERROR, FIRST, NEW, OLD, REFERENCE, SECOND
from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.settings import Settings
from webapp.storage.migrations import upgrade
from webapp.storage.store import Store
from webapp.storage.tables import Base


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    earlier.write_files(tmp_path)
    return tmp_path


def open_store(data_dir: Path) -> Store:
    store = Store(data_dir)
    store.recover()
    return store


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def test_a_folder_of_the_build_before_opens_with_everything(data_dir: Path):
    from starlette.testclient import TestClient

    earlier.write_database(data_dir / "spineview.sqlite3", "3")
    earlier.write_annotations(data_dir / "spineview.sqlite3")
    with TestClient(create_asgi(Settings(data_dir=data_dir, min_free_bytes=0), BoneEngine)) as client:
        new, old = client.get("/api/v1/studies").json()["studies"]
        assert (old["id"], old["name"], old["state"], old["verdict"]) == (OLD, "old.nii.gz", "done", "accepted")
        assert old["notes"][0]["code"] == "tilt"
        assert old["latest_job"]["id"] == "job1"
        assert (new["id"], new["state"], new["latest_job"]["error"]) == (NEW, "failed", ERROR)
        assert client.get(old["thumbnail_url"]).content == b"\x89PNG"
        display = client.get(f"/api/v1/studies/{OLD}/display.json").json()
        assert [mask["id"] for mask in display["masks"]] == [SECOND, FIRST, REFERENCE]
        assert display["masks"][0]["confidence"]["level"] == "low"
        for address in (display["volume_url"], display["masks"][0]["url"], display["masks"][0]["download_url"]):
            assert client.get(address).status_code == 200
        [measurement] = client.get(display["measurements_url"]).json()["measurements"]
        assert (measurement["label"], measurement["value"]) == ("canal", 5.0)
        assert [r["verdict"] for r in client.get(display["reviews_url"]).json()["reviews"]] == [
            "accepted",
            "needs_work",
        ]
        assert [job["id"] for job in client.get(f"/api/v1/studies/{NEW}/jobs").json()["jobs"]] == ["job3", "job2"]
        assert [e.action for e in client.app.state.store.audit.entries()] == ["upload", "download"]
    assert len(list((data_dir / "backups").iterdir())) == 1


@pytest.mark.parametrize(("user_version", "change"), [
    (0, "ALTER TABLE jobs ADD COLUMN cancel_requested BOOLEAN NOT NULL DEFAULT 0"),  # before schemas had numbers
    (1, ""),
    (2, "ALTER TABLE masks ADD COLUMN confidence JSON"),
    (3, "ALTER TABLE masks ADD COLUMN confidence JSON; ALTER TABLE studies ADD COLUMN notes JSON"),  # no reviews yet
])  # fmt: skip
def test_folders_of_the_first_schemas_open_with_everything(data_dir: Path, user_version: int, change: str):
    path = data_dir / "spineview.sqlite3"
    earlier.write_database(path, "1", user_version)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(change)
    for _ in range(2):  # the second time there is nothing left to do
        store = open_store(data_dir)
        assert [(s.id, s.name, s.state, s.notes) for s in store.studies.all()] == [
            (NEW, "new.nii.gz", "failed", ()),
            (OLD, "old.nii.gz", "done", ()),
        ]
        assert [(m.id, m.kind, m.confidence) for m in store.masks.of_study(OLD)] == [
            (SECOND, "model", None),
            (FIRST, "model", None),
            (REFERENCE, "reference", None),
        ]
        assert store.jobs.get("job3").error.shown() == ERROR
        assert (store.measurements.of_study(OLD), store.reviews.of_study(OLD)) == ([], [])
        assert [entry.detail for entry in store.audit.entries()] == ["old.nii.gz"]
        store.close()


def test_the_scripts_make_the_tables_of_this_version(tmp_path: Path):
    engine = create_engine(f"sqlite:///{tmp_path / 'scripts.sqlite3'}", poolclass=NullPool)
    with engine.begin() as connection:
        upgrade.upgrade(connection, None)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == upgrade.HEAD


def test_a_new_database_and_a_migrated_one_are_alike(tmp_path: Path):
    (tmp_path / "new").mkdir()
    upgrade.prepare(tmp_path / "new" / "a.sqlite3")
    (tmp_path / "old").mkdir()
    earlier.write_database(tmp_path / "old" / "a.sqlite3", "3")
    upgrade.prepare(tmp_path / "old" / "a.sqlite3")
    tables = []
    for name in ("new", "old"):
        with closing(sqlite3.connect(tmp_path / name / "a.sqlite3")) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'").fetchall()
            columns = {table: database.execute(f"PRAGMA table_info({table})").fetchall() for (table,) in found}
            keys = {table: database.execute(f"PRAGMA foreign_key_list({table})").fetchall() for (table,) in found}
            numbered = database.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall()
            version = database.execute("PRAGMA user_version").fetchone()
            tables.append(({k: sorted(c[1:] for c in v) for k, v in columns.items()}, keys, sorted(numbered), version))
    assert tables[0] == tables[1]


def test_a_migration_that_fails_leaves_the_database_as_it_was(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    path = data_dir / "spineview.sqlite3"
    earlier.write_database(path, "1")
    before = dump(path)
    run = upgrade.upgrade

    def broken(*arguments: object) -> None:
        run(*arguments)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(upgrade, "upgrade", broken)
    with pytest.raises(BadConfiguration, match="cannot be used for studies: database or disk is full"):
        Store(data_dir)
    assert dump(path) == before
    monkeypatch.undo()
    store = open_store(data_dir)
    assert store.studies.count() == 2
    store.close()


def test_the_copy_that_a_migration_takes_is_what_was_there(data_dir: Path):
    path = data_dir / "spineview.sqlite3"
    earlier.write_database(path, "3")
    before = dump(path)
    open_store(data_dir).close()
    [copy] = (data_dir / "backups").iterdir()
    assert dump(copy) == before


@pytest.mark.parametrize("newer", ["UPDATE alembic_version SET version_num = '9999'", "PRAGMA user_version = 99"])
def test_the_database_of_a_newer_version_is_refused_and_left_untouched(data_dir: Path, newer: str):
    path = data_dir / "spineview.sqlite3"
    if "alembic" in newer:
        open_store(data_dir).close()
    else:
        earlier.write_database(path, "3")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(newer)
    before = path.read_bytes()
    with pytest.raises(BadConfiguration, match="written by another version of SpineView"):
        Store(data_dir)
    assert path.read_bytes() == before
    assert (data_dir / "studies" / OLD / "original.nii.gz").exists()


def test_a_folder_in_use_is_not_migrated(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("webapp.storage.store._HOLD_S", 0)
    holder = Store(data_dir / "other")
    earlier.write_database(data_dir / "spineview.sqlite3", "3")
    holder._folders.data_dir = data_dir
    holder.hold()
    before = dump(data_dir / "spineview.sqlite3")
    with pytest.raises(BadConfiguration, match="Another SpineView server"):
        Store(data_dir)
    assert dump(data_dir / "spineview.sqlite3") == before
    holder.close()


def test_versions_before_alembic_refuse_what_this_one_wrote(data_dir: Path):
    open_store(data_dir).close()
    with closing(sqlite3.connect(data_dir / "spineview.sqlite3")) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] > 3
