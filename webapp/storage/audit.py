"""The audit trail: who did what to which study, when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from webapp.storage.database import Database
from webapp.storage.tables import AuditRow


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit trail: ``who`` did ``action`` to ``study_id`` at ``at`` (UTC)."""

    at: datetime
    who: str
    action: str
    study_id: str
    detail: str


class Audit:
    """The table of the audit trail; its rows are added and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, who: str, action: str, study_id: str, detail: str = "") -> None:
        """Write that ``who`` did ``action`` (upload, segment, cancel, download, delete, …) to a study, now."""
        with self._database.transaction() as session:
            session.add(AuditRow(at=time.time(), who=who, action=action, study_id=study_id, detail=detail))

    def entries(self) -> list[AuditEntry]:
        """Return the whole trail, oldest first."""
        with self._database.reading() as session:
            return [
                AuditEntry(datetime.fromtimestamp(row.at, UTC), row.who, row.action, row.study_id, row.detail)
                for row in session.scalars(select(AuditRow).order_by(AuditRow.id))
            ]
