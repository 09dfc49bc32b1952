"""The table of studies, and the folder that each row stands for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from segmentation.core.atomic import rename_durably, sync_tree
from webapp.http.errors import WebError, not_found
from webapp.storage.access.tables import GroupRow
from webapp.storage.audit import append
from webapp.storage.database import Database
from webapp.storage.folders import Folders
from webapp.storage.listed import ListedStudies, ListedStudy, Visible
from webapp.storage.recovery.records import write_mask_record, write_study_record
from webapp.storage.tables import (
    JobRow,
    Mask,
    Study,
    StudyRow,
    mask_row,
    study_row,
    to_study,
)

_LATEST_STATE = (
    select(JobRow.state)
    .where(JobRow.study_id == StudyRow.id)
    .order_by(JobRow.sequence.desc())
    .limit(1)
    .scalar_subquery()
    .label("latest_state")
)
_ONE = select(*StudyRow.__table__.columns, _LATEST_STATE).where(StudyRow.id == bindparam("study_id"))


_ALL = Visible()


class Studies:
    """Uploaded CTs."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders
        self._list = ListedStudies(database)

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
        rows = self._database.rows(_ONE, study_id=study_id)
        return to_study(rows[0], rows[0].latest_state) if rows else None

    def listed(self, study_id: str) -> ListedStudy | None:
        """One study as the list shows it, or None."""
        found = self._list.read(StudyRow.id == study_id)
        return found[0] if found else None

    def all(self) -> list[Study]:
        """All studies, newest first."""
        return [listed.study for listed in self.page()]

    def page(
        self, limit: int | None = None, before: int | None = None, visible: Visible = _ALL, search: str = ""
    ) -> list[ListedStudy]:
        """Studies as the list shows them, newest first.

        Args:
            limit: How many at most; None for all.
            before: A ``sequence``: only studies that came before that one.
            visible: Only these.
            search: Only those whose names hold it, in capitals or not.
        """
        conditions = visible.conditions()
        if search:
            conditions.append(StudyRow.name.icontains(search, autoescape=True))
        if before is not None:
            conditions.append(StudyRow.sequence < before)
        return self._list.read(*conditions, limit=limit)

    def rename(self, study_id: str, name: str) -> None:
        """Give a study another name. Raises WebError: 404, there is no such study."""
        with self._changing(study_id) as (_, row):
            row.name = name

    def regroup(self, study_id: str, group: str | None) -> None:
        """Give a study to a group, or to none. Raises WebError: 404, there is no such study or group."""
        with self._changing(study_id) as (session, row):
            if group is not None and session.get(GroupRow, group) is None:
                raise not_found("group")
            row.group = group

    @contextmanager
    def _changing(self, study_id: str) -> Iterator[tuple[Session, StudyRow]]:
        with self._database.transaction() as session:
            row = session.scalar(select(StudyRow).where(StudyRow.id == study_id))
            if row is None:
                raise not_found("study")
            yield session, row
            session.flush()
            if self._folders.study(study_id).is_dir():
                write_study_record(self._folders.study(study_id), row)

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
                append(session, who, "delete", study_id)
                session.flush()
                if folder.exists():
                    self._folders.discard(folder)
        except BaseException:
            self._folders.restore(study_id)
            raise
        return True


def file_version(path: Path) -> str:
    """Make a word that changes with a file, so that its address can be kept for ever; "0" while there is none."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except FileNotFoundError:
        return "0"
