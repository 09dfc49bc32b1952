"""Assemble a planned volume from its images into a file of voxels, with no more than two slices in memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, UnreadableFile
from segmentation.core.hounsfield import AIR_HU
from segmentation.core.messages import Message
from segmentation.core.notes import Note
from segmentation.readers.dicom.frames.damaged_frames import lay_out_without
from segmentation.readers.dicom.frames.decode_pixels import Picture, read_hu
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import Layout, lay_out
from segmentation.readers.dicom.split.slabs import are_slabs


@dataclass(frozen=True, eq=False)
class Written:
    """Description of a file of voxels: ``kind`` of value on ``layout.grid``; ``notes`` on what could not be decoded."""

    layout: Layout
    kind: np.dtype[Any]
    notes: tuple[Note, ...]


def write_voxels(frames: Sequence[Frame], path: Path, name: Message) -> Written:
    """Write the HU of one series, i fastest, then j, then k: int16 if all are integers, else float32.

    Raises:
        InputError: more images than one cannot be decoded, or two different ones lie at one place.
    """
    layout = lay_out(frames, name)
    if are_slabs(frames):  # each has an image where they meet: the first is kept
        kept = set(layout.frames)
        frames = [frame for frame in frames if frame in kept]
        layout = lay_out(frames, name)
    notes: tuple[Note, ...] = ()
    damaged: set[Frame] = set()
    while found := _write(layout, path, name):  # again only where a copy stands in for a damaged image
        damaged |= found
        layout, notes = lay_out_without(damaged, frames, name)
    return Written(layout, _kind(layout), notes)


def _kind(layout: Layout) -> np.dtype[Any]:
    integer_hu = all(frame.integer_hu for frame in layout.frames)
    return np.dtype(np.int16) if integer_hu else np.dtype(np.float32)


def _write(layout: Layout, path: Path, name: Message) -> set[Frame]:
    """Write all voxels, or return the frames that cannot be decoded."""
    kind = _kind(layout)
    stack = path.with_suffix(".frames") if layout.resampled else path
    with stack.open("w+b") as file:
        frames = _Stack(file, kind, layout.frames[0].rows, layout.frames[0].columns)
        damaged = _decode(layout, frames, kind.kind == "i", name)
        if layout.resampled and not damaged:
            with path.open("wb") as out:
                _resample(layout, frames, out, kind)
    if layout.resampled:
        stack.unlink()
    return damaged


class _Stack:
    """File of pictures that are written and read by number."""

    def __init__(self, file: BinaryIO, kind: np.dtype[Any], rows: int, columns: int) -> None:
        self._file, self._kind, self._shape = file, kind, (rows, columns)
        self._bytes = rows * columns * kind.itemsize

    def put(self, number: int, picture: Picture) -> None:
        self._file.seek(number * self._bytes)
        self._file.write(np.ascontiguousarray(picture).tobytes())

    def get(self, number: int) -> Picture:
        self._file.seek(number * self._bytes)
        picture: Picture = np.frombuffer(self._file.read(self._bytes), dtype=self._kind).reshape(self._shape)
        return picture


def _decode(layout: Layout, stack: _Stack, integer_hu: bool, name: Message) -> set[Frame]:
    """Write each frame to its place and compare its duplicates, which must be the same picture.

    Returns the frames that are damaged.
    """
    by_file: dict[Path, list[Frame]] = defaultdict(list)
    places = {(frame.path, frame.index): number for number, frame in enumerate(layout.frames)}
    for frame in layout.frames:
        by_file[frame.path].append(frame)

    def put(frames: Sequence[Frame]) -> set[Frame]:
        try:
            for frame, picture in read_hu(frames[0].path, frames, integer_hu, name):
                stack.put(places[frame.path, frame.index], picture)
        except UnreadableFile:
            half = len(frames) // 2  # of a multi-frame file: which ones?
            return put(frames[:half]) | put(frames[half:]) if half else set(frames)
        return set()

    damaged = set().union(*map(put, by_file.values()))
    return damaged | _compare(layout, damaged, stack, integer_hu, name)


def _compare(layout: Layout, damaged: set[Frame], stack: _Stack, integer_hu: bool, name: Message) -> set[Frame]:
    """Return the damaged duplicates. That of a damaged frame waits: it takes its place. Raises BadGeometry."""
    found: set[Frame] = set()
    for number, duplicate in layout.duplicates:
        if layout.frames[number] in damaged:
            continue
        same = _same(stack.get(number), duplicate, integer_hu, name)
        if same is None:
            found.add(duplicate)
        elif not same:
            where = ", ".join(f"{x:.1f}" for x in duplicate.position_mm or ())
            raise BadGeometry("dicom.two_images_at_one_place", name=name, position=where)
    return found


def _same(picture: Picture, duplicate: Frame, integer_hu: bool, name: Message) -> bool | None:
    """Tell whether ``duplicate`` shows the same picture; None if it cannot be decoded."""
    try:
        [(_, other)] = read_hu(duplicate.path, [duplicate], integer_hu and duplicate.integer_hu, name)
    except UnreadableFile:
        return None
    return np.array_equal(picture, other)


def _resample(layout: Layout, stack: _Stack, out: BinaryIO, kind: np.dtype[Any]) -> None:
    shape = (layout.grid.shape[1], layout.grid.shape[0])
    moved: dict[int, NDArray[np.float32]] = {}

    def straight(number: int) -> NDArray[np.float32]:
        if number not in moved:
            if len(moved) > 1:
                moved.pop(min(moved))
            moved[number] = shifted(stack.get(number).astype(np.float32), layout.shifts[number], shape)
        return moved[number]

    for each in layout.slices:
        picture = straight(each.first)
        if each.weight:
            picture = (1 - each.weight) * picture + each.weight * straight(each.second)
        values = np.rint(picture) if kind.kind == "i" else picture
        out.write(values.astype(kind).tobytes())


def shifted(picture: NDArray[np.float32], shift: tuple[float, float], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Move a picture by (columns, rows) >= 0 pixels, linearly interpolated, on ``shape`` pixels of air."""
    for axis, amount in ((1, shift[0]), (0, shift[1])):
        picture = _moved(picture, amount, axis, shape[axis])
    return picture


def _moved(picture: NDArray[np.float32], amount: float, axis: int, length: int) -> NDArray[np.float32]:
    lines = np.moveaxis(picture, axis, 0)
    whole = math.floor(amount)
    part = np.float32(amount - whole)
    if part < 1e-4:
        part = np.float32(0)
    result = np.full((length, *lines.shape[1:]), AIR_HU, dtype=np.float32)
    count = lines.shape[0]
    if part == 0:
        result[whole : whole + count] = lines[: length - whole]
    else:
        # Line n of the result lies between lines n - whole - 1 and n - whole of the picture; beyond its edge is air.
        padded = np.pad(lines, [(1, 1), *[(0, 0)] * (lines.ndim - 1)], constant_values=AIR_HU)
        mixed = part * padded[:-1] + (1 - part) * padded[1:]
        room = min(count + 1, length - whole)
        result[whole : whole + room] = mixed[:room]
    return np.moveaxis(result, 0, axis)
