"""Results that are used again: the same scan, segmented by the same model of the same version of the program."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import select

from segmentation.core.version import product_version
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map
from webapp.storage.database import Database
from webapp.storage.folders import NIFTI_FILE, Folders
from webapp.storage.recovery.records import MASK_RECORD
from webapp.storage.tables import Mask, MaskRow, Study, StudyRow, to_mask

NOTES_FILE = "engine_notes.json"


def inputs_of(volume: Volume, *engine: str) -> str:
    """Hash what a result depends on: voxels, geometry and header of the scan, and what names the engine.

    The header is part of it because a mask is written with that of its scan.
    """
    digest = hashlib.sha256()
    header = getattr(volume.header, "binaryblock", b"")
    words = (product_version(), *engine, str(volume.hu.dtype), str(volume.grid.shape))
    for part in ("\0".join(words).encode(), np.ascontiguousarray(volume.grid.affine).tobytes(), bytes(header)):
        digest.update(len(part).to_bytes(8, "big") + part)
    digest.update(np.ascontiguousarray(volume.hu).data)
    return digest.hexdigest()


def write_engine_notes(notes: list[str], folder: Path) -> None:
    """Write beside a mask what the engine had to do without."""
    if notes:
        (folder / NOTES_FILE).write_text(json.dumps(notes), encoding="utf-8")


def read_engine_notes(folder: Path) -> list[str]:
    """Read what ``write_engine_notes`` wrote."""
    path = folder / NOTES_FILE
    found: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


class Results:
    """Earlier results."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def find(self, study: Study, inputs: str) -> list[Mask]:
        """Find the newest result of the same inputs: the model's mask first, then its vertebrae, if it has any.

        Only studies of the same group count: nobody learns from the time that a job takes what others have.
        """
        same = select(MaskRow).join(StudyRow, StudyRow.id == MaskRow.study_id).where(MaskRow.inputs == inputs)
        same = same.where(StudyRow.group.is_not_distinct_from(study.group)).order_by(MaskRow.sequence.desc())
        with self._database.reading() as session:
            rows = list(session.scalars(same))
            for row in rows:
                if row.kind != "model":
                    continue
                of_study = [each for each in rows if each.study_id == row.study_id and each.kind == "vertebrae"]
                beside = [each for each in reversed(of_study) if each.sequence > row.sequence][:1]
                masks = [to_mask(row), *map(to_mask, beside)]
                if all((self._folders.mask(mask) / NIFTI_FILE).is_file() for mask in masks):
                    return masks
        return []

    def copy(self, mask: Mask, study: Study, staged: Path) -> tuple[Mask, LabelMap]:
        """Copy a mask's files into the empty ``staged``, whose name becomes the copy's id; a mask of ``study``."""
        for path in self._folders.mask(mask).iterdir():
            if path.is_file() and path.name != MASK_RECORD and not path.name.startswith("distance-"):
                shutil.copyfile(path, staged / path.name)
        found = read_label_map(staged / NIFTI_FILE)
        label_map = LabelMap(found.labels, found.grid, mask.label_map_kind, found.header)
        made = replace(mask, id=staged.name, study_id=study.id, created_at=datetime.now(UTC), dice=None)
        return made, label_map
