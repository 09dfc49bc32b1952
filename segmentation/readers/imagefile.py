"""What every format hands over once its header was read and before its voxels are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, NotAVolume, TooLarge, TooSmall, UnreadableFile
from segmentation.core.geometry import Grid, Shape3
from segmentation.core.notes import Note
from segmentation.readers.limits import ReadLimits


@dataclass(frozen=True, eq=False)
class Voxels:
    """The (I, J, K) stored values of an image, and what only reading them brought out.

    Attributes:
        stored: As in the file.
        grid: Where they lie; None where the header said.
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

    name: str
    format: str
    grid: Grid
    stored_type: np.dtype[Any]
    load: Callable[[], Voxels]
    slope: float = 1.0
    inter: float = 0.0
    header: Any = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()


def volume_shape(sizes: Sequence[int], name: str) -> Shape3:
    """The three sizes of a volume; further axes must have length 1.

    Raises:
        UnreadableFile: a size is zero or negative.
        NotAVolume: a picture, a single slice, or a series.
    """
    sizes = [int(n) for n in sizes]
    if any(n < 1 for n in sizes):
        raise UnreadableFile(
            f"The header of {name} gives an impossible size of {_times(sizes)} voxels.",
            "Export the scan again.",
        )
    if any(n > 1 for n in sizes[3:]):
        raise NotAVolume(
            f"{name} holds {int(np.prod(sizes[3:]))} volumes (size {_times(sizes)}), not one.",
            "Split the series and upload one volume.",
        )
    if len(sizes) < 3 or min(sizes[:3]) == 1:
        raise NotAVolume(
            f"{name} holds a single slice (size {_times(sizes)}).", "Upload the whole series as one volume."
        )
    return (sizes[0], sizes[1], sizes[2])


def check_size(shape: Shape3, itemsize: int, limits: ReadLimits, name: str) -> int:
    """Bytes that the voxels need.

    Raises:
        TooLarge: more voxels or bytes than the limits allow.
    """
    voxels = shape[0] * shape[1] * shape[2]
    if voxels > limits.max_voxels or voxels * itemsize > limits.max_bytes:
        raise TooLarge(
            f"{name} declares {_times(shape)} voxels ({voxels * itemsize / 1e9:.1f} GB), more than "
            f"the limit of {limits.max_voxels / 1e6:.0f} million voxels or {limits.max_bytes / 1e9:.1f} GB.",
            "Crop the scan to the spine or resample it, and try again.",
        )
    return voxels * itemsize


def check_spacing(spacing: Sequence[float], name: str) -> None:
    """Raises BadGeometry unless all spacings are positive numbers."""
    if not all(np.isfinite(s) and s > 0 for s in spacing):
        text = " x ".join(f"{s:g}" for s in spacing)
        raise BadGeometry(
            f"{name} gives a voxel spacing of {text} mm; it must be positive.",
            "Export the scan again from the original DICOM series.",
        )


def check_extent(grid: Grid, limits: ReadLimits, name: str) -> None:
    """Raises TooSmall or BadGeometry if the image covers too little or more than a person is long."""
    extent = grid.extent_mm
    text = " x ".join(f"{e:.4g}" for e in extent)
    if min(extent) < limits.min_extent_mm:
        raise TooSmall(
            f"{name} covers only {text} mm; each side must be at least {limits.min_extent_mm:g} mm long.",
            "Upload a scan that shows at least one whole vertebra, with its spacing in millimetres.",
        )
    if max(extent) > limits.max_extent_mm:
        raise BadGeometry(
            f"{name} would cover {text} mm, longer than any patient.",
            "Check that its voxel spacing is in millimetres.",
        )


def _times(sizes: Sequence[int]) -> str:
    return " x ".join(str(n) for n in sizes)
