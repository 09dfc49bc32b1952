"""Regions of a scan that figures are given for: scan, labelled slab, and cervical, thoracic and lumbar spine.

``scan``: all voxels.

``labelled``: the slab along the voxel axis nearest to head-foot, from the centroid of the first labelled vertebra to
that of the last, both included. References in the manner of VerSe leave vertebrae that the border cuts, though
visible, without a label; there a correct prediction counts as wrong in ``scan``, and only ``labelled`` is fair.

``C``, ``T``, ``L``: the cervical, thoracic (with T13) and lumbar (with L6) part of ``labelled``. Each voxel belongs
to the vertebra of the reference that is nearest to it, so a false positive is charged to the region nearest to which
it lies, however far away. The sacrum is no region: it never counts as spine, and beyond the last vertebra's
centroid nothing is scored by region.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box
from segmentation.core.geometry import Grid
from segmentation.core.labels import LABELS, SPINE_NUMBERS, is_spine
from segmentation.core.volume import LabelMap
from segmentation.evaluation.metrics import Mask, Spacing, nearest, surface_voxels, voxels

SLABS = ("scan", "labelled")
LEVELS: dict[str, tuple[int, ...]] = {
    letter: tuple(number for number in SPINE_NUMBERS if LABELS[number].name.startswith(letter)) for letter in "CTL"
}
"""Region to the VerSe numbers of its vertebrae."""


def labelled_slab(reference: LabelMap) -> Box | None:
    """Find the slices of ``reference`` between the centroids of its first and last vertebra, head to foot.

    None where fewer than two vertebrae are labelled, or the map does not tell vertebrae apart.
    """
    axis = head_foot_axis(reference.grid)
    centres = centroids(reference, axis).values()
    if reference.kind != "vertebrae" or len(centres) < 2:
        return None
    box = [slice(0, n) for n in reference.grid.shape]
    box[axis] = slice(round(min(centres)), round(max(centres)) + 1)
    return (box[0], box[1], box[2])


def head_foot_axis(grid: Grid) -> int:
    """Find the voxel axis (0, 1 or 2) that runs nearest to the patient's head-foot direction."""
    return next(axis for axis, letter in enumerate(grid.orientation) if letter in "SI")


def centroids(labels: LabelMap, axis: int) -> dict[int, float]:
    """Compute the mean voxel index along ``axis`` of each vertebra of a label map, by VerSe number."""
    found: dict[int, float] = {}
    for number, box in enumerate(ndimage.find_objects(labels.labels), start=1):
        if box is None or number not in SPINE_NUMBERS:
            continue
        inside = np.nonzero(labels.labels[box] == number)[axis]
        found[number] = float(box[axis].start + inside.mean())
    return found


def nearest_vertebra(mask: Mask, labels: NDArray[np.uint8], spacing_mm: Spacing) -> NDArray[np.uint8]:
    """Assign each voxel of ``mask`` or of the reference to a vertebra: its VerSe number, (I, J, K); else 0.

    Args:
        mask: (I, J, K) a prediction.
        labels: (I, J, K) VerSe numbers of the reference.
        spacing_mm: Of (i, j, k).
    """
    spine = is_spine(labels)
    owner = np.where(spine, labels, 0).astype(np.uint8)
    wrong, targets = voxels(mask & ~spine), surface_voxels(spine)
    if len(wrong) and len(targets):
        _, index = nearest(wrong, targets, spacing_mm)
        owner[tuple(wrong.T)] = labels[tuple(targets[index].T)]
    return owner
