"""Compare the images that a DICOMDIR lists with those that are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pydicom

from segmentation.readers.dicom.headers import HEADER_ERRORS

_MAX_BYTES = 64 << 20


def missing_instances(directories: Iterable[Path], present: set[str]) -> tuple[int, int]:
    """Count the images that DICOMDIRs list, and how many of them are not ``present`` (UIDs)."""
    listed: set[str] = set()
    for path in directories:
        if path.stat().st_size > _MAX_BYTES:
            continue
        try:
            records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
            listed |= {str(record.get("ReferencedSOPInstanceUIDInFile", "")) for record in records}
        except HEADER_ERRORS:
            continue
    listed.discard("")
    return len(listed), len(listed - present)
