"""The table of masks."""

from __future__ import annotations

from sqlalchemy import select

from webapp.storage.database import Database
from webapp.storage.tables import Mask, MaskRow, to_mask


class Masks:
    """Segmentations and references of studies; a reference is added with its study, a segmentation with its job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, mask_id: str) -> Mask | None:
        """One mask, or None."""
        with self._database.reading() as session:
            row = session.scalar(select(MaskRow).where(MaskRow.id == mask_id))
            return to_mask(row) if row else None

    def of_study(self, study_id: str) -> list[Mask]:
        """All masks of a study, newest first."""
        newest_first = select(MaskRow).where(MaskRow.study_id == study_id).order_by(MaskRow.sequence.desc())
        with self._database.reading() as session:
            return [to_mask(row) for row in session.scalars(newest_first)]
