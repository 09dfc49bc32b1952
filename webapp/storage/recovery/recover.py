"""Bring database and folders together again, whatever happened to either since the last stop.

Nothing is ever removed here but what was never acknowledged (``incoming``) and what somebody deleted (``trash``).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from webapp.enumerations import OPEN_JOB_STATES
from webapp.storage.audit import append
from webapp.storage.database import Database, new_id
from webapp.storage.folders import THUMBNAIL_FILE, Folders
from webapp.storage.jobs import close_as_done
from webapp.storage.measurements import to_measurement
from webapp.storage.recovery.reconstruct import mask_columns, study_columns
from webapp.storage.recovery.records import (
    ANNOTATIONS,
    MASK_RECORD,
    STUDY_RECORD,
    Columns,
    Row,
    read_record,
    row_of,
    write_annotations,
    write_mask_record,
    write_study_record,
)
from webapp.storage.reviews import to_review
from webapp.storage.studies import file_version
from webapp.storage.tables import (
    JobRow,
    MaskRow,
    MeasurementRow,
    ReviewRow,
    StudyRow,
    to_mask,
    to_study,
)

log = logging.getLogger(__name__)
_HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{32}(\.\w+)?")
_ANNOTATION_TABLES: tuple[type[MeasurementRow | ReviewRow], ...] = (MeasurementRow, ReviewRow)
_UNUSABLE = (KeyError, TypeError, ValueError, AttributeError, StatementError)
"""What a record raises whose values are not those of a row."""


class Recovery:
    """Recovery of a data folder, before anything is served."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def run(self) -> None:
        """Finish deletions, remove unfinished uploads, adopt studies without a row, write records that are missing."""
        self._finish_deletions()
        for leftover in list(self._folders.incoming.iterdir()):
            shutil.rmtree(leftover, ignore_errors=True)
        shutil.rmtree(self._folders.temporary, ignore_errors=True)
        self._folders.temporary.mkdir(exist_ok=True)
        self._remove_half_written()
        with self._database.reading() as session:
            known = set(session.scalars(select(StudyRow.id)))
            known_masks = set(session.scalars(select(MaskRow.id)))
        self._adopt_studies(known)
        for study_id in sorted(known):
            self._adopt_masks(study_id, known_masks)
        self._adopt_annotations(known)
        self._write_missing_records(known)

    def _remove_half_written(self) -> None:
        """Remove what writes left that were interrupted before their rename, see ``segmentation.core.atomic``."""
        for path in self._folders.studies.rglob(".*"):
            if _HALF_WRITTEN.fullmatch(path.name) and path.is_file():
                path.unlink()

    def _finish_deletions(self) -> None:
        for study_id in self._folders.discarded():
            with self._database.transaction() as session:
                row = _study(session, study_id) or session.scalar(select(MaskRow).where(MaskRow.id == study_id))
                if row is not None:  # the server died before it could write that the study is deleted
                    session.delete(row)
                    append(session, "", "delete", study_id, "finished at start")
            self._folders.empty_trash(study_id)

    def _adopt_studies(self, known: set[str]) -> None:
        """Make rows of the folders in ``studies`` that have none, in the order in which they came."""
        unknown = [path for path in self._folders.studies.iterdir() if path.is_dir() and path.name not in known]
        found = [(path, _described(path)) for path in unknown]
        for path, columns in sorted(found, key=lambda pair: _order(pair[1])):
            if columns is None:
                log.warning("%s is no study of SpineView, and is left as it is.", path)
                continue
            try:
                self._adopt_study(path, columns)
            except OperationalError:  # a StatementError too, but the disk's fault
                raise
            except _UNUSABLE as error:
                log.warning("%s cannot be taken up as a study (%r), and is left as it is.", path, error)
            else:
                log.warning("The study %s was taken up again from its folder.", path.name)

    def _adopt_study(self, folder: Path, columns: Columns) -> None:
        with self._database.transaction() as session:
            row = row_of(StudyRow, {**columns, "thumbnail": file_version(folder / THUMBNAIL_FILE)})
            session.add(row)
            session.flush()
            to_study(row, None)  # raises if a value is none that can be read
            for mask in _described_masks(folder, row):
                with _attempt(session, folder):
                    _add_mask(session, mask, folder)
            annotations = read_record(folder / ANNOTATIONS) or {}
            for each in annotations.get(MeasurementRow.__tablename__, ()):
                with _attempt(session, folder):
                    to_measurement(_added(session, row_of(MeasurementRow, each)))
            for each in annotations.get(ReviewRow.__tablename__, ()):
                with _attempt(session, folder):
                    to_review(_added(session, row_of(ReviewRow, each)))
            write_study_record(folder, row)

    def _adopt_masks(self, study_id: str, known: set[str]) -> None:
        """Make rows of a study's masks that have none: the server died as it wrote them down."""
        study_folder = self._folders.study(study_id)
        for folder in _mask_folders(study_folder):
            if folder.name in known:
                continue
            columns = read_record(folder / MASK_RECORD)
            if columns is None or columns.get("study_id") != study_id or columns.get("id") != folder.name:
                log.warning("%s is no mask of SpineView, and is left as it is.", folder)
                continue
            with self._database.transaction() as session, _attempt(session, folder):
                _add_mask(session, columns, study_folder)
                log.warning("The mask %s was taken up again from its folder.", folder.name)

    def _adopt_annotations(self, known: set[str]) -> None:
        """Make rows of measurements and reviews that only the studies' records know: the database is an older one."""
        with self._database.reading() as session:
            rows = {table: set(session.scalars(select(table.id))) for table in _ANNOTATION_TABLES}
        for study_id in sorted(known):
            record = read_record(self._folders.study(study_id) / ANNOTATIONS) or {}
            for table, ids in rows.items():
                for columns in record.get(table.__tablename__, ()):
                    if isinstance(columns, dict) and columns.get("id") not in ids:
                        self._adopt_annotation(study_id, table, columns)

    def _adopt_annotation(self, study_id: str, table: type[MeasurementRow | ReviewRow], columns: Columns) -> None:
        folder = self._folders.study(study_id)
        with self._database.transaction() as session, _attempt(session, folder):
            row = _added(session, row_of(table, {**columns, "study_id": study_id}))
            to_measurement(row) if isinstance(row, MeasurementRow) else to_review(row)
            log.warning("An entry of %s of study %s was taken up again from its folder.", table.__tablename__, study_id)

    def _write_missing_records(self, known: set[str]) -> None:
        """Write the records that a version without records, or an interrupted start, did not."""
        missing = []
        for study_id in sorted(known):
            folder = self._folders.study(study_id)
            if not folder.is_dir():
                log.warning("The files of study %s are missing; its row is kept.", study_id)
            elif not _is_written(folder / STUDY_RECORD):
                missing.append(study_id)
        if missing:
            with self._database.transaction() as session:
                for study_id in missing:
                    self._write_records(session, study_id)
            os.sync()  # once for all: each by itself would take a minute for a thousand

    def _write_records(self, session: Session, study_id: str) -> None:
        folder, row = self._folders.study(study_id), _study(session, study_id)
        if row is None:
            return
        row.thumbnail = file_version(folder / THUMBNAIL_FILE)
        for mask in session.scalars(select(MaskRow).where(MaskRow.study_id == study_id)):
            mask_folder = self._folders.mask(to_mask(mask))
            if mask_folder.is_dir():
                job_id = session.scalar(select(JobRow.id).where(JobRow.mask_id == mask.id))
                write_mask_record(mask_folder, mask, job_id, durable=False)
        write_annotations(session, folder, study_id, durable=False)
        write_study_record(folder, row, durable=False)  # last: it says that the others are there


def _study(session: Session, study_id: str) -> StudyRow | None:
    return session.scalar(select(StudyRow).where(StudyRow.id == study_id))


def _is_written(path: Path) -> bool:
    """Tell whether a file is there and, whatever a power cut did, not empty."""
    return path.is_file() and path.stat().st_size > 0


def _described(folder: Path) -> Columns | None:
    """Read the columns of a study's row, from its record or else from its other files."""
    columns = read_record(folder / STUDY_RECORD)
    if columns is None:
        return study_columns(folder)
    original = columns.get("original")
    is_its_own = columns.get("id") == folder.name and isinstance(original, str) and Path(original).name == original
    return columns if is_its_own and (folder / str(original)).exists() else None


def _described_masks(folder: Path, study: StudyRow) -> list[Columns]:
    """Read the columns of a study's masks, in the order in which they came.

    Without records the first mask of a study that came with a reference is that reference.
    """
    masks, has_reference = [], study.reference is None
    for path in sorted(_mask_folders(folder), key=lambda path: path.stat().st_mtime):
        record = read_record(path / MASK_RECORD)
        columns = mask_columns(path, study.id, not has_reference) if record is None else record
        if columns is None or columns.get("id") != path.name or columns.get("study_id") != study.id:
            log.warning("%s is no mask of SpineView, and is left as it is.", path)
            continue
        has_reference = has_reference or columns.get("kind") == "reference"
        masks.append(columns)
    return sorted(masks, key=_order)


def _order(columns: Columns | None) -> tuple[float, float]:
    places = [(columns or {}).get(name) for name in ("sequence", "created_at")]
    first, second = (float(place) if isinstance(place, int | float) else 0.0 for place in places)
    return first, second


def _mask_folders(folder: Path) -> Iterator[Path]:
    masks = folder / "masks"
    if masks.is_dir():
        yield from sorted(path for path in masks.iterdir() if path.is_dir())


def _add_mask(session: Session, columns: Columns, study_folder: Path) -> None:
    """Add a mask's row, and say "done" of the job that it came of; of one that is not known, a job is made up."""
    row = _added(session, row_of(MaskRow, columns))
    mask, job = to_mask(row), None
    if row.kind == "model":
        job = session.scalar(select(JobRow).where(JobRow.id == (columns.get("job_id") or "")))
        if job is None:
            job = JobRow(id=new_id(), study_id=row.study_id, task="segment", state="running", log=[], attempts=1)
            job.created_at = job.started_at = row.created_at
            session.add(job)
        if job.state in OPEN_JOB_STATES:
            close_as_done(job, mask, "The result was found after a restart")
        session.flush()
    write_mask_record(study_folder / "masks" / mask.id, row, job.id if job else None)


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row


@contextmanager
def _attempt(session: Session, where: Path) -> Iterator[None]:
    """Undo what the block wrote if it meets something that cannot be used, and go on without it."""
    try:
        with session.begin_nested():
            yield
    except OperationalError:  # a StatementError too, but the disk's fault
        raise
    except _UNUSABLE as error:
        log.warning("A part of %s cannot be taken up (%r), and is left as it is.", where, error)
