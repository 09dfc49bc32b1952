"""Convert stored values to Hounsfield units, and recognise what cannot be Hounsfield units.

What is accepted: any padding (-1024, -2000, -3024 …), metal up to 32767, scans that were clipped from below
or above. What is refused: constants, pictures of 8 bits, values scaled to 0..1 or to zero mean, CT numbers
stored without their offset of 1024, and images with more than one voxel in a thousand that is infinite, or
fewer than one in a hundred that is a number. NaN, which some programs write outside the body or the field of
view, is read as air.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import NotHounsfield
from segmentation.core.hounsfield import AIR_HU
from segmentation.core.labels import LABELS
from segmentation.core.messages import Message, Name

MAX_INFINITE = 1e-3
MIN_FINITE = 0.01
LABEL_TOLERANCE = 0.05
"""Labels that some program made fractions lie this close to whole numbers."""
_MOST_TOLERANCE = 0.25
_LAST_LABEL = max(LABELS)
_INT16 = np.iinfo(np.int16)
_SLAB_VOXELS = 1 << 22


@dataclass(frozen=True)
class ValueRange:
    """Range of the values of an image in HU, found in one pass.

    Attributes:
        low, high: Smallest and largest finite value (NaN if there is none).
        deviation: Largest distance of a finite value from an integer.
        not_finite: Share of voxels that are NaN or infinite, 0..1.
        infinite: Share of voxels that are infinite, 0..1.
        tolerance: How far labels may lie from whole numbers: half a step, where they are stored as multiples of one.
    """

    low: float
    high: float
    deviation: float = 0.0
    not_finite: float = 0.0
    infinite: float = 0.0
    tolerance: float = LABEL_TOLERANCE

    @property
    def integer_hu(self) -> bool:
        """Whether all finite values are integers."""
        return self.deviation == 0

    @property
    def are_labels(self) -> bool:
        """Whether all values are labels, from 0 to 255, up to the tolerance; those that are NaN do not count."""
        near = self.deviation <= self.tolerance and not self.infinite
        return near and self.low >= -self.tolerance and self.high <= 255 + self.tolerance


def measure_range(stored: NDArray[Any], slope: float = 1.0, inter: float = 0.0) -> ValueRange:
    """Measure range and kind of ``stored * slope + inter``, slab by slab so that no copy of the volume is made."""
    if stored.dtype.kind in "iu" and slope == round(slope) and inter == round(inter):
        ends = [int(stored.min()) * slope + inter, int(stored.max()) * slope + inter]
        return ValueRange(min(ends), max(ends))
    low, high, deviation, missing, infinite = np.inf, -np.inf, 0.0, 0, 0
    step = abs(slope) if stored.dtype.kind in "iu" else 0.0  # a program that scales labels to bytes keeps multiples
    tolerance = max(LABEL_TOLERANCE, min(step / 2 + 1e-6, _MOST_TOLERANCE))
    for slab in _slabs(stored):
        values = np.asarray(stored[slab], dtype=np.float64).ravel()
        if stored.dtype.kind == "f":
            finite = np.isfinite(values)
            missing += values.size - int(np.count_nonzero(finite))
            infinite += int(np.count_nonzero(np.isinf(values)))
            values = values[finite]
        if not values.size:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            values = values * slope + inter
            deviation = max(deviation, float(np.abs(values - np.rint(values)).max()))
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        low = high = float("nan")
    return ValueRange(low, high, deviation, missing / stored.size, infinite / stored.size, tolerance)


def to_hu(
    stored: NDArray[Any], slope: float, inter: float, found: ValueRange
) -> NDArray[np.int16] | NDArray[np.float32]:
    """Convert (I, J, K) stored values to HU: int16 if all values are integers, else float32.

    ``found`` must have passed ``check_hounsfield``. Returns ``stored`` itself where nothing changes.
    """
    if slope == 1 and inter == 0 and stored.dtype == np.dtype(np.int16) and stored.dtype.isnative:
        return stored
    hu: NDArray[Any] = np.empty(stored.shape, dtype=np.int16 if found.integer_hu else np.float32, order="F")
    for slab in _slabs(stored):
        values = np.asarray(stored[slab], dtype=np.float64) * slope + inter
        if found.not_finite:
            values[~np.isfinite(values)] = AIR_HU
        hu[slab] = values
    return hu


def check_hounsfield(found: ValueRange, name: Name) -> None:
    """Refuse a range of values that cannot be Hounsfield units.

    Raises:
        NotHounsfield: they cannot be CT numbers; the message says why.
    """
    if found.infinite > MAX_INFINITE or found.not_finite > 1 - MIN_FINITE:
        raise NotHounsfield("values.not_finite", share=found.not_finite, name=name)
    reason = reason_not_hounsfield(found)
    if reason:
        raise NotHounsfield("values.not_hounsfield", name=name, low=found.low, high=found.high, reason=reason)


def reason_not_hounsfield(found: ValueRange) -> Message | None:
    """Say, as the end of a sentence, why finite values cannot be Hounsfield units; None if they can."""
    low, high = found.low, found.high
    if low == high:
        return Message("values.constant")
    if low < _INT16.min or high > _INT16.max:
        return Message("values.beyond_scanner")
    if found.are_labels and high <= _LAST_LABEL + found.tolerance:
        return Message("values.labels")
    if low >= -1 and high <= 1:
        return Message("values.scaled")
    if low > -50 and high < 100:
        return Message("values.normalised")
    if (low >= 0 and high <= 255) or (low >= -128 and high <= 127):
        return Message("values.grey_picture")
    if low > 300:
        return Message("values.dense")
    return None


def check_offset(hu: NDArray[Any], found: ValueRange, name: Name) -> None:
    """Recognise CT numbers stored without their offset: water at 1024 where it should be 0.

    A CT whose negative values were clipped has soft tissue between 0 and 100, and hardly any voxel near 1024.

    Raises:
        NotHounsfield: no voxel is negative, and a fifth of the others form a broad peak around 1024.
    """
    if found.low < 0 or found.high < 1100:
        return
    step = max(1, round((hu.size / 500_000) ** (1 / 3)))
    sample = np.asarray(hu[::step, ::step, ::step])
    sample = sample[sample > 0]
    tissue = sample[(sample > 900) & (sample < 1150)]
    if tissue.size > 0.2 * sample.size and np.unique(np.rint(tissue)).size > 64:
        raise NotHounsfield("values.without_offset", name=name, low=found.low, high=found.high)


def _slabs(array: NDArray[Any]) -> Iterator[tuple[slice, slice, slice]]:
    """Yield slabs along the last axis, which is the slowest in a file."""
    rows, columns, slices = array.shape
    step = max(1, _SLAB_VOXELS // (rows * columns))
    for start in range(0, slices, step):
        yield (slice(None), slice(None), slice(start, start + step))
