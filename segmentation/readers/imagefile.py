"""Common form of an opened image, whatever its format, before its voxels are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, NotAVolume, TooLarge, TooSmall, UnreadableFile
from segmentation.core.geometry import Grid, Shape3
from segmentation.core.messages import Name
from segmentation.core.notes import Note
from segmentation.readers.limits import ReadLimits

_MAX_DISTANCE_MM = 100_000.0  # further away 32-bit numbers no longer tell hundredths of a millimetre apart


@dataclass(frozen=True, eq=False)
class Voxels:
    """Stored values (I, J, K) of an image, and what only reading them brought out.

    Attributes:
        stored: As in the file.
        grid: Where they lie; None where the header gave it.
        notes: What else was repaired or let pass.
    """

    stored: NDArray[Any]
    grid: Grid | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An opened image: its geometry is known, its voxels are still on disk.

    Attributes:
        name: File name, for messages.
        format: ``"NIfTI-1"``, ``"NRRD"`` …
        grid: Where the voxels lie.
        stored_type: Type of the voxels in the file.
        slope, inter: HU = stored value * slope + inter.
        load: Reads the voxels. Raises UnreadableFile or TooLarge.
        header: The format's own header, where a mask must repeat it.
        notes: What was unusual and was repaired or let pass.
    """

    name: Name
    format: str
    grid: Grid
    stored_type: np.dtype[Any]
    load: Callable[[], Voxels]
    slope: float = 1.0
    inter: float = 0.0
    header: Any = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()


def volume_shape(sizes: Sequence[int], name: Name) -> Shape3:
    """Return the three sizes of a volume; further axes must have length 1.

    Raises:
        UnreadableFile: a size is zero or negative.
        NotAVolume: a picture, a single slice, or a series.
    """
    sizes = [int(n) for n in sizes]
    if any(n < 1 for n in sizes):
        raise UnreadableFile("image.impossible_size", name=name, size=sizes)
    if any(n > 1 for n in sizes[3:]):
        raise NotAVolume("image.several_volumes", name=name, count=int(np.prod(sizes[3:])), size=sizes)
    if len(sizes) < 3 or min(sizes[:3]) == 1:
        raise NotAVolume("image.single_slice", name=name, size=sizes)
    return (sizes[0], sizes[1], sizes[2])


def check_size(shape: Shape3, itemsize: int, limits: ReadLimits, name: Name) -> int:
    """Compute the bytes that the voxels need, and refuse too many.

    Raises:
        TooLarge: more voxels or bytes than the limits allow.
    """
    voxels = shape[0] * shape[1] * shape[2]
    if voxels > limits.max_voxels or voxels * itemsize > limits.max_bytes:
        raise TooLarge(
            "image.too_large",
            name=name,
            size=shape,
            gigabytes=voxels * itemsize / 1e9,
            million_voxels_allowed=limits.max_voxels / 1e6,
            gigabytes_allowed=limits.max_bytes / 1e9,
        )
    return voxels * itemsize


def check_spacing(spacing: Sequence[float], name: Name) -> None:
    """Raise BadGeometry unless all spacings are positive numbers."""
    if not all(np.isfinite(s) and s > 0 for s in spacing):
        raise BadGeometry("image.bad_spacing", name=name, spacing=tuple(spacing))


def check_extent(grid: Grid, limits: ReadLimits, name: Name) -> None:
    """Raise TooSmall or BadGeometry if the image covers too little, more than a person is long, or lies far away."""
    extent = grid.extent_mm
    if min(extent) < limits.min_extent_mm:
        raise TooSmall("image.too_small", name=name, extent=extent, least=limits.min_extent_mm)
    if max(extent) > limits.max_extent_mm:
        raise BadGeometry("image.too_long", name=name, extent=extent)
    check_place(grid, name)


def check_place(grid: Grid, name: Name) -> None:
    """Raise BadGeometry if a corner lies further from the origin than any scanner is large."""
    corners = grid.to_mm(np.array([(0, 0, 0), np.array(grid.shape) - 1], dtype=np.float64))
    far = float(np.abs(corners).max())
    if far > _MAX_DISTANCE_MM:
        raise BadGeometry("image.far_away", name=name, metres=far / 1000)
