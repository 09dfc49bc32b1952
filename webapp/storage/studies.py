"""The table of studies, and the folder that each row stands for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, cast

from sqlalchemy import delete, func, select

from webapp.storage.database import Database
from webapp.storage.folders import Folders
from webapp.storage.jobs import latest_job_row
from webapp.storage.tables import Mask, Study, StudyRow, mask_row, to_study


class Studies:
    """Uploaded CTs."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def add(self, study: Study, staged: Path, mask: Mask | None = None) -> Study:
        """Move the ``staged`` folder into its place and write the study's row.

        A reference ``mask`` that came with it lies in ``staged/masks/<mask id>``; its row is added too.
        """
        with self._database.transaction() as session:
            os.replace(staged, self._folders.study(study.id))
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

    def get(self, study_id: str) -> Study | None:
        """One study, or None."""
        with self._database.reading() as session:
            row = session.get(StudyRow, study_id)
            return to_study(row, latest_job_row(session, row.id)) if row else None

    def all(self) -> list[Study]:
        """All studies, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(StudyRow).order_by(StudyRow.created_at.desc()))
            return [to_study(row, latest_job_row(session, row.id)) for row in rows]

    def count(self) -> int:
        """How many studies there are."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(StudyRow)) or 0

    def delete(self, study_id: str) -> bool:
        """Remove a study's rows and its folder; False if there is none."""
        with self._database.transaction() as session:
            gone = cast(Any, session.execute(delete(StudyRow).where(StudyRow.id == study_id))).rowcount > 0
            if gone:
                shutil.rmtree(self._folders.study(study_id), ignore_errors=True)
        return bool(gone)
