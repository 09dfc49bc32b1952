"""The box around a CT's bone: what is worth showing to a network that sees the whole scan at once.

It asks for density alone, so it can be drawn around any scan, labelled or not: a box around the labelled spine
would tell the network in advance what it is to find.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume

Box = tuple[slice, slice, slice]

BONE_HU = 200
STEP_MM = 3.0  # looked at in voxels of about this size
SMALLEST_BONE_MM3 = 2000.0  # less is noise, a calcification, a wire on the skin
MARGIN_MM = 20.0


def whole_box(grid: Grid) -> Box:
    """Everything."""
    return (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))


def bone_box(volume: Volume) -> Box:
    """The box around all pieces of more than 200 HU and 2 ml, and 20 mm more; everything if there are none."""
    spacing = volume.grid.spacing_mm
    steps = [max(1, round(STEP_MM / mm)) for mm in spacing]
    dense = volume.hu[:: steps[0], :: steps[1], :: steps[2]] > BONE_HU
    labels, _ = ndimage.label(dense, structure=np.ones((3, 3, 3)))
    large = np.bincount(labels.ravel()) * float(np.prod(steps) * np.prod(spacing)) >= SMALLEST_BONE_MM3
    large[0] = False
    bone = large[labels]
    if not bone.any():
        return whole_box(volume.grid)
    lines = (bone.any(axis=(1, 2)), bone.any(axis=(0, 2)), bone.any(axis=(0, 1)))
    i, j, k = (
        _reach(np.flatnonzero(line), step, MARGIN_MM / mm, size)
        for line, step, mm, size in zip(lines, steps, spacing, volume.grid.shape, strict=True)
    )
    return (i, j, k)


def _reach(found: np.ndarray[tuple[int], np.dtype[np.intp]], step: int, margin: float, size: int) -> slice:
    return slice(max(0, round(found[0] * step - margin)), min(size, round((found[-1] + 1) * step + margin)))
