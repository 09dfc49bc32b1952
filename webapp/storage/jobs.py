"""The table of jobs, which is also the queue."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segmentation.core.atomic import rename_durably, sync_tree
from segmentation.core.errors import Problem
from segmentation.core.messages import Message
from webapp.enumerations import OPEN_JOB_STATES, PRIORITIES, JobState, Priority, Task
from webapp.storage.database import Database, new_id
from webapp.storage.folders import Folders
from webapp.storage.queue.order import next_turn, take_next, with_places
from webapp.storage.recovery.records import write_mask_record
from webapp.storage.tables import Job, JobRow, Mask, mask_row, to_job

LOG_LINES = 300
_STATES = select(JobRow.state, func.count()).group_by(JobRow.state)


class Jobs:
    """Runs of the engine on studies: those that wait, the one that runs, and those that are over."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def add(
        self,
        study_id: str,
        task: Task = "segment",
        owner: str = "",
        priority: Priority = "normal",
        anew: bool = False,
    ) -> Job:
        """Put a new job into the queue, see ``webapp.storage.queue.order``. The study must exist.

        Args:
            study_id: Of the study.
            task: What to do.
            owner: Who asks; owners take turns.
            priority: More urgent jobs come first.
            anew: Whether an earlier result of the same scan is left aside.
        """
        with self._database.transaction() as session:
            row = JobRow(
                id=new_id(),
                study_id=study_id,
                task=task,
                state="queued",
                progress=0.0,
                stage="queued",
                created_at=time.time(),
                log=[],
                attempts=0,
                owner=owner,
                priority=PRIORITIES.index(priority),
                anew=anew,
            )
            session.add(row)
            session.flush()
            return with_places(session, [to_job(row)])[0]

    def get(self, job_id: str) -> Job | None:
        """One job, or None."""
        with self._database.reading() as session:
            row = _row(session, job_id)
            return with_places(session, [to_job(row)])[0] if row else None

    def of_study(self, study_id: str) -> list[Job]:
        """All jobs of a study, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(JobRow).where(JobRow.study_id == study_id).order_by(JobRow.sequence.desc()))
            return with_places(session, [to_job(row) for row in rows])

    def latest(self, study_id: str) -> Job | None:
        """Return the newest job of a study, or None."""
        with self._database.reading() as session:
            newest_first = select(JobRow).where(JobRow.study_id == study_id).order_by(JobRow.sequence.desc())
            row = session.scalars(newest_first.limit(1)).first()
            return with_places(session, [to_job(row)])[0] if row else None

    def count_by_state(self) -> dict[str, int]:
        """Count jobs in each state that occurs."""
        return {str(state): int(count) for state, count in self._database.rows(_STATES)}

    def claim(self) -> Job | None:
        """Mark the queued job whose turn it is as running and return it; None if nothing waits."""
        with self._database.transaction(alone=False) as session:
            row = take_next(session)
            if row is None:
                return None
            row.turn = next_turn(session)
            row.state, row.stage, row.progress = "running", "loading", 0.0
            row.started_at, row.attempts = time.time(), row.attempts + 1
            return to_job(row)

    def reprioritise(self, job_id: str, priority: Priority) -> Job | None:
        """Give a job that waits another priority; one that began stays as it is. None if there is none."""
        with self._database.transaction(alone=False) as session:
            row = _locked(session, job_id)
            if row is not None and row.state == "queued":
                row.priority = PRIORITIES.index(priority)
            session.flush()
            return with_places(session, [to_job(row)])[0] if row is not None else None

    def update(self, job_id: str, log: str = "", attempt: int | None = None, **columns: Any) -> None:
        """Change columns of ``webapp.storage.tables.JobRow``, add a ``log`` line; an open job only.

        ``attempt``: only if the job still is at this one.
        """
        with self._database.transaction(alone=False) as session:
            row = _locked(session, job_id)
            if row is None or row.state not in OPEN_JOB_STATES or not _is_at(row, attempt):
                return
            for column, value in columns.items():
                setattr(row, column, value)
            if log:
                row.log = _with_line(row.log, log)

    def finish(self, job_id: str, state: JobState, log: str = "", attempt: int | None = None, **columns: Any) -> None:
        """Close an open job that has no result, see ``update``."""
        self.update(job_id, log, attempt, state=state, finished_at=time.time(), eta_s=None, **columns)

    def complete(
        self,
        job_id: str,
        mask: Mask,
        staged: Path,
        log: str,
        *beside: tuple[Mask, Path],
        reused: str | None = None,
        attempt: int | None = None,
    ) -> bool:
        """In one step: move the ``staged`` folder into its study, add the mask, close the job as done.

        Args:
            job_id: Of the job.
            mask: Its files lie in ``staged``.
            staged: Becomes the mask's folder.
            log: Last line of the job's log.
            *beside: Further masks of the same job with their folders, put in place in the same step.
            reused: The mask that this one is a copy of.
            attempt: Which attempt the result is of, where others than this process work; a later one has fenced it.

        Returns:
            False, and nothing is kept, if the job was cancelled, its study deleted or another attempt begun meanwhile.
        """
        parts = [(mask, staged), *beside]
        for _, folder in parts:
            sync_tree(folder)  # takes its time, and nobody should wait for that
        try:
            with self._database.transaction() as session:
                row = _locked(session, job_id)
                if row is None or row.state not in OPEN_JOB_STATES or not _is_at(row, attempt):
                    return False
                close_as_done(row, mask, log)
                row.reused = reused
                for each, folder in parts:
                    made = mask_row(each)
                    session.add(made)
                    session.flush()
                    write_mask_record(folder, made, job_id)
                    target = self._folders.mask(each)
                    target.parent.mkdir(exist_ok=True)
                    rename_durably(folder, target)
        except BaseException:
            for each, folder in parts:
                if self._folders.mask(each).exists() and not folder.exists():
                    os.replace(self._folders.mask(each), folder)
            raise
        return True

    def give_back(self, job_id: str, attempt: int, why: str) -> None:
        """Put one job back to its place in the queue, as if this attempt had not begun: its worker stops in order."""
        with self._database.transaction(alone=False) as session:
            row = _locked(session, job_id)
            if row is not None and _is_at(row, attempt):
                row.attempts = max(0, row.attempts - 1)
                _queue_again(row, why)

    def retry(self, job_id: str, attempt: int, why: str, problem: Problem, most_attempts: int = 3) -> Job | None:
        """Put one job back into the queue whose attempt was lost; after ``most_attempts`` it fails with ``problem``.

        None, and nothing is changed, if the job is not at this attempt any more.
        """
        with self._database.transaction(alone=False) as session:
            row = _locked(session, job_id)
            if row is None or not _is_at(row, attempt):
                return None
            if row.attempts >= most_attempts:
                row.state, row.finished_at, row.eta_s, row.error = "failed", time.time(), None, problem.to_json()
                row.log = _with_line(row.log, problem.message.text())
            else:
                _queue_again(row, why)
            return to_job(row)

    def give_back_running(self) -> None:
        """Put what is running back to its place in the queue, as if it had not been claimed: the server stops."""
        with self._database.transaction() as session:
            for row in session.scalars(select(JobRow).where(JobRow.state == "running").with_for_update()):
                row.attempts = max(0, row.attempts - 1)
                _queue_again(row, "The server is stopping")

    def cancel(self, job_id: str) -> Job | None:
        """Close an open job as cancelled, now; what still works on it can write nothing more to it."""
        with self._database.transaction(alone=False) as session:
            row = _locked(session, job_id)
            if row is None:
                return None
            if row.state in OPEN_JOB_STATES:
                row.state, row.finished_at, row.eta_s = "cancelled", time.time(), None
                row.log = _with_line(row.log, "Cancelled")
            return to_job(row)

    def requeue_running(self, most_attempts: int = 3) -> list[Job]:
        """Give jobs that a dead server left running back to the queue.

        One that took ``most_attempts`` servers down fails instead.
        """
        with self._database.transaction() as session:
            rows = list(session.scalars(select(JobRow).where(JobRow.state == "running").with_for_update()))
            for row in rows:
                row.eta_s = None
                if row.attempts >= most_attempts:
                    row.state, row.finished_at = "failed", time.time()
                    stopped = Message.of("job.server_stopped", count=row.attempts)
                    row.error = Problem("server_stopped", stopped).to_json()
                else:
                    _queue_again(row, "The server was restarted; starting again")
            return [to_job(row) for row in rows]


def close_as_done(row: JobRow, mask: Mask, log: str) -> None:
    """Make a job's row say that the job is done, and that ``mask`` came of it."""
    row.state, row.stage, row.progress, row.eta_s = "done", "done", 1.0, None
    row.finished_at, row.mask_id, row.dice = time.time(), mask.id, mask.dice
    row.log = _with_line(row.log, log)


def _row(session: Session, job_id: str) -> JobRow | None:
    return session.scalar(select(JobRow).where(JobRow.id == job_id))


def _locked(session: Session, job_id: str) -> JobRow | None:
    """Read a row that nobody else changes until the end of this transaction."""
    return session.scalar(select(JobRow).where(JobRow.id == job_id).with_for_update())


def _is_at(row: JobRow, attempt: int | None) -> bool:
    """Tell whether a job runs at this attempt; None: whether it is open was asked already."""
    return attempt is None or (row.state == "running" and row.attempts == attempt)


def _queue_again(row: JobRow, why: str) -> None:
    row.state, row.stage, row.progress, row.started_at, row.eta_s = "queued", "queued", 0.0, None, None
    row.turn = None
    row.log = _with_line(row.log, why)


def _with_line(log: list[str], line: str) -> list[str]:
    """Add a line with its time of day, UTC, to a log; return a list of its own, which SQLAlchemy notices."""
    return [*log, f"{datetime.now(UTC):%H:%M:%S} {line}"][-LOG_LINES:]
