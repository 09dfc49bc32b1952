"""Place of the DICOM files that a study was read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the store itself looks for these files
    from webapp.storage.store import Store
    from webapp.storage.tables import Study

DICOM_FOLDER = "dicom"
"""Folder of the chosen series inside the study's own: ``studies/<id>/dicom/*.dcm``, and nothing else in it.

One file an instance, named ``00001.dcm`` … in the order of the positions along the slice normal (of the first
frame, for multi-frame files). De-identified with consistent clean UIDs, or byte for byte as uploaded where
``SPINEVIEW_KEEP_IDENTITY`` is set. ``Study.original`` is then this folder's name, and
``segmentation.readers.read_volume`` reads the folder. Duplicates are left out, repairs are not: a tilted or unevenly
spaced series lies here as it came, so a volume's slices and these files need not correspond one to one.
"""


def source_instances(store: Store, study: Study) -> list[Path]:
    """List the DICOM files of a study, by position; none if it came from another format."""
    if study.original != DICOM_FOLDER:
        return []
    return sorted((store.folder(study.id) / DICOM_FOLDER).glob("*.dcm"))
