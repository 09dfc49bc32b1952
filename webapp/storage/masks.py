"""The table of masks."""

from __future__ import annotations

from sqlalchemy import select

from webapp.storage.database import Database
from webapp.storage.tables import Mask, MaskRow, to_mask


class Masks:
    """Segmentations and references of studies; rows are added with the study or by :meth:`webapp.storage.jobs.Jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, mask_id: str) -> Mask | None:
        """One mask, or None."""
        with self._database.reading() as session:
            row = session.get(MaskRow, mask_id)
            return to_mask(row) if row else None

    def of_study(self, study_id: str) -> list[Mask]:
        """All masks of a study, newest first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(MaskRow).where(MaskRow.study_id == study_id).order_by(MaskRow.created_at.desc())
            )
            return [to_mask(row) for row in rows]
