"""Find images that were given twice: same instance, same place and same pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.readers.dicom.frames.frame import PIXELS, Frame

_SAME_MM = 1e-3


@dataclass
class Distinct:
    """Frames without copies, and how many copies and how many other images with a UID in use there were, by series."""

    frames: list[Frame] = field(default_factory=list)
    copies: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    repeated: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def without_copies(frames: Iterable[Frame]) -> Distinct:
    """Leave out copies of an instance. The same UID on another slice is a mistake of its writer, and stays."""
    found = Distinct()
    known: dict[tuple[str, str, int], list[Frame]] = defaultdict(list)
    for frame in frames:
        same_uid = known[frame.series_uid, frame.sop_uid, frame.index]
        if frame.sop_uid and any(_is_copy(frame, other) for other in same_uid):
            found.copies[frame.series_uid] += 1
            continue
        if frame.sop_uid and same_uid:
            found.repeated[frame.series_uid] += 1
        same_uid.append(frame)
        found.frames.append(frame)
    return found


def _is_copy(one: Frame, other: Frame) -> bool:
    if (one.rows, one.columns, one.patient, one.study_uid) != (
        other.rows,
        other.columns,
        other.patient,
        other.study_uid,
    ):
        return False
    if one.position_mm is None or other.position_mm is None:
        return one.position_mm == other.position_mm and same_pixels(one, other)
    moved = np.abs(np.subtract(one.position_mm, other.position_mm)).max()
    return bool(moved < _SAME_MM) and same_pixels(one, other)


def same_pixels(one: Frame, other: Frame) -> bool:
    """Tell whether two files hold the same stored pixels, without decoding them."""
    if one.path == other.path:
        return one.index == other.index
    from segmentation.readers.dicom.headers import HEADER_ERRORS  # with pydicom, which a listing alone does not need

    try:
        return bool(_pixels(one.path) == _pixels(other.path))
    except HEADER_ERRORS:
        return False


def _pixels(path: Path) -> tuple[Any, ...]:
    import pydicom

    dataset = pydicom.dcmread(path, force=True)
    return tuple(dataset.get(name) for name in (*PIXELS, "RescaleSlope", "RescaleIntercept"))
