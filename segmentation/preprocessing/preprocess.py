"""Resample a CT to the network's input, and the network's logits back to the CT's own grid.

``prepare`` and ``restore`` are each other's inverse in geometry: both map voxel *edges* onto voxel edges, so
the first and the last millimetre of the scan are the first and the last millimetre of the network's input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from segmentation.core.boxes import Box, whole_box
from segmentation.core.geometry import Grid, Shape3, from_canonical, to_canonical
from segmentation.core.volume import Volume
from segmentation.preprocessing.crop import bone_box
from segmentation.preprocessing.metal import hide_metal

Mode = Literal["patch", "whole", "resize"]
Crop = Literal["none", "bone"]

# The thesis's window. Its lower end has a second virtue: air, fat and whatever a scanner or a converter
# pads with (-1024, -3024, 0) all become 0, so the border of a cropped scan looks like air.
HU_MIN, HU_MAX = 0.0, 1000.0
WHOLE_EDGE = 128
OUTSIDE_LOGIT = -12.0  # logit of a voxel that no network was asked about


@dataclass(frozen=True)
class InputSpec:
    """The input that a network expects: HU clamped and scaled to 0..1, RAS+ axes, and voxels as ``mode`` says.

    Attributes:
        spacing_mm: Edge of a voxel in mode ``patch``.
        mode: ``patch``: full resolution, window by window. ``whole``: the thesis's down-sampling step, one factor
            for all axes so that the longest fills ``edge`` voxels, and zeros up to a cube. ``resize``: each axis
            stretched to ``edge`` voxels, which distorts.
        edge: Of the cube of modes ``whole`` and ``resize``.
        crop: ``bone``: first cut the scan down to the box around its bone, so that fewer voxels show air and fat.
        metal_hu: Voxels above this density, and their neighbours, are shown as air, and are never part of a mask;
            None where the network was trained to see metal as the densest bone.
    """

    spacing_mm: float
    hu_min: float = HU_MIN
    hu_max: float = HU_MAX
    mode: Mode = "patch"
    edge: int = WHOLE_EDGE
    crop: Crop = "none"
    metal_hu: float | None = None

    def clamp(self, hu: NDArray[Any]) -> NDArray[np.float32]:
        """Clip (I, J, K) HU to ``hu_min``..``hu_max``, with metal as air if there is a ``metal_hu``; still HU."""
        # float32 first: clipping int16 with floats would make float64, four times a CT that may fill the memory.
        values = hu.astype(np.float32)
        if self.metal_hu is not None:
            hide_metal(values, self.metal_hu, self.hu_min)
        return np.clip(values, self.hu_min, self.hu_max, out=values)

    def to_unit(self, clamped_hu: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale clamped HU to 0..1."""
        return (clamped_hu - np.float32(self.hu_min)) / np.float32(self.hu_max - self.hu_min)

    def to_hu(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Undo ``to_unit``."""
        return unit * np.float32(self.hu_max - self.hu_min) + np.float32(self.hu_min)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A CT resampled for the network, and what is needed to go back to the CT's grid.

    Attributes:
        image: (I, J, K) float32, 0..1, axes towards R, A and S. In mode ``whole`` padded with 0 to a cube.
        grid: Where ``image`` lies.
        valid_shape: Voxels of ``image``, from its first corner on, that hold CT; the rest is padding.
        source: The grid that came in, on which ``restore`` returns.
        box: The part of ``source`` that ``image`` shows: all of it, unless it was cropped.
    """

    image: NDArray[np.float32]
    grid: Grid
    valid_shape: Shape3
    source: Grid
    box: Box


def prepare(volume: Volume, spec: InputSpec, mode: Mode | None = None) -> Prepared:
    """Turn a CT to RAS+ axes, resample it linearly, clamp its HU and scale them to 0..1.

    ``mode`` overrules that of ``spec``. Mode ``patch`` resamples to ``spec.spacing_mm``. Mode ``whole`` resamples to
    1 mm by definition and then scales all three axes by one factor so that the longest fills ``spec.edge`` voxels,
    and pads with 0: the thesis's down-sampling step, done in one interpolation instead of two. A scan smaller than
    ``spec.edge`` mm is not enlarged. Mode ``resize`` stretches each axis to ``spec.edge`` voxels.
    """
    mode = mode or spec.mode
    box = bone_box(volume) if spec.crop == "bone" else whole_box(volume.grid.shape)
    part = volume.grid.cropped(box)
    canonical = to_canonical(np.asarray(volume.hu)[box], part)
    valid_shape = _valid_shape(part, spec, mode)

    image = spec.to_unit(resample(spec.clamp(canonical), valid_shape))
    if mode == "whole":
        image = np.pad(image, [(0, spec.edge - n) for n in valid_shape])
    shape = (image.shape[0], image.shape[1], image.shape[2])
    return Prepared(image, Grid(shape, _resampled_affine(part, valid_shape)), valid_shape, volume.grid, box)


def _valid_shape(part: Grid, spec: InputSpec, mode: Mode) -> Shape3:
    """Compute how many voxels each canonical axis gets."""
    if mode == "resize":
        return (spec.edge, spec.edge, spec.edge)
    extent = np.array(part.canonical.extent_mm)
    # The spacing yields by a fraction of a voxel so that a whole number of voxels covers the scan exactly.
    spacing = spec.spacing_mm if mode == "patch" else max(1.0, float(extent.max()) / spec.edge)
    valid_shape = tuple(max(1, round(float(e) / spacing)) for e in extent)
    return (valid_shape[0], valid_shape[1], valid_shape[2])


def restore(logits: NDArray[np.float32], prepared: Prepared) -> NDArray[np.float32]:
    """Resample (I, J, K) logits on ``prepared.grid`` to ``prepared.source``: the shape and axes of the file."""
    i, j, k = prepared.valid_shape
    part = prepared.source.cropped(prepared.box)
    restored = resample(logits[:i, :j, :k], part.canonical.shape)
    inside = np.ascontiguousarray(from_canonical(restored, part))
    if inside.shape == prepared.source.shape:
        return inside
    whole = np.full(prepared.source.shape, OUTSIDE_LOGIT, dtype=np.float32)
    whole[prepared.box] = inside
    return whole


def nearest(array: NDArray[np.uint8], shape: Shape3) -> NDArray[np.uint8]:
    """Resample an (I, J, K) array to ``shape`` over the same extent, each voxel from the nearest."""
    index = [((np.arange(n) + 0.5) * old / n).astype(int) for n, old in zip(shape, array.shape, strict=True)]
    return np.ascontiguousarray(array[np.ix_(*index)])


def pad_like(array: NDArray[np.float32], prepared: Prepared) -> NDArray[np.float32]:
    """Pad an array of ``prepared.valid_shape`` voxels with 0 as ``prepared.image`` is padded."""
    return np.pad(array, [(0, n - m) for n, m in zip(prepared.image.shape, array.shape, strict=True)])


def resample(array: NDArray[np.float32], shape: Shape3) -> NDArray[np.float32]:
    """Resample an (I, J, K) array to ``shape`` over the same extent: linear, averaging where several voxels become one.

    Plain linear interpolation from 0.7 mm to 2 mm would skip voxels and turn noise and thin cortical
    bone into speckle; the mean over the new voxel's extent does not.
    """
    tensor = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))[None, None]
    for axis, size in sorted(enumerate(shape), key=lambda a: a[1] / array.shape[a[0]]):
        target = list(tensor.shape[2:])
        if target[axis] == size:
            continue
        shrink = target[axis] / size
        target[axis] = size
        if shrink >= 1.5:
            tensor = functional.interpolate(tensor, size=target, mode="area")
        else:
            tensor = functional.interpolate(tensor, size=target, mode="trilinear", align_corners=False)
    result: NDArray[np.float32] = tensor[0, 0].numpy()
    return result


def _resampled_affine(grid: Grid, valid_shape: Shape3) -> NDArray[np.float64]:
    """Compute the affine of the canonical grid resampled to ``valid_shape`` voxels over the same extent."""
    canonical = grid.canonical
    factor = np.array(canonical.shape) / np.array(valid_shape)
    to_resampled = np.diag([*factor, 1.0])
    to_resampled[:3, 3] = (factor - 1) / 2  # first voxel's centre, with the edges aligned
    return np.asarray(canonical.affine @ to_resampled)
