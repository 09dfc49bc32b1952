"""Studies, jobs, masks and the audit trail: SQLAlchemy on SQLite, and a folder a study.

``data_dir/spineview.sqlite3`` holds the rows, ``data_dir/studies/<id>/`` the files,
``data_dir/incoming/<id>/`` what is not yet whole. A folder is filled in ``incoming`` and renamed into its
place in one step, so that nobody ever reads half a study or half a mask.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import create_engine, delete, event, func, select
from sqlalchemy.orm import Session

from segmentation.core.errors import BadConfiguration
from webapp.storage.tables import (
    OPEN_STATES,
    AuditRow,
    Base,
    Job,
    JobRow,
    JobState,
    Mask,
    MaskRow,
    Study,
    StudyRow,
    mask_row,
    to_job,
    to_mask,
    to_study,
)

LOG_LINES = 300
SCHEMA = 3  # of webapp/storage/tables.py; a change of a table there is a new number here, and a migration
# Statements that lead from each older schema to the next.
MIGRATIONS = {
    1: ("ALTER TABLE masks ADD COLUMN confidence JSON",),
    2: ("ALTER TABLE studies ADD COLUMN notes JSON",),
}


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit trail: ``who`` did ``action`` to ``study_id`` at ``at`` (UTC)."""

    at: datetime
    who: str
    action: str
    study_id: str
    detail: str


def new_id() -> str:
    """A random, url-safe name of 80 bits: no one finds a study by guessing."""
    return secrets.token_hex(10)


class Store:
    """The one place where page, API, job and viewer meet. Safe to use from any thread.

    Raises:
        BadConfiguration: the folder cannot be used, or holds the studies of a newer version.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._studies = data_dir / "studies"
        self._incoming = data_dir / "incoming"
        try:
            for folder in (self._studies, self._incoming):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(
                f"{data_dir} cannot be used for studies: {error.strerror}.", "Choose another --data."
            ) from error
        self._engine = create_engine(
            f"sqlite:///{data_dir / 'spineview.sqlite3'}",
            connect_args={"check_same_thread": False, "timeout": 30},
        )
        event.listen(self._engine, "connect", _tune)
        self._check_schema()
        self._write = threading.RLock()
        self._lock: IO[str] | None = None

    def _check_schema(self) -> None:
        with self._engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if found not in (0, *MIGRATIONS, SCHEMA):
                raise BadConfiguration(
                    f"The studies in {self.data_dir} were written by another version of SpineView.",
                    "Use that version, or choose another --data.",
                )
            for version in range(found or SCHEMA, SCHEMA):
                for statement in MIGRATIONS[version]:
                    connection.exec_driver_sql(statement)
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    def hold(self, timeout_s: float = 15.0) -> None:
        """Take this data folder for this process alone: two queues on one store would run each job twice.

        Raises:
            BadConfiguration: another server still has it after ``timeout_s``.
        """
        lock = (self.data_dir / "server.lock").open("w")
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock = lock
                return
            except BlockingIOError as busy:
                if time.monotonic() > deadline:
                    lock.close()
                    raise BadConfiguration(
                        f"Another SpineView server is using {self.data_dir}.",
                        "Stop it, or choose another --data.",
                    ) from busy
                time.sleep(0.2)

    def close(self) -> None:
        """Give the database's connections and the folder back."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    # Folders

    def folder(self, study_id: str) -> Path:
        """Folder of a study's files."""
        return self._studies / study_id

    def mask_folder(self, mask: Mask) -> Path:
        """Folder of a mask's files: ``mask.nii.gz``, ``volume.bin.gz``, ``<label>.stl``."""
        return self.folder(mask.study_id) / "masks" / mask.id

    def stage(self) -> Path:
        """A fresh folder under ``incoming``; its name is a new id."""
        folder = self._incoming / new_id()
        folder.mkdir()
        return folder

    def incoming(self, name: str) -> Path:
        """A staged folder by its name; "" is the folder of all of them."""
        return self._incoming / name

    def sweep(self) -> list[str]:
        """Remove what a crash left, unfinished uploads and folders without a row; answer their names."""
        known = {study.id for study in self.studies()}
        leftovers = [*self._incoming.iterdir(), *(f for f in self._studies.iterdir() if f.name not in known)]
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        return [leftover.name for leftover in leftovers]

    def replace_file(self, study_id: str, staged: Path) -> None:
        """Move a file out of its own staged folder into the study's, if that is still there."""
        with self._write:
            if self.folder(study_id).is_dir():
                os.replace(staged, self.folder(study_id) / staged.name)
        shutil.rmtree(staged.parent, ignore_errors=True)

    # Studies

    def add_study(self, study: Study, staged: Path, mask: Mask | None = None) -> Study:
        """Move the ``staged`` folder into its place and write the study's row.

        A reference ``mask`` that came with it lies in ``staged/masks/<mask id>``; its row is added too.
        """
        with self.transaction() as session:
            os.replace(staged, self.folder(study.id))
            session.add(
                StudyRow(
                    id=study.id,
                    name=study.name,
                    created_at=study.created_at.timestamp(),
                    shape=list(study.shape),
                    spacing_mm=list(study.spacing_mm),
                    orientation=study.orientation,
                    size_bytes=study.size_bytes,
                    original=study.original,
                    reference=study.reference,
                    notes=[each.to_json() for each in study.notes],
                )
            )
            session.flush()
            if mask is not None:
                session.add(mask_row(mask))
        return study

    def study(self, study_id: str) -> Study | None:
        """One study, or None."""
        with Session(self._engine) as session:
            row = session.get(StudyRow, study_id)
            return to_study(row, _latest(session, row.id)) if row else None

    def studies(self) -> list[Study]:
        """All studies, newest first."""
        with Session(self._engine) as session:
            rows = session.scalars(select(StudyRow).order_by(StudyRow.created_at.desc()))
            return [to_study(row, _latest(session, row.id)) for row in rows]

    def delete_study(self, study_id: str) -> bool:
        """Remove a study's rows and its folder; False if there is none."""
        with self.transaction() as session:
            gone = cast(Any, session.execute(delete(StudyRow).where(StudyRow.id == study_id))).rowcount > 0
            if gone:
                shutil.rmtree(self.folder(study_id), ignore_errors=True)
        return bool(gone)

    # Jobs

    def add_job(self, study_id: str, task: str = "segment") -> Job:
        """Put a new job at the end of the queue. The study must exist."""
        with self.transaction() as session:
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
            )
            session.add(row)
            session.flush()
            return to_job(row)

    def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        with Session(self._engine) as session:
            row = session.get(JobRow, job_id)
            return to_job(row) if row else None

    def jobs(self, study_id: str) -> list[Job]:
        """All jobs of a study, newest first."""
        with Session(self._engine) as session:
            rows = session.scalars(select(JobRow).where(JobRow.study_id == study_id).order_by(JobRow.created_at.desc()))
            return [to_job(row) for row in rows]

    def latest_job(self, study_id: str) -> Job | None:
        """The newest job of a study, or None."""
        with Session(self._engine) as session:
            row = _latest(session, study_id)
            return to_job(row) if row else None

    def claim_job(self) -> Job | None:
        """Mark the oldest queued job as running and answer it; None if nothing waits."""
        with self.transaction() as session:
            row = session.scalars(
                select(JobRow).where(JobRow.state == "queued").order_by(JobRow.created_at).limit(1)
            ).first()
            if row is None:
                return None
            row.state, row.stage, row.progress = "running", "loading", 0.0
            row.started_at, row.attempts = time.time(), row.attempts + 1
            return to_job(row)

    def update_job(self, job_id: str, log: str = "", **columns: Any) -> None:
        """Change columns of :class:`webapp.storage.tables.JobRow`, add a ``log`` line; an open job only."""
        with self.transaction() as session:
            row = session.get(JobRow, job_id)
            if row is None or row.state not in OPEN_STATES:
                return
            for column, value in columns.items():
                setattr(row, column, value)
            if log:
                row.log = _with_line(row.log, log)

    def finish_job(self, job_id: str, state: JobState, log: str = "", **columns: Any) -> None:
        """Close an open job that has no result."""
        self.update_job(job_id, log, state=state, finished_at=time.time(), eta_s=None, **columns)

    def cancel_job(self, job_id: str) -> Job | None:
        """Close an open job as cancelled, now; what still works on it can write nothing more to it."""
        with self.transaction() as session:
            row = session.get(JobRow, job_id)
            if row is None:
                return None
            if row.state in OPEN_STATES:
                row.state, row.finished_at, row.eta_s = "cancelled", time.time(), None
                row.log = _with_line(row.log, "Cancelled")
            return to_job(row)

    def requeue_running(self, most_attempts: int = 3) -> list[Job]:
        """Give jobs that a dead server left running back to the queue.

        One that took ``most_attempts`` servers down fails instead.
        """
        with self.transaction() as session:
            rows = list(session.scalars(select(JobRow).where(JobRow.state == "running")))
            for row in rows:
                row.eta_s = None
                if row.attempts >= most_attempts:
                    row.state, row.finished_at = "failed", time.time()
                    row.error = {
                        "code": "server_stopped",
                        "message": f"The server stopped {row.attempts} times while working on this scan.",
                        "hint": "The machine may be short of memory; ask whoever looks after it.",
                    }
                else:
                    row.state, row.stage, row.progress, row.started_at = "queued", "queued", 0.0, None
                    row.log = [
                        *row.log,
                        f"{datetime.now(UTC):%H:%M:%S} The server was restarted; starting again",
                    ]
            return [to_job(row) for row in rows]

    def count_jobs(self) -> dict[str, int]:
        """Number of jobs in each state that occurs."""
        with Session(self._engine) as session:
            rows = session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
            return {str(state): int(count) for state, count in rows}

    # Masks

    def complete_job(self, job_id: str, mask: Mask, staged: Path, log: str) -> bool:
        """In one step: move the ``staged`` folder into its study, add the mask, close the job as done.

        False, and nothing is kept, if the job was cancelled or the study deleted meanwhile.
        """
        with self.transaction() as session:
            row = session.get(JobRow, job_id)
            if row is None or row.state not in OPEN_STATES:
                return False
            target = self.mask_folder(mask)
            target.parent.mkdir(exist_ok=True)
            os.replace(staged, target)
            session.add(mask_row(mask))
            row.state, row.stage, row.progress, row.eta_s = "done", "done", 1.0, None
            row.finished_at, row.mask_id, row.dice = time.time(), mask.id, mask.dice
            row.log = _with_line(row.log, log)
        return True

    def masks(self, study_id: str) -> list[Mask]:
        """All masks of a study, newest first."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(MaskRow).where(MaskRow.study_id == study_id).order_by(MaskRow.created_at.desc())
            )
            return [to_mask(row) for row in rows]

    def mask(self, mask_id: str) -> Mask | None:
        """One mask, or None."""
        with Session(self._engine) as session:
            row = session.get(MaskRow, mask_id)
            return to_mask(row) if row else None

    # Audit trail

    def audit(self, who: str, action: str, study_id: str, detail: str = "") -> None:
        """Note that ``who`` did ``action`` (upload, segment, cancel, download or delete) to a study, now."""
        with self.transaction() as session:
            session.add(AuditRow(at=time.time(), who=who, action=action, study_id=study_id, detail=detail))

    def audit_trail(self) -> list[AuditEntry]:
        """The whole trail, oldest first."""
        with Session(self._engine) as session:
            return [
                AuditEntry(datetime.fromtimestamp(row.at, UTC), row.who, row.action, row.study_id, row.detail)
                for row in session.scalars(select(AuditRow).order_by(AuditRow.id))
            ]

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction, one writer at a time: waiting here beats SQLite's busy error.

        Also for a module that looks after a table of its own, such as ``measurements``.
        """
        with self._write, Session(self._engine) as session, session.begin():
            yield session


def _tune(connection: Any, _record: Any) -> None:
    """WAL: readers never wait for the writer. Foreign keys: a study's rows go with it."""
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _latest(session: Session, study_id: str) -> JobRow | None:
    return session.scalars(
        select(JobRow).where(JobRow.study_id == study_id).order_by(JobRow.created_at.desc()).limit(1)
    ).first()


def _with_line(log: list[str], line: str) -> list[str]:
    """The log with one more line and its time of day, UTC; a list of its own, which SQLAlchemy notices."""
    return [*log, f"{datetime.now(UTC):%H:%M:%S} {line}"][-LOG_LINES:]
