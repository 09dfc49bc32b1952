"""Voxels of the mask, at the scan's resolution, to the vertebrae found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import labelled_boxes
from segmentation.core.geometry import Grid
from segmentation.core.labels import SACRUM
from segmentation.vertebrae.fields import SACRAL, VERTEBRA, Fields
from segmentation.vertebrae.votes import nearest_centre

AT_ONCE = 2_000_000
SACRUM_SHARE = 0.5
CRUMB_SHARE = 0.12  # of its vertebra: a loose piece smaller than that may belong to a neighbour


def assign_voxels(
    mask: NDArray[np.bool_], grid: Grid, fields: Fields, centres: NDArray[np.float64], numbers: Sequence[int]
) -> NDArray[np.uint8]:
    """Label each voxel of a mask with the number of the vertebra whose centre it votes for.

    Args:
        mask: (I, J, K) on ``grid``.
        grid: Of the mask.
        fields: The network's answers around the mask.
        centres: (N, 3) RAS mm.
        numbers: N labels; 0 of what is no vertebra.

    Returns:
        (I, J, K) labels; the mask's voxels that are sacrum have its label.
    """
    labels = np.zeros(mask.shape, np.uint8)
    if not len(centres):
        return labels
    table = np.array([*numbers, SACRUM], np.uint8)
    where = np.flatnonzero(mask)
    for start in range(0, len(where), AT_ONCE):
        part = where[start : start + AT_ONCE]
        index = np.stack(np.unravel_index(part, mask.shape), axis=1).astype(np.float64)
        points = grid.to_mm(index)
        at = fields.grid.to_index(points).T
        offset = np.stack([_sampled(channel, at) for channel in fields.offset_mm], axis=1)
        nearest, _ = nearest_centre(points + offset, centres)
        sacral = _sampled(fields.tissue[SACRAL], at) > _sampled(fields.tissue[VERTEBRA], at)
        nearest[sacral] = len(numbers)
        labels.flat[part] = table[nearest]
    return merge_crumbs(labels)


def sacrum_voxels(grid: Grid, fields: Fields, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the sacrum outside the mask, (I, J, K) on ``grid``, from the network's coarse answer."""
    likely = fields.tissue[SACRAL] > SACRUM_SHARE
    pieces, count = ndimage.label(likely)
    result = np.zeros(mask.shape, bool)
    if not count:
        return result
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    piece = ndimage.binary_dilation(pieces == sizes.argmax())
    soft = np.where(piece, fields.tissue[SACRAL], 0).astype(np.float32)
    corners = np.argwhere(piece)
    low, high = corners.min(axis=0) - 1, corners.max(axis=0) + 1
    ends = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T
    box_index = grid.to_index(fields.grid.to_mm(ends.astype(np.float64)))
    first = np.maximum(0, np.floor(box_index.min(axis=0))).astype(int)
    last = np.minimum(mask.shape, np.ceil(box_index.max(axis=0)) + 1).astype(int)
    if (last <= first).any():
        return result
    to_fields = np.linalg.inv(fields.grid.affine) @ grid.affine
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    offset = to_fields[:3, :3] @ first + to_fields[:3, 3]
    fine = ndimage.affine_transform(soft, to_fields[:3, :3], offset, tuple(last - first), order=1)
    result[box] = (fine > SACRUM_SHARE) & ~mask[box]
    return result


def merge_crumbs(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give each small loose piece of a label to the label that it touches most, by faces; in place, and returned."""
    for number, box in labelled_boxes(labels):
        wide = tuple(slice(max(0, b.start - 1), b.stop + 1) for b in box)
        part = labels[wide]
        pieces, count = ndimage.label(part == number)
        if count < 2:
            continue
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        largest = sizes.max()
        for piece, inside in labelled_boxes(pieces):
            if sizes[piece] >= CRUMB_SHARE * largest:
                continue
            near = tuple(slice(max(0, b.start - 1), b.stop + 1) for b in inside)
            here = pieces[near] == piece
            around = ndimage.binary_dilation(here) & ~here
            touched = np.bincount(part[near][around], minlength=256)
            touched[[0, number]] = 0
            if touched.any():
                part[near][here] = touched.argmax()
    return labels


def _sampled(channel: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(ndimage.map_coordinates(channel, at, order=1, mode="nearest", output=np.float64))
