"""Plan a volume's slices: sorted by position, repaired where that is safe, refused where it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, NotAVolume
from segmentation.core.geometry import RAS_TO_LPS, Grid
from segmentation.core.messages import Message
from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame

SAME_PLACE_MM = 0.01
_REGULAR = 0.1  # of the step: how far a slice may lie from its place on a regular grid
_TILT_DEG, _TILT_PIXELS = 0.1, 0.5  # less of a tilt, or a drift over the whole stack, moves nothing that can be seen
_MOST_TILT_DEG = 45.0
_MOSTLY_EQUAL = 0.8  # of the steps: with more, the others are gaps; with fewer, the spacing is unequal by intent
_MOST_UNEQUAL, _WIDEST_MM = 4.0, 10.0

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Slice:
    """One slice of the volume: ``(1 - weight) * frames[first] + weight * frames[second]``."""

    first: int
    second: int
    weight: float = 0.0


@dataclass(frozen=True, eq=False)
class Layout:
    """Plan of how frames make a volume.

    Attributes:
        frames: Along the slice normal (row axis x column axis), one a position.
        duplicates: Frames at the position of another one, with its number; they must hold the same picture.
        slices: The volume's, from k = 0.
        shifts: For each frame how many (columns, rows) its picture moves towards the end of the axes.
        grid: Of the volume; i along a row, j down a column, k along the normal. RAS+ mm.
        notes: What was repaired.
    """

    frames: tuple[Frame, ...]
    duplicates: tuple[tuple[int, Frame], ...]
    slices: tuple[Slice, ...]
    shifts: tuple[tuple[float, float], ...]
    grid: Grid
    notes: tuple[Note, ...]

    @property
    def resampled(self) -> bool:
        """True if a slice of the volume is not simply one frame."""
        return any(s.weight for s in self.slices) or any(u or v for u, v in self.shifts)


def distances(frames: Sequence[Frame]) -> Vectors:
    """Compute the (N,) distance of each frame along the normal of the first, in mm."""
    normal = np.cross(_vector(frames[0].row_axis), _vector(frames[0].column_axis))
    return np.array([np.dot(normal, _vector(frame.position_mm)) for frame in frames])


def lay_out(frames: Sequence[Frame], name: Message) -> Layout:
    """Plan a volume from frames of one orientation, size and spacing.

    Raises:
        NotAVolume: a single slice.
        BadGeometry: slices are missing, do not lie in a row, or all say that they lie at one place.
    """
    frames, duplicates, along = _sorted(frames)
    if len(frames) < 2 and len(duplicates) > 1:
        raise BadGeometry("slices.one_position", name=name, count=len(duplicates) + 1)
    if len(frames) < 2:
        raise NotAVolume("slices.single", name=name)
    first = frames[0]
    spacing_rows, spacing_columns = first.spacing_mm or (1.0, 1.0)
    row, column = _vector(first.row_axis), _vector(first.column_axis)
    notes: list[Note] = []
    slices, step = _slices(along, name, notes)
    offsets = np.array([_vector(f.position_mm) for f in frames]) - _vector(first.position_mm)
    drift = np.stack([offsets @ row / spacing_columns, offsets @ column / spacing_rows], axis=1)  # pixels
    shifts, origin, slant = _straightened(drift, along, (spacing_columns, spacing_rows), name, notes)
    normal = np.cross(row, column)
    third = normal * step
    if slant is not None:  # too little to resample: the affine says it exactly
        third = third + slant[0] * step * spacing_columns * row + slant[1] * step * spacing_rows * column
    affine = np.eye(4)
    affine[:3, :3] = np.stack([row * spacing_columns, column * spacing_rows, third], axis=1)
    affine[:3, 3] = _vector(first.position_mm) + affine[:3, :2] @ origin
    affine[:3] = np.diag(RAS_TO_LPS) @ affine[:3]
    grow = np.ceil(shifts.max(axis=0) - 1e-6).astype(int)
    shape = (first.columns + int(grow[0]), first.rows + int(grow[1]), len(slices))
    pairs = tuple((float(u), float(v)) for u, v in shifts)
    return Layout(tuple(frames), tuple(duplicates), tuple(slices), pairs, Grid(shape, affine), tuple(notes))


def _sorted(frames: Sequence[Frame]) -> tuple[list[Frame], list[tuple[int, Frame]], Vectors]:
    """Sort by position alone; of several at one place the first by instance number stays."""
    along = distances(frames)
    order = sorted(range(len(frames)), key=lambda n: (round(float(along[n]), 3), frames[n].instance_number))
    kept: list[int] = []
    duplicates: list[tuple[int, Frame]] = []
    for n in order:
        if kept and abs(along[n] - along[kept[-1]]) < SAME_PLACE_MM:
            duplicates.append((len(kept) - 1, frames[n]))
        else:
            kept.append(n)
    return [frames[n] for n in kept], duplicates, np.array([along[n] for n in kept])


def _slices(along: Vectors, name: Message, notes: list[Note]) -> tuple[list[Slice], float]:
    """Plan the volume's slices and the step between them, for frames at ``along`` mm, ascending."""
    count = len(along)
    step = float(along[-1] - along[0]) / (count - 1)
    if np.abs(along - (along[0] + step * np.arange(count))).max() <= _REGULAR * step:
        return [Slice(n, n) for n in range(count)], step
    steps = np.diff(along)
    usual = float(np.median(steps))
    if np.mean(np.abs(steps - usual) <= _REGULAR * usual) >= _MOSTLY_EQUAL:
        return _with_gap(along, steps, usual, name, notes)
    return _resampled(along, steps, name, notes)


def _with_gap(
    along: Vectors, steps: Vectors, usual: float, name: Message, notes: list[Note]
) -> tuple[list[Slice], float]:
    missing = np.rint(steps / usual).astype(int) - 1
    off = np.abs(steps - usual * (missing + 1)) > 2 * _REGULAR * usual
    if off.any() or missing.min() < 0:
        at = along[int(np.argmax(np.abs(steps / usual - np.rint(steps / usual))))]
        raise BadGeometry("slices.unequal_distances", name=name, position=at)
    if missing.sum() != 1:
        places = int(np.count_nonzero(missing))
        where = Message("slices.one_place") if places == 1 else Message.of("slices.places", count=places)
        raise BadGeometry("slices.missing", count=int(missing.sum()), name=name, places=where)
    hole = int(np.argmax(missing))
    slices = [Slice(n, n) for n in range(len(along))]
    slices.insert(hole + 1, Slice(hole, hole + 1, 0.5))
    notes.append(note("gap", position=round(float(along[hole] + along[hole + 1]) / 2, 1)))
    return slices, float(along[-1] - along[0]) / len(along)


def _resampled(along: Vectors, steps: Vectors, name: Message, notes: list[Note]) -> tuple[list[Slice], float]:
    low, high = float(steps.min()), float(steps.max())
    if high > _WIDEST_MM or high > _MOST_UNEQUAL * low:
        raise BadGeometry("slices.too_unequal", name=name, low=low, high=high)
    count = math.floor((along[-1] - along[0]) / low + 1e-6) + 1
    slices = []
    for place in along[0] + low * np.arange(count):
        before = min(int(np.searchsorted(along, place + 1e-6, side="right")) - 1, len(along) - 2)
        weight = float(np.clip((place - along[before]) / (along[before + 1] - along[before]), 0.0, 1.0))
        slices.append(Slice(before, before) if weight < 1e-6 else Slice(before, before + 1, weight))
    notes.append(note("unequal", low=low, high=high, spacing=low))
    return slices, low


def _straightened(
    drift: Vectors, along: Vectors, spacing: tuple[float, float], name: Message, notes: list[Note]
) -> tuple[Vectors, Vectors, Vectors | None]:
    """Compute how far the slices of a tilted gantry must be shifted.

    Shifts (N, 2) and the first pixel's offset (2,), in pixels; and a slant in pixels a mm, if too small to shift.
    """
    height = along - along[0]
    slope = drift[-1] / height[-1]  # pixels a mm
    if np.abs(drift - np.outer(height, slope)).max() > 0.5:
        raise BadGeometry("slices.not_straight", name=name)
    tilt = math.degrees(math.atan(math.hypot(slope[0] * spacing[0], slope[1] * spacing[1])))
    if tilt > _MOST_TILT_DEG:
        raise BadGeometry("slices.tilted", name=name, degrees=tilt)
    if tilt <= _TILT_DEG or np.abs(drift).max() <= _TILT_PIXELS:
        return np.zeros_like(drift), np.zeros(2), slope
    notes.append(note("tilt", degrees=round(tilt, 1)))
    lowest = drift.min(axis=0)
    return drift - lowest, lowest, None


def _vector(values: Sequence[float] | None) -> Vectors:
    return np.array(values or (0.0, 0.0, 0.0), dtype=np.float64)
