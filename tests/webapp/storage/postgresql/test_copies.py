"""From SQLite to PostgreSQL and back: nothing is lost, changed or numbered anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Text, cast, select

from tests.webapp.postgresql import Cluster
from tests.webapp.storage.support import add, complete
from webapp.cli import main
from webapp.storage.reviews import Fields
from webapp.storage.store import Store
from webapp.storage.tables import Base


@contextmanager
def opened(data: Path, url: str = "") -> Iterator[Store]:
    store = Store(data, url)
    try:
        yield store
    finally:
        store.close()


def everything(store: Store) -> dict[str, list[tuple]]:
    """All rows of all tables; JSON as text without its spaces, in which the two kinds differ."""
    found = {}
    with store._database.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [cast(each, Text) if "JSON" in str(each.type) else each for each in table.columns]
            rows = session.execute(select(*columns).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with something in each table that a server fills, and with numbers that were given and are gone."""
    with opened(tmp_path / "data") as store:
        first, second = add(store, "a\u00e9.nii"), add(store, "b.nii")
        mask = complete(store, first)
        store.reviews.add(first.id, Fields("needs_work", [1.0, 2.0, 3.0], "look", "", mask.id), "ann")
        store.batches.add("ann", [second.id], [(store.jobs.add(second.id, owner="ann").id, True)])
        account = store.accounts.add("ann", "administrator")
        store.credentials.add_share(first.id, account.id, "view", 1e6)
        store.credentials.open_session(account.id, 1e6, "10.0.0.7")
        store.credentials.add_token(account.id, "script", "read", 1e6)
        for number in range(3):
            store.audit.record("ann", "open", f"study{number}")
        store.studies.delete(add(store, "gone.nii").id, "ann")
    return tmp_path / "data"


def spineview(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_all_rows_go_there_and_back(
    data: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with opened(data) as store:
        before = everything(store)
    assert all(
        before[name] for name in ("studies", "jobs", "masks", "reviews", "audit", "batches", "batch_jobs", "shares")
    )
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    code, said = spineview(capsys, "database", "copy", "--data", data)
    assert (code, "the audit trail is whole" in said) == (0, True)
    assert not (data / "spineview.sqlite3").exists()
    with opened(data, postgresql_url) as store:
        assert everything(store) == before
        new = add(store, "new.nii")
        assert store.studies.page()[0].sequence == 4, "the number of the study that is gone is not given again"
        store.studies.delete(new.id)
    assert spineview(capsys, "database", "copy", "--data", data, "--back")[0] == 0
    with opened(data) as store:
        after = everything(store)
        assert {name: rows for name, rows in after.items() if name != "audit"} == {
            name: rows for name, rows in before.items() if name != "audit"
        }
        assert store.audit.verify() == []
        add(store, "newer.nii")
        assert store.studies.page()[0].sequence == 5


def test_nothing_is_copied_onto_other_rows(
    data: Path, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with opened(tmp_path / "other", postgresql_url) as store:
        store.accounts.add("bo", "viewer")
        before = everything(store)
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    code, said = spineview(capsys, "database", "copy", "--data", data)
    assert code != 0
    assert "rows already in the table accounts" in said
    assert (data / "spineview.sqlite3").exists()
    with opened(tmp_path / "other", postgresql_url) as store:
        assert everything(store) == before


def test_a_folder_in_use_is_not_copied(
    data: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("webapp.maintenance.database_copy._HOLD_S", 0)
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    with opened(data) as server:
        server.hold()
        code, said = spineview(capsys, "database", "copy", "--data", data)
    assert (code != 0, "Another SpineView server" in said) == (True, True)


def test_a_backup_holds_the_rows_and_gives_them_back(
    data: Path,
    cluster: Cluster,
    prepared: str,
    postgresql_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    assert spineview(capsys, "database", "copy", "--data", data)[0] == 0
    with opened(data, postgresql_url) as store:
        before = everything(store)
    code, said = spineview(capsys, "backup", tmp_path / "kept", "--data", data, "--verify")
    assert (code, "2 studies" in said) == (0, True)
    elsewhere = cluster.database(prepared)
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", elsewhere)
    code, said = spineview(capsys, "restore", tmp_path / "kept", "--data", tmp_path / "restored")
    assert code == 0, said
    with opened(tmp_path / "restored", elsewhere) as store:
        assert everything(store) == before
        assert {study.name for study in store.studies.all()} == {"a\u00e9.nii", "b.nii"}
    monkeypatch.delenv("SPINEVIEW_DATABASE_URL")
    code, said = spineview(capsys, "restore", tmp_path / "kept", "--data", tmp_path / "one-machine")
    assert code == 0, said
    with opened(tmp_path / "one-machine") as store:
        assert everything(store) == before


def test_repair_looks_at_the_rows_in_postgresql(
    data: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    spineview(capsys, "database", "copy", "--data", data)
    with opened(data, postgresql_url) as store:
        study = store.studies.all()[0]
    shutil.rmtree(data / "studies" / study.id)
    code, said = spineview(capsys, "repair", "--data", data)
    assert code == 2
    assert f"study {study.id} has no folder" in said
    assert "there is no database" not in said


def test_without_the_address_no_second_list_is_begun(
    data: Path, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert "No PostgreSQL is named" in spineview(capsys, "database", "copy", "--data", data)[1]
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    spineview(capsys, "database", "copy", "--data", data)
    monkeypatch.delenv("SPINEVIEW_DATABASE_URL")
    code, said = spineview(capsys, "user", "list", "--data", data)
    assert (code != 0, "are in PostgreSQL" in said) == (True, True)
    assert spineview(capsys, "backup", tmp_path / "kept", "--data", data)[0] != 0


DOCTOR_WORDS = {
    "en": "ok: PostgreSQL {server} answers at {address}; its tables have the version",
    "zh": "正常：PostgreSQL {server} 在 {address} 有应答；表的版本为",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_doctor_looks_at_it_in_one_line(
    data: Path,
    cluster: Cluster,
    postgresql_url: str,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr("webapp.maintenance.doctor._engine", lambda _settings: (_ for _ in ()).throw(SystemExit))
    monkeypatch.setenv("SPINEVIEW_DATABASE_URL", postgresql_url)
    spineview(capsys, "database", "copy", "--data", data)
    with pytest.raises(SystemExit):
        main(["doctor", "--data", str(data), "--lang", language])
    name = postgresql_url.partition("@/")[2].partition("?")[0]
    server = cluster.execute("SHOW server_version")[0][0].split()[0]
    wanted = DOCTOR_WORDS[language].format(server=server, address=f"{cluster.folder}/{name}")
    assert sum(line.startswith(wanted) for line in capsys.readouterr().out.splitlines()) == 1


def test_no_password_is_ever_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("webapp.maintenance.doctor._engine", lambda _settings: (_ for _ in ()).throw(SystemExit))
    (data / "spineview.sqlite3").unlink()
    for url in (
        "postgresql://ann:secret-word@127.0.0.1:9/spineview",
        "postgresql://ann:secret-word@127.0.0.1:port/spineview",
        "postgresql://ann:secret-word@127.0.0.1:9/spineview?nonsense=secret-word",
        "postgresql://ann:secret-word@no.such.host.invalid/spineview",
        "mysql://ann:secret-word@127.0.0.1/spineview",
    ):
        monkeypatch.setenv("SPINEVIEW_DATABASE_URL", url)
        with pytest.raises(SystemExit):
            raise SystemExit(main(["doctor", "--data", str(data)]))
        main(["user", "list", "--data", str(data)])
        main(["database", "copy", "--data", str(data)])
    captured = capsys.readouterr()
    assert "WRONG: The database of SPINEVIEW_DATABASE_URL cannot be used" in captured.out
    assert "secret-word" not in captured.out + captured.err + caplog.text
