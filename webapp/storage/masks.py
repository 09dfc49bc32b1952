"""The table of masks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sqlalchemy import bindparam, func, select

from segmentation.core.atomic import rename_durably, sync_tree
from webapp.http.errors import WebError
from webapp.storage.audit import append
from webapp.storage.database import Database
from webapp.storage.folders import DRAFTS_FOLDER, VERSION_FILE, Folders
from webapp.storage.recovery.records import read_record, write_mask_record
from webapp.storage.tables import Mask, MaskRow, ReviewRow, mask_row, to_mask

_ONE = select(*MaskRow.__table__.columns).where(MaskRow.id == bindparam("mask_id"))
_OF_STUDY = (
    select(*MaskRow.__table__.columns)
    .where(MaskRow.study_id == bindparam("study_id"))
    .order_by(MaskRow.sequence.desc())
)


class Masks:
    """Segmentations and references of studies.

    A reference is added with its study, a segmentation with its job, a version of either by a reader.
    """

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def get(self, mask_id: str) -> Mask | None:
        """One mask, or None."""
        rows = self._database.rows(_ONE, mask_id=mask_id)
        return to_mask(rows[0]) if rows else None

    def of_study(self, study_id: str) -> list[Mask]:
        """All masks of a study, newest first."""
        return [to_mask(row) for row in self._database.rows(_OF_STUDY, study_id=study_id)]

    def version(self, mask: Mask) -> int:
        """Count, from 1, which of the masks of its kind that its study has had since its oldest one this is."""
        place = select(MaskRow.sequence).where(MaskRow.id == mask.id).scalar_subquery()
        earlier = select(func.count()).where(
            MaskRow.study_id == mask.study_id, MaskRow.kind == mask.kind, MaskRow.sequence <= place
        )
        with self._database.reading() as session:
            return session.scalar(earlier) or 1

    def newest_like(self, mask: Mask) -> Mask:
        """Find the newest mask of the same study and kind: ``mask`` itself, if it is that."""
        like = select(MaskRow).where(MaskRow.study_id == mask.study_id, MaskRow.kind == mask.kind)
        with self._database.reading() as session:
            row = session.scalar(like.order_by(MaskRow.sequence.desc()).limit(1))
            return to_mask(row) if row else mask

    def delete(self, mask_id: str, who: str = "") -> bool:
        """Remove a mask's row and its folder, and record who did it; False if there is none.

        In the order in which a study is deleted: a crash leaves all of it or nothing.

        Raises:
            WebError: 507, the disk is full; everything is where it was.
        """
        mask = self.get(mask_id)
        if mask is None:
            return False
        folder = self._folders.mask(mask)
        try:
            with self._database.transaction() as session:
                row = session.scalar(select(MaskRow).where(MaskRow.id == mask_id))
                if row is None:
                    return False
                session.delete(row)
                append(session, who, "delete_mask", mask.study_id, mask_id)
                if folder.exists():
                    self._folders.discard(folder)
        except BaseException:
            self._folders.restore_to(folder)
            raise
        self._folders.empty_trash(mask_id)
        return True

    def spare(self, keep: int) -> list[str]:
        """Name the masks that the engine made beyond the newest ``keep`` of each study and kind.

        None with a review, none that a reader made, and none that such a one or a draft begins with.
        """
        newest_first = func.row_number().over(
            partition_by=(MaskRow.study_id, MaskRow.kind), order_by=MaskRow.sequence.desc()
        )
        ranked = select(MaskRow, newest_first.label("rank")).where(MaskRow.kind != "reference").subquery()
        reviewed = select(ReviewRow.mask_id).where(ReviewRow.mask_id.is_not(None))
        with self._database.reading() as session:
            spare = select(MaskRow).join(ranked, ranked.c.id == MaskRow.id)
            spare = spare.where(ranked.c.rank > keep, ranked.c.id.not_in(reviewed))
            found = [to_mask(row) for row in session.scalars(spare)]
        bases = {study_id: self._bases(study_id) for study_id in {mask.study_id for mask in found}}
        return [mask.id for mask in found if mask.id not in bases[mask.study_id]]

    def _bases(self, study_id: str) -> set[str]:
        """Name the masks of a study that readers made or are making, and those that these begin with."""
        masks = self._folders.study(study_id) / "masks"
        notes = {path.parent.name: read_record(path) or {} for path in masks.glob(f"*/{VERSION_FILE}")}
        begun = {path.parent.parent.name for path in masks.glob(f"*/{DRAFTS_FOLDER}/*")}
        return notes.keys() | {str(note.get("parent")) for note in notes.values()} | begun

    def add_version(self, mask: Mask, staged: Path, parent: Mask) -> None:
        """In one step: move the ``staged`` folder into its study and add the mask, the new version of ``parent``.

        Raises:
            WebError: 409, and nothing is kept, if ``parent`` is not the newest of its kind, or is gone.
        """
        sync_tree(staged)
        target = self._folders.mask(mask)
        newest = (
            select(MaskRow.id)
            .where(MaskRow.study_id == parent.study_id, MaskRow.kind == parent.kind)
            .order_by(MaskRow.sequence.desc())
            .limit(1)
        )
        try:
            with self._database.transaction() as session:
                if session.scalar(newest) != parent.id:
                    raise WebError(409, "mask_changed", "mask.changed_meanwhile")
                made = mask_row(replace(mask, inputs=""))  # a reader's, not what the engine computed
                session.add(made)
                session.flush()
                write_mask_record(staged, made, None)
                rename_durably(staged, target)
        except BaseException:
            if target.exists() and not staged.exists():
                os.replace(target, staged)
            raise
