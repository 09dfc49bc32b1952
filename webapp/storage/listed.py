"""Studies as the list shows them: of a thousand, only those that changed are made anew."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, Select, String, func, select, type_coerce
from sqlalchemy.orm import Bundle, Session, aliased

from webapp.enumerations import OPEN_JOB_STATES, Verdict
from webapp.storage.database import Database
from webapp.storage.queue.order import with_places
from webapp.storage.tables import Base, Job, JobRow, ReviewRow, Study, StudyRow, to_job, to_study

KEPT = 20_000  # studies; some kilobytes each


@dataclass(frozen=True)
class ListedStudy:
    """A study with what a list shows of it.

    Attributes:
        latest_job: The newest job, or None before the first.
        verdict: Of the newest review, or None before the first.
        open_reviews: How many reviews ask for work that nobody has called settled.
        sequence: Its place in the order in which studies came.
    """

    study: Study
    latest_job: Job | None
    verdict: Verdict | None
    open_reviews: int
    sequence: int


@dataclass(frozen=True)
class Visible:
    """Which studies somebody sees: those of some groups (None: all), or one study."""

    groups: frozenset[str] | None = None
    study_id: str | None = None

    def holds(self, study_id: str, group: str | None) -> bool:
        """Tell whether a study is among them."""
        if self.study_id is not None:
            return study_id == self.study_id
        return self.groups is None or group in self.groups

    def conditions(self) -> list[ColumnElement[bool]]:
        """Say the same as conditions of a query."""
        if self.study_id is not None:
            return [StudyRow.id == self.study_id]
        return [] if self.groups is None else [StudyRow.group.in_(sorted(self.groups))]


def _columns(name: str, table: type[Base]) -> Bundle[Any]:
    """Read a table's columns under one name, whose value has them as attributes, as a row has."""
    return Bundle(name, *(getattr(table, column.name) for column in table.__table__.columns))


def _stored(table: type[Base]) -> list[ColumnElement[Any]]:
    """Read a table's columns as the database holds them, without decoding JSON."""
    return [type_coerce(each, String) if isinstance(each.type, JSON) else each for each in table.__table__.columns]


def _with_latest(query: Select[Any]) -> Select[Any]:
    """Read from studies with the newest job and the newest review of each."""
    job = select(func.max(_AnyJob.sequence)).where(_AnyJob.study_id == StudyRow.id).scalar_subquery()
    review = select(func.max(_AnyReview.sequence)).where(_AnyReview.study_id == StudyRow.id).scalar_subquery()
    joined = query.select_from(StudyRow).outerjoin(JobRow, JobRow.sequence == job)
    return joined.outerjoin(ReviewRow, ReviewRow.sequence == review)


_AnyJob, _AnyReview = aliased(JobRow), aliased(ReviewRow)
_OPEN_REVIEWS = (
    select(func.count())
    .where(_AnyReview.study_id == StudyRow.id, _AnyReview.verdict == "needs_work", _AnyReview.resolved_by.is_(None))
    .scalar_subquery()
)
# Columns, not objects: of a thousand studies SQLAlchemy's bookkeeping of objects takes longer than everything else.
_LISTED = _with_latest(select(_columns("study", StudyRow), _columns("job", JobRow), ReviewRow.verdict, _OPEN_REVIEWS))
_STORED = _with_latest(select(StudyRow.id, *_stored(StudyRow), *_stored(JobRow), ReviewRow.verdict, _OPEN_REVIEWS))


class ListedStudies:
    """Reader of the list. Of a study that is as it was, it gives the same object again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[Any, ...], ListedStudy]] = {}

    def read(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[ListedStudy]:
        """Read the studies for which all ``conditions`` hold, newest first; all of them at one moment."""
        with self._database.reading() as session:
            wanted = _STORED.where(*conditions).order_by(StudyRow.sequence.desc()).limit(limit)
            rows = session.connection().execute(wanted)  # past the session, which costs as much again a row
            stored = {row[0]: tuple(row) for row in rows}
            found = {study_id: self._as_it_was(study_id, row) for study_id, row in stored.items()}
            new = _read(session, [study_id for study_id, listed in found.items() if listed is None])
        self._keep(new, stored)
        return [each for each in (found | new).values() if each is not None]

    def _as_it_was(self, study_id: str, row: tuple[Any, ...]) -> ListedStudy | None:
        known = self._known.get(study_id)
        return known[1] if known is not None and known[0] == row else None

    def _keep(self, new: dict[str, ListedStudy], stored: dict[str, tuple[Any, ...]]) -> None:
        """Remember the studies that only a write changes: the clock and the queue go on for an open job."""
        with self._lock:
            for study_id, each in new.items():
                if each.latest_job is None or each.latest_job.state not in OPEN_JOB_STATES:
                    self._known[study_id] = stored[study_id], each
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]


def _read(session: Session, study_ids: list[str]) -> dict[str, ListedStudy]:
    """Read studies by their ids."""
    if not study_ids:
        return {}
    rows = [
        (row, to_job(job) if job.id is not None else None, verdict, open_reviews)
        for row, job, verdict, open_reviews in session.execute(_LISTED.where(StudyRow.id.in_(study_ids)))
    ]
    jobs = {job.id: job for job in with_places(session, [job for _, job, *_ in rows if job])}
    return {
        row.id: ListedStudy(
            study=to_study(row, job.state if job else None),
            latest_job=jobs[job.id] if job else None,
            verdict=cast("Verdict | None", verdict),
            open_reviews=open_reviews,
            sequence=row.sequence,
        )
        for row, job, verdict, open_reviews in rows
    }
