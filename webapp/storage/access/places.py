"""Where an object belongs: the study that a mask, a job, a review … is part of, and the group of that study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.storage.access.tables import ShareRow
from webapp.storage.database import Database
from webapp.storage.tables import JobRow, MaskRow, MeasurementRow, ReviewRow, StudyRow

_PARTS: dict[str, Any] = {
    "job": JobRow,
    "mask": MaskRow,
    "measurement": MeasurementRow,
    "review": ReviewRow,
    "share": ShareRow,
}
STUDY_OBJECTS = frozenset({"study", *_PARTS})
"""Kinds of objects that belong to a study, and are seen by whoever sees the study."""


@dataclass(frozen=True)
class Place:
    """A study and its group; None for a study of no group."""

    study_id: str
    group: str | None


class Places:
    """Looks objects up, one query each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str, object_id: str) -> Place | None:
        """Find the study of an object of one of ``STUDY_OBJECTS``; None if there is no such object."""
        wanted = select(StudyRow.id, StudyRow.group)
        if kind == "study":
            wanted = wanted.where(StudyRow.id == object_id)
        else:
            part = _PARTS[kind]
            wanted = wanted.join(part, part.study_id == StudyRow.id).where(part.id == object_id)
        with self._database.reading() as session:
            found = session.execute(wanted).first()
            return None if found is None else Place(found[0], found[1])
