"""Cut a series where slices are missing, so that the longest regular block of it can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import SAME_PLACE_MM, distances

_GAP = 1.5  # times the usual step
_MOST_BLOCKS = 8
_REGULAR, _MOSTLY = 0.1, 0.7  # a step is the usual one up to a tenth of it, and so many of all must be


def regular_blocks(
    frames: Sequence[Frame], accept: Callable[[Sequence[Frame]], bool]
) -> tuple[list[list[Frame]], Note] | None:
    """Find the longest run of blocks that ``accept`` takes, and what lies before and after it, as parts of their own.

    Returns:
        The parts, the run first, and a note on what is missing; None if there is no such run.
    """
    along = distances(frames)
    order = np.argsort(along, kind="stable")
    ordered, steps = [frames[n] for n in order], np.diff(along[order])
    apart = steps[steps >= SAME_PLACE_MM]
    if not len(apart):
        return None
    usual = float(np.median(apart))
    if np.mean(np.abs(apart - usual) <= _REGULAR * usual) < _MOSTLY:
        return None  # not gaps in a regular series, but one that is irregular throughout
    cuts = [0, *(np.flatnonzero(steps > _GAP * usual) + 1).tolist(), len(ordered)]
    count = len(cuts) - 1
    if not 2 <= count <= _MOST_BLOCKS:
        return None
    runs = [(a, b) for a in range(count) for b in range(a + 1, count + 1) if b - a < count]
    runs.sort(key=lambda run: cuts[run[0]] - cuts[run[1]])  # the longest first
    for first, end in runs:
        low, high = cuts[first], cuts[end]
        if accept(ordered[low:high]):
            missing = int(np.rint(steps[steps > _GAP * usual] / usual).sum()) - (count - 1)
            parts = [part for part in (ordered[low:high], ordered[:low], ordered[high:]) if part]
            return parts, note("missing_slices", count=missing, places=count - 1)
    return None
