"""Describe studies and masks whose folders hold no record, by the files that are there.

Versions before the records kept what a study is called in the database alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from webapp.display.volume_files import DISPLAY_JSON, VOLUME_FILE, read_display
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.folders import NIFTI_FILE, STATISTICS_FILE, THUMBNAIL_FILE
from webapp.storage.recovery.records import Columns

NAME = "Recovered study"
_ORIGINAL, _REFERENCE = "original.", "reference."


def study_columns(folder: Path) -> Columns | None:
    """Make the columns of a study's row, or None if ``folder`` holds no study.

    Shape and spacing are those that are drawn, in canonical order, not those of the file.
    """
    original = DICOM_FOLDER if (folder / DICOM_FOLDER).is_dir() else _first(folder, _ORIGINAL)
    if original is None or not (folder / THUMBNAIL_FILE).is_file():
        return None
    try:
        display = read_display(folder)
        written_at = (folder / DISPLAY_JSON).stat().st_mtime
    except (OSError, ValueError, TypeError):
        return None
    return {
        "id": folder.name,
        "name": NAME,
        "created_at": written_at,
        "shape": display.shape,
        "spacing_mm": display.spacing_mm,
        "orientation": "RAS",
        "size_bytes": _size(folder / original),
        "original": original,
        "reference": _first(folder, _REFERENCE),
        "notes": [],
    }


def mask_columns(folder: Path, study_id: str, is_reference: bool) -> Columns | None:
    """Make the columns of a mask's row, or None if ``folder`` holds no mask.

    Dice, weights and confidence are not known any more.
    """
    try:
        statistics = json.loads((folder / STATISTICS_FILE).read_text(encoding="utf-8"))
        labels = sorted(map(int, statistics))
        volume_ml = sum(float(each["volume_ml"]) for each in statistics.values())
        digest = hashlib.sha256((folder / VOLUME_FILE).read_bytes()).hexdigest()[:12]
        written_at = (folder / NIFTI_FILE).stat().st_mtime
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return {
        "id": folder.name,
        "study_id": study_id,
        "kind": "reference" if is_reference else "model",
        "label_map_kind": "spine" if labels in ([], [1]) else "vertebrae",
        "labels": labels,
        "volume_ml": volume_ml,
        "model_id": "",
        "digest": digest,
        "created_at": written_at,
    }


def _first(folder: Path, prefix: str) -> str | None:
    return next((path.name for path in sorted(folder.glob(f"{prefix}*")) if path.is_file()), None)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
