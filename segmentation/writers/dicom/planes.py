"""Reorder a volume's array into DICOM's planes of rows of columns, along the source images' axes."""

from __future__ import annotations

from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import RAS_TO_LPS, Grid
from segmentation.writers.dicom.sources import Sources


def as_planes(array: NDArray[Any], grid: Grid, sources: Sources) -> hd.Volume:
    """Reorder ``array`` (I, J, K) to (plane, row, column), axes permuted and flipped to those of the source images.

    Where the grid is the source's own (no repair was needed) each plane is pixel for pixel one source image. Where the
    slices drift sideways they lie above the first one here, as programs read such a series.
    """
    order, flips = matching(grid, sources)
    linear, origin = grid.affine[:3, :3].copy(), grid.affine[:3, 3].copy()
    for axis, flip in enumerate(flips):
        if flip:
            origin += linear[:, axis] * (grid.shape[axis] - 1)
            linear[:, axis] *= -1
    affine = np.eye(4)
    affine[:3, :3] = _straight(RAS_TO_LPS[:, None] * linear[:, order])
    affine[:3, 3] = RAS_TO_LPS * origin
    flipped = np.flip(array, tuple(axis for axis, flip in enumerate(flips) if flip))
    return hd.Volume(
        np.ascontiguousarray(flipped.transpose(order)),
        affine,
        "PATIENT",
        frame_of_reference_uid=sources.first.FrameOfReferenceUID,
    )


def _straight(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the first of (3, 3) axes, columns for planes, rows and columns, at right angles to the others."""
    planes, rows, columns = axes.T
    normal = np.cross(rows, columns)
    normal /= np.linalg.norm(normal)
    return np.stack([normal * (planes @ normal), rows, columns], axis=1)


def matching(grid: Grid, sources: Sources) -> tuple[list[int], list[bool]]:
    """Match the axes of ``grid`` to planes, rows and columns of the sources, and tell which of them run backwards."""
    along_row, down_column = sources.orientation()
    wanted = np.array([np.cross(along_row, down_column), down_column, along_row])
    units = RAS_TO_LPS[:, None] * grid.affine[:3, :3] / np.array(grid.spacing_mm)
    likeness = wanted @ units
    order = [int(axis) for axis in np.abs(likeness).argmax(axis=1)]
    if sorted(order) != [0, 1, 2]:
        raise ValueError("the axes of the grid are not those of the source images")
    flips = [False, False, False]
    for row, axis in enumerate(order):
        flips[axis] = bool(likeness[row, axis] < 0)
    return order, flips
