"""Scores of one mask against one reference, as a whole and by region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation.core.boxes import Box, bounding_box
from segmentation.core.geometry import Grid
from segmentation.core.labels import SACRUM, spine_voxels
from segmentation.core.volume import LabelMap
from segmentation.evaluation.metrics import (
    Flags,
    Mask,
    SurfaceDistances,
    Voxels,
    dice,
    farther,
    nearest,
    precision,
    recall,
    surface_voxels,
    volume_error_ml,
    voxels,
)
from segmentation.evaluation.regions import LEVELS, labelled_slab, nearest_vertebra

DISTANT_MM = 10.0


@dataclass(frozen=True)
class Scores:
    """Figures of one mask against one reference; definitions in ``segmentation.evaluation.metrics``.

    Attributes:
        dice, precision, recall: 0..1.
        hd95_mm: 95th-percentile Hausdorff distance.
        nsd_1mm, nsd_3mm: Surface Dice at 1 and 3 mm.
        volume_ml, reference_ml: Volumes of the mask and of the reference.
        error_ml: The mask's volume minus the reference's.
        far_ml: Volume of the mask farther than 10 mm from the reference.
    """

    dice: float
    precision: float
    recall: float
    hd95_mm: float
    nsd_1mm: float
    nsd_3mm: float
    volume_ml: float
    reference_ml: float
    error_ml: float
    far_ml: float


@dataclass(frozen=True)
class SacrumScores:
    """Part of a mask that lies on a labelled sacrum, which is no spine.

    Attributes:
        claimed_ml: Volume of the mask on the sacrum.
        sacrum_ml: Volume of the labelled sacrum.
        mask_ml: Volume of the mask.
    """

    claimed_ml: float
    sacrum_ml: float
    mask_ml: float


def score(mask: Mask, reference: Mask, grid: Grid) -> Scores:
    """Compare two (I, J, K) masks with the spacing and voxel volume of ``grid``."""
    return Comparison(mask, reference, grid).scores()


def score_regions(mask: Mask, reference: LabelMap, levels: bool = True) -> dict[str, Scores]:
    """Compare a (I, J, K) mask with a reference, for every region of ``segmentation.evaluation.regions`` it has.

    Surfaces are those of the whole masks, and a region takes its share of their voxels: where it cuts a
    vertebra there is no new surface. Without two labelled vertebrae only ``scan`` is there.

    Args:
        mask: On the reference's grid.
        reference: VerSe numbers, or a binary spine map.
        levels: Also C, T and L.
    """
    expected = spine_voxels(reference)
    # Nothing outside the box of both masks can change a figure, and most of a trunk lies outside.
    box = bounding_box(mask | expected) or (slice(0, 1), slice(0, 1), slice(0, 1))
    mask = mask[box]
    comparison = Comparison(mask, expected[box], reference.grid)
    found = {"scan": comparison.scores()}
    slab = labelled_slab(reference)
    if slab is None:
        return found
    where = np.zeros(mask.shape, dtype=bool)
    where[_inside(slab, box)] = True
    found["labelled"] = comparison.scores(where)
    if levels:
        owner = nearest_vertebra(mask, reference.labels[box], reference.grid.spacing_mm)
        for name, numbers in LEVELS.items():
            inside = where & np.isin(owner, numbers)
            if (inside & comparison.reference).any():
                found[name] = comparison.scores(inside)
    return found


def score_sacrum(mask: Mask, reference: LabelMap) -> SacrumScores | None:
    """Measure the share of the labelled sacrum that an (I, J, K) mask takes for spine; None where none is labelled."""
    if reference.kind != "vertebrae":
        return None
    sacrum = reference.labels == SACRUM
    if not sacrum.any():
        return None
    ml = reference.grid.voxel_ml
    claimed, whole, found = (float(np.count_nonzero(m)) * ml for m in (mask & sacrum, sacrum, mask))
    return SacrumScores(claimed, whole, found)


class Comparison:
    """Two (I, J, K) masks and the distances between them, measured once for all regions."""

    def __init__(self, mask: Mask, reference: Mask, grid: Grid) -> None:
        self.mask, self.reference = mask, reference
        self._voxel_ml = grid.voxel_ml
        self._ours, self._theirs = surface_voxels(mask), surface_voxels(reference)
        self._to_reference, _ = nearest(self._ours, self._theirs, grid.spacing_mm)
        self._to_prediction, _ = nearest(self._theirs, self._ours, grid.spacing_mm)
        wrong = voxels(mask & ~reference)
        self._far = wrong[farther(wrong, self._theirs, grid.spacing_mm, DISTANT_MM)]

    def scores(self, where: Mask | None = None) -> Scores:
        """Compute the figures of the voxels in ``where``, (I, J, K); of all if None."""
        where = np.ones(self.mask.shape, dtype=bool) if where is None else where
        mask, reference = self.mask & where, self.reference & where
        distances = SurfaceDistances(
            self._to_reference[_in(where, self._ours)], self._to_prediction[_in(where, self._theirs)]
        )
        return Scores(
            dice=dice(mask, reference),
            precision=precision(mask, reference),
            recall=recall(mask, reference),
            hd95_mm=distances.hd95_mm(),
            nsd_1mm=distances.surface_dice(1.0),
            nsd_3mm=distances.surface_dice(3.0),
            volume_ml=float(np.count_nonzero(mask)) * self._voxel_ml,
            reference_ml=float(np.count_nonzero(reference)) * self._voxel_ml,
            error_ml=volume_error_ml(mask, reference, self._voxel_ml),
            far_ml=float(np.count_nonzero(_in(where, self._far))) * self._voxel_ml,
        )


def _in(where: Mask, points: Voxels) -> Flags:
    return np.asarray(where[tuple(points.T)])


def _inside(slab: Box, box: Box) -> Box:
    """Express ``slab`` in the indices of the array cut out by ``box``."""
    i, j, k = (
        slice(max(0, outer.start - inner.start), max(0, outer.stop - inner.start))
        for outer, inner in zip(slab, box, strict=True)
    )
    return (i, j, k)
