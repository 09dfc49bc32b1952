"""Crop a CT to the box around its bone, for networks that see the whole scan at once.

It asks for density alone, so it can be drawn around any scan, labelled or not: a box around the labelled spine
would tell the network in advance what it is to find.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from segmentation.core.boxes import Box, bounding_box, whole_box
from segmentation.core.hounsfield import BONE_HU
from segmentation.core.volume import Volume

STEP_MM = 3.0  # looked at in voxels of about this size
SMALLEST_BONE_MM3 = 2000.0  # less is noise, a calcification, a wire on the skin
MARGIN_MM = 20.0


def bone_box(volume: Volume) -> Box:
    """Find the box around all pieces of more than 200 HU and 2 ml, and 20 mm more; everything if there are none."""
    spacing = volume.grid.spacing_mm
    steps = [max(1, round(STEP_MM / mm)) for mm in spacing]
    dense = volume.hu[:: steps[0], :: steps[1], :: steps[2]] > BONE_HU
    labels, _ = ndimage.label(dense, structure=np.ones((3, 3, 3)))
    large = np.bincount(labels.ravel()) * float(np.prod(steps) * np.prod(spacing)) >= SMALLEST_BONE_MM3
    large[0] = False
    box = bounding_box(large[labels])
    if box is None:
        return whole_box(volume.grid.shape)
    i, j, k = (
        slice(max(0, round(part.start * step - MARGIN_MM / mm)), min(size, round(part.stop * step + MARGIN_MM / mm)))
        for part, step, mm, size in zip(box, steps, spacing, volume.grid.shape, strict=True)
    )
    return (i, j, k)
