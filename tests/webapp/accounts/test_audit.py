"""The audit trail: complete, chained, and safe to hand on."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from webapp.accounts.audit_export import atna, syslog
from webapp.cli import main
from webapp.storage.audit import Who
from webapp.storage.database import DATABASE_FILE
from webapp.storage.store import Store

HOSTILE = 'me"] forged\r\n<14>1 2026-01-01T00:00:00Z evil spineview - audit [x y="z"]'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    for number in range(5):
        store.audit.record(Who("doctor", "10.0.0.7"), "open", f"study{number}")
    yield store
    store.close()


def tampered(tmp_path: Path, *statements: str) -> None:
    """Change the table as somebody with the file would."""
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as database, database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            database.execute(statement)


def test_rows_are_neither_changed_nor_removed(tmp_path: Path, store: Store):
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as database:
        for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 5"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                database.execute(statement)
    assert store.audit.verify() == []


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("UPDATE audit SET who = 'somebody' WHERE id = 3", "3"),
        ("UPDATE audit SET address = '10.0.0.8' WHERE id = 1", "1"),
        ("DELETE FROM audit WHERE id = 2", "2"),
        ("DELETE FROM audit WHERE id = 5", "5"),
        ("DELETE FROM audit", "1"),
        ("UPDATE audit SET at = at + 1 WHERE id = 4", "4"),
        ("INSERT INTO audit SELECT 6, at, who, action, study_id, detail, address, hash FROM audit WHERE id = 5", "6"),
    ],
)
def test_what_was_tampered_with_is_found(
    tmp_path: Path, store: Store, statement: str, line: str, capsys: pytest.CaptureFixture[str]
):
    tampered(tmp_path, statement)
    assert main(["audit", "verify", "--data", str(tmp_path)]) == 1
    assert f"line {line}: " in capsys.readouterr().err


def test_the_command_verifies_against_a_hash_that_was_noted(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    assert main(["audit", "verify", "--data", str(tmp_path)]) == 0
    head = capsys.readouterr().out.split()[-1]
    store.audit.record("doctor", "open", "study9")
    assert main(["audit", "verify", "--data", str(tmp_path), "--head", head]) == 0
    assert main(["audit", "verify", "--data", str(tmp_path), "--head", "f" * 64]) == 1


def test_no_text_makes_a_line_of_its_own(store: Store):
    store.audit.record(Who(HOSTILE, HOSTILE), "open", "study", HOSTILE)
    entry = store.audit.entries()[-1]
    for line in (syslog(entry), atna(entry)):
        assert len(line.splitlines()) == 1
    [data] = re.findall(r"\[audit@32473 (.*)\]$", syslog(entry))
    assert re.fullmatch(r'(\w+="(?:[^"\\\]]|\\["\\\]])*" ?)+', data), "every quote and bracket of a value is escaped"


def test_both_exports_say_who_what_when_from_where_and_on_which_study(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
):
    assert main(["audit", "export", "--since", "4", "--data", str(tmp_path)]) == 0
    [line] = capsys.readouterr().out.splitlines()
    message = json.loads(line)
    assert message["EventIdentification"]["EventID"]["code"] == "110103"
    assert message["ActiveParticipant"][0] == {
        "UserID": "doctor",
        "UserIsRequestor": True,
        "NetworkAccessPointID": "10.0.0.7",
    }
    assert message["ParticipantObjectIdentification"][0]["ParticipantObjectID"] == "study4"
    assert main(["audit", "export", "--format", "syslog", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert re.match(r"<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ spineview - audit \[audit@32473 ", lines[0])
