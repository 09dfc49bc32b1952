"""The audit trail: who did what to which study, when, and from where.

Rows are added and never changed: the database refuses both change and removal, and each row carries a hash of itself
and of the row before, so that a row that was changed, removed or slipped in by other means is found.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from webapp.storage.database import Database
from webapp.storage.tables import AuditRow

START = "0" * 64
"""In place of the hash of the row before the first."""
_HEAD = text("SELECT number, hash FROM audit_head")
_LOCKED_HEAD = text("SELECT number, hash FROM audit_head FOR UPDATE")
_SET_HEAD = text("UPDATE audit_head SET number = :number, hash = :hash")


class Who(str):
    """Name of whoever acts, with the address that it acts from; "" where it is not known.

    It is a text, so that whatever records who did something need not know of addresses.
    """

    address: str

    def __new__(cls, name: str, address: str = "") -> Who:
        """Make one."""
        made = super().__new__(cls, name)
        made.address = address
        return made


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit trail: ``who`` at ``address`` did ``action`` to ``study_id`` at ``at`` (UTC)."""

    at: datetime
    who: str
    action: str
    study_id: str
    detail: str
    address: str = ""
    number: int = 0
    hash: str = ""


class Audit:
    """The table of the audit trail; its rows are added and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, who: str, action: str, study_id: str, detail: str = "") -> None:
        """Write that ``who`` did ``action`` (upload, segment, cancel, download, delete, …) to a study, now."""
        with self._database.transaction(alone=False) as session:
            append(session, who, action, study_id, detail)

    def entries(self) -> list[AuditEntry]:
        """Return the whole trail, oldest first."""
        return list(self.since(0))

    def since(self, number: int) -> Iterator[AuditEntry]:
        """Read the entries after the one of that number, oldest first."""
        with self._database.reading() as session:
            rows = select(AuditRow).where(AuditRow.id > number).order_by(AuditRow.id).execution_options(yield_per=500)
            for row in session.scalars(rows):
                yield _entry(row)

    def latest(self, count: int) -> list[AuditEntry]:
        """Read the newest entries, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(count))
            return [_entry(row) for row in rows]

    def verify(self) -> list[str]:
        """Check the chain of hashes; name what is wrong, row by row. Nothing is wrong with an empty list."""
        with self._database.reading() as session:
            return list(faults(self.since(0), _head(session)[0]))


def append(session: Session, who: str, action: str, study_id: str, detail: str = "") -> None:
    """Add a row in an open transaction that writes. Nobody else adds one until its end: no two follow the same one."""
    number, before = _head(session, to_write=True)
    row = AuditRow(
        at=time.time(),
        who=_one_line(str(who)),
        action=action,
        study_id=study_id,
        detail=_one_line(detail),
        address=_one_line(who.address if isinstance(who, Who) else ""),
    )
    row.hash = row_hash(before, row)
    if _is_postgresql(session):
        row.id = number + 1
        session.execute(_SET_HEAD, {"number": row.id, "hash": row.hash})
    session.add(row)
    session.flush()


def _head(session: Session, to_write: bool = False) -> tuple[int, str]:
    """Read the highest number ever given, and the hash that the next row builds on."""
    if _is_postgresql(session):
        number, before = session.execute(_LOCKED_HEAD if to_write else _HEAD).one()
        return int(number), str(before)
    number = 0 if to_write else session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")) or 0
    return int(number), session.scalar(select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)) or START


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def row_hash(before: str, row: AuditRow | AuditEntry) -> str:
    """Hash a row and the hash of the row before it."""
    at = row.at.timestamp() if isinstance(row.at, datetime) else row.at
    fields = [before, f"{at:.6f}", row.who, row.action, row.study_id, row.detail, row.address]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True).encode()).hexdigest()


def faults(entries: Iterable[AuditEntry], last_number: int) -> Iterator[str]:
    """Name each entry that does not follow from the one before.

    Args:
        entries: The whole trail, oldest first.
        last_number: The highest number ever given; if the trail ends before it, its end was cut off.
    """
    before, number = START, 0
    for entry in entries:
        if entry.number != number + 1:
            yield f"{number + 1}: missing"
        if entry.hash != row_hash(before, entry):
            yield f"{entry.number}: changed, or not the one that followed"
        before, number = entry.hash, entry.number
    if last_number > number:
        yield f"{number + 1}: missing"


def _entry(row: AuditRow) -> AuditEntry:
    at = datetime.fromtimestamp(row.at, UTC)
    return AuditEntry(at, row.who, row.action, row.study_id, row.detail, row.address, row.id, row.hash)


def _one_line(words: str) -> str:
    """Escape what would begin a line of its own in an export, or cannot be written."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in words)
