"""The table of studies, and the folder that each row stands for."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from segmentation.core.atomic import rename_durably, sync_tree
from webapp.enumerations import Verdict
from webapp.http.errors import WebError
from webapp.storage.database import Database
from webapp.storage.folders import Folders
from webapp.storage.recovery.records import write_mask_record, write_study_record
from webapp.storage.tables import (
    AuditRow,
    Job,
    JobRow,
    Mask,
    ReviewRow,
    Study,
    StudyRow,
    mask_row,
    study_row,
    to_job,
    to_study,
)

_AnyJob, _AnyReview = aliased(JobRow), aliased(ReviewRow)
_LISTED = (
    select(StudyRow, JobRow, ReviewRow.verdict)
    .select_from(StudyRow)
    .outerjoin(
        JobRow,
        JobRow.sequence == select(func.max(_AnyJob.sequence)).where(_AnyJob.study_id == StudyRow.id).scalar_subquery(),
    )
    .outerjoin(
        ReviewRow,
        ReviewRow.sequence
        == select(func.max(_AnyReview.sequence)).where(_AnyReview.study_id == StudyRow.id).scalar_subquery(),
    )
)


@dataclass(frozen=True)
class ListedStudy:
    """A study with what a list shows of it.

    Attributes:
        latest_job: The newest job, or None before the first.
        verdict: Of the newest review, or None before the first.
        sequence: Its place in the order in which studies came.
    """

    study: Study
    latest_job: Job | None
    verdict: Verdict | None
    sequence: int


class Studies:
    """Uploaded CTs."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def add(self, study: Study, staged: Path, mask: Mask | None = None) -> Study:
        """Move the ``staged`` folder into its place and write the study's row; both are on the disk afterwards.

        A reference ``mask`` that came with it lies in ``staged/masks/<mask id>``; its row is added too.

        Raises:
            WebError: 507, the disk is full; ``staged`` is where it was.
        """
        sync_tree(staged)  # takes its time, and nobody should wait for that
        target = self._folders.study(study.id)
        try:
            with self._database.transaction() as session:
                row = study_row(study)
                session.add(row)
                session.flush()
                write_study_record(staged, row)
                if mask is not None:
                    reference = mask_row(mask)
                    session.add(reference)
                    session.flush()
                    write_mask_record(staged / "masks" / mask.id, reference, None)
                rename_durably(staged, target)
        except BaseException:
            if target.exists() and not staged.exists():
                os.replace(target, staged)
            raise
        return study

    def get(self, study_id: str) -> Study | None:
        """One study, or None."""
        listed = self.listed(study_id)
        return listed.study if listed else None

    def listed(self, study_id: str) -> ListedStudy | None:
        """One study as the list shows it, or None."""
        found = self._read(_LISTED.where(StudyRow.id == study_id))
        return found[0] if found else None

    def all(self) -> list[Study]:
        """All studies, newest first."""
        return [listed.study for listed in self.page()]

    def page(self, limit: int | None = None, before: int | None = None) -> list[ListedStudy]:
        """Studies as the list shows them, newest first, in one query.

        Args:
            limit: How many at most; None for all.
            before: A ``sequence``: only studies that came before that one.
        """
        wanted = _LISTED.order_by(StudyRow.sequence.desc()).limit(limit)
        return self._read(wanted if before is None else wanted.where(StudyRow.sequence < before))

    @property
    def version(self) -> str:
        """A tag that changes whenever the list may have changed. Read it before the list."""
        return self._database.version

    def count(self) -> int:
        """How many studies there are."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(StudyRow)) or 0

    def replace_thumbnail(self, study_id: str, staged: Path) -> None:
        """Move a picture out of its own staged folder into the study's, if that is still there."""
        try:
            sync_tree(staged)
            with self._database.transaction() as session:
                row = session.scalar(select(StudyRow).where(StudyRow.id == study_id))
                if row is not None:
                    target = self._folders.study(study_id) / staged.name
                    rename_durably(staged, target)
                    row.thumbnail = file_version(target)
        finally:
            shutil.rmtree(staged.parent, ignore_errors=True)

    def delete(self, study_id: str, who: str = "") -> bool:
        """Remove a study's rows and its folder, and record who did it; False if there is none.

        The folder is renamed away and the rows are removed in one transaction; only then are files removed. What a
        crash interrupts is undone, or finished by the next start.

        Raises:
            WebError: 507, the disk is full; everything is where it was.
        """
        try:
            deleted = self._delete(study_id, who)
        except WebError as error:
            if error.code != "disk_full" or not self._folders.use_reserve():
                raise
            deleted = self._delete(study_id, who)
        self._folders.empty_trash(study_id)
        self._folders.keep_reserve()
        return deleted

    def _delete(self, study_id: str, who: str) -> bool:
        folder = self._folders.study(study_id)
        try:
            with self._database.transaction() as session:
                row = session.scalar(select(StudyRow).where(StudyRow.id == study_id))
                if row is None:
                    return False
                session.delete(row)
                session.add(AuditRow(at=time.time(), who=who, action="delete", study_id=study_id, detail=row.name))
                session.flush()
                if folder.exists():
                    self._folders.discard(folder)
        except BaseException:
            self._folders.restore(study_id)
            raise
        return True

    def _read(self, query: Select[StudyRow, JobRow, str]) -> list[ListedStudy]:
        with self._database.reading() as session:
            return [
                ListedStudy(
                    study=to_study(row, job.state if job else None),
                    latest_job=to_job(job) if job else None,
                    verdict=cast("Verdict | None", verdict),
                    sequence=row.sequence,
                )
                for row, job, verdict in session.execute(query)
            ]


def file_version(path: Path) -> str:
    """Make a word that changes with a file, so that its address can be kept for ever; "0" while there is none."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except FileNotFoundError:
        return "0"
