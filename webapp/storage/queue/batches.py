"""The table of batches: several studies that somebody asked to segment together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.enumerations import OPEN_JOB_STATES
from webapp.storage.database import Database, new_id
from webapp.storage.queue.order import with_places
from webapp.storage.queue.tables import BatchJobRow, BatchRow
from webapp.storage.tables import Job, JobRow, to_job

MOST_LISTED = 100


@dataclass(frozen=True)
class Batch:
    """Several studies that somebody asked to segment together.

    Attributes:
        studies: Ids, as they were given; some may be deleted since.
        jobs: Of those that are still there, in the same order.
        cancellable: Ids of the open jobs that it asked for itself; others were open before.
    """

    id: str
    owner: str
    created_at: datetime
    studies: tuple[str, ...]
    jobs: tuple[Job, ...]
    cancellable: tuple[str, ...]

    @property
    def progress(self) -> float:
        """Share of the work that is over, 0 to 1; what failed, was cancelled or deleted is over."""
        open_jobs = [job for job in self.jobs if job.state in OPEN_JOB_STATES]
        left = sum(1 - job.progress for job in open_jobs)
        return 1 - left / max(1, len(self.studies))

    @property
    def eta_s(self) -> float | None:
        """Seconds until its last job ends, an estimate; None while unknown or over."""
        left = [job.eta_s for job in self.jobs if job.state in OPEN_JOB_STATES]
        known = [seconds for seconds in left if seconds is not None]
        return max(known) if known and len(known) == len(left) else None


class Batches:
    """Batches and their jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: str, studies: list[str], jobs: list[tuple[str, bool]]) -> Batch:
        """Write down a batch: its jobs by id, each with whether the batch asked for it."""
        with self._database.transaction() as session:
            row = BatchRow(id=new_id(), owner=owner, created_at=time.time(), studies=studies)
            session.add(row)
            session.flush()
            there = set(session.scalars(select(JobRow.id).where(JobRow.id.in_([job_id for job_id, _ in jobs]))))
            session.add_all(
                BatchJobRow(batch_id=row.id, job_id=job_id, own=own) for job_id, own in jobs if job_id in there
            )
            session.flush()
            return _batch(session, row)

    def get(self, batch_id: str) -> Batch | None:
        """One batch, or None."""
        with self._database.reading() as session:
            row = session.scalar(select(BatchRow).where(BatchRow.id == batch_id))
            return _batch(session, row) if row else None

    def of_owner(self, owner: str) -> list[Batch]:
        """Somebody's batches, newest first; the latest hundred."""
        wanted = select(BatchRow).where(BatchRow.owner == owner).order_by(BatchRow.sequence.desc()).limit(MOST_LISTED)
        with self._database.reading() as session:
            return [_batch(session, row) for row in session.scalars(wanted)]

    def owner(self, batch_id: str) -> str | None:
        """Find whose a batch is; None if there is none."""
        with self._database.reading() as session:
            return session.scalar(select(BatchRow.owner).where(BatchRow.id == batch_id))


def _batch(session: Session, row: BatchRow) -> Batch:
    wanted = (
        select(JobRow, BatchJobRow.own)
        .join(BatchJobRow, BatchJobRow.job_id == JobRow.id)
        .where(BatchJobRow.batch_id == row.id)
        .order_by(JobRow.sequence)
    )
    found = [(to_job(job), own) for job, own in session.execute(wanted)]
    jobs = with_places(session, [job for job, _ in found])
    places = {study_id: place for place, study_id in enumerate(row.studies)}
    jobs.sort(key=lambda job: places.get(job.study_id, len(places)))
    return Batch(
        id=row.id,
        owner=row.owner,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        studies=tuple(row.studies),
        jobs=tuple(jobs),
        cancellable=tuple(job.id for job, own in found if own and job.state in OPEN_JOB_STATES),
    )
