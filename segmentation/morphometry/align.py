"""Bring a CT to the grid of a label map that lies elsewhere in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from segmentation.core.boxes import bounding_box
from segmentation.core.errors import GridMismatch
from segmentation.core.notes import note
from segmentation.core.volume import LabelMap, Volume

_LEAST_INSIDE = 0.999


def align(volume: Volume, label_map: LabelMap, name: str) -> tuple[Volume, LabelMap]:
    """Give the CT on the label map's grid, both cut to the labels' box where they had to be brought together.

    A map of the CT's own grid is left as it is. Of another grid the CT is interpolated (linearly) at the map's voxels,
    which keeps every label; a note says so.

    Args:
        volume: The CT.
        label_map: Of any grid; its labels must lie inside the CT.
        name: Of the map's file, for the message.

    Raises:
        GridMismatch: a labelled voxel lies outside the CT.
    """
    if volume.grid.matches(label_map.grid):
        return volume, label_map
    box = bounding_box(label_map.labels > 0, margin=6)
    if box is None:
        return volume, label_map
    labels, grid = label_map.labels[box], label_map.grid.cropped(box)
    index = volume.grid.to_index(grid.to_mm(np.argwhere(labels).astype(np.float64)))
    inside = ((index >= -0.5) & (index <= np.array(volume.grid.shape) - 0.5)).all(axis=1)
    if inside.mean() < _LEAST_INSIDE:
        raise GridMismatch("measure.outside_ct", name=name, percent=100 * (1 - float(inside.mean())))
    matrix = np.linalg.inv(volume.grid.affine) @ grid.affine
    values = volume.hu.astype(np.float32)
    hu = ndimage.affine_transform(values, matrix[:3, :3], matrix[:3, 3], grid.shape, order=1, mode="nearest")
    notes = (*label_map.notes, note("ct_resampled_to_labels", name=name))
    # The border of the cut-out is not the border of the scan: a frame of background keeps labels from touching it.
    return Volume(hu, grid), replace(label_map, labels=labels, grid=grid, header=None, notes=notes)
