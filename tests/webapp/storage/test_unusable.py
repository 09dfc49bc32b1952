"""A folder that cannot be used is refused in one sentence, and what only reads waits for nobody."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from segmentation.core.errors import BadConfiguration
from tests.webapp.storage import earlier
from tests.webapp.storage.support import add
from webapp.http.errors import WebError
from webapp.storage.store import Store

NOBODY = 65534


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own are for one account alone."""
    folder = Path(tempfile.mkdtemp(prefix="spineview-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Inside, ``folder`` may be read and not written."""
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    is_root = os.geteuid() == 0  # whom no right binds
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def start(data_dir: Path) -> None:
    """What a server does before it serves."""
    store = Store(data_dir)
    try:
        store.hold(0)
        store.recover()
    finally:
        store.close()


@pytest.mark.parametrize("holds", ["nothing", "studies", "an older database"])
def test_a_read_only_folder_is_refused_in_a_sentence(open_dir: Path, holds: str):
    if holds == "studies":
        store = Store(open_dir)
        study = add(store)
        store.close()
    elif holds == "an older database":
        earlier.write_files(open_dir)
        earlier.write_database(open_dir / "spineview.sqlite3", "3")
    with without_rights(open_dir), pytest.raises(BadConfiguration) as raised:
        start(open_dir)
    assert raised.value.message.startswith(f"{open_dir} cannot be used for studies: ")
    assert raised.value.hint == "Make room there, let SpineView write there, or choose another --data."
    start(open_dir)
    if holds == "studies":
        with closing(sqlite3.connect(open_dir / "spineview.sqlite3")) as database:
            assert database.execute("SELECT id FROM studies").fetchall() == [(study.id,)]


def test_a_disk_without_room_for_a_migration_is_said_and_the_next_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    earlier.write_files(tmp_path)
    earlier.write_database(tmp_path / "spineview.sqlite3", "3")

    def full(*_: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("webapp.storage.migrations.upgrade.atomic_path", full)
        with pytest.raises(BadConfiguration, match="cannot be used for studies: no space left on device"):
            start(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("webapp.storage.recovery.records.write_atomically", full)
        with pytest.raises(BadConfiguration, match="cannot be used for studies: the disk is full"):
            start(tmp_path)
    start(tmp_path)
    assert (tmp_path / "studies" / earlier.OLD / "study.json").exists()


def test_a_database_that_cannot_grow_answers_that_the_disk_is_full(tmp_path: Path):
    """SQLite's own words for it: the number of its pages is limited."""
    store = Store(tmp_path)
    study = add(store)

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(store._database._reader, "checkout", limit)

    def grow() -> None:
        for number in range(1000):
            store.audit.record("me", "download", study.id, "x" * number)

    with pytest.raises(WebError) as raised:
        grow()
    assert (raised.value.status, raised.value.code) == (507, "disk_full")
    assert store.studies.get(study.id) == study
    store.close()


def test_what_only_reads_waits_for_no_writer(tmp_path: Path, database_url: str):
    store = Store(tmp_path, database_url)
    study = add(store)
    seen: list[int] = []

    def read() -> None:
        seen.append(store.studies.count())
        seen.extend(len(table.of_study(study.id)) for table in (store.measurements, store.reviews, store.masks))

    with store._database.transaction() as session:
        session.execute(text("DELETE FROM studies"))
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(20)
        assert seen == [1, 0, 0, 0]  # as it was before the transaction, which is still open
        session.rollback()
    store.close()
