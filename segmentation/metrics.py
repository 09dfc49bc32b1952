"""How well one mask agrees with another. Every function takes (I, J, K) boolean arrays on one grid.

Definitions: Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x (Dice, precision, recall, Hausdorff);
Nikolov et al. 2021, doi:10.2196/26151 (surface Dice at a tolerance, also called NSD).

A surface is the voxels of a mask that have a face in common with the outside; what lies beyond the array is
outside. Distances run between the centres of surface voxels, in mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.labels import SPINE_NUMBERS
from segmentation.volume import LabelMap

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Box = tuple[slice, slice, slice]


def spine_voxels(label_map: LabelMap) -> Mask:
    """(I, J, K) True where there is a vertebra: label 1 of a spine map, C1-L6 and T13 of a vertebra map."""
    if label_map.kind == "spine":
        return np.asarray(label_map.labels == 1)
    is_spine = np.zeros(256, dtype=bool)
    is_spine[list(SPINE_NUMBERS)] = True
    return np.asarray(is_spine[label_map.labels])


def dice(prediction: Mask, reference: Mask) -> float:
    """Twice the common voxels over the voxels of both, 0..1; 1 if both are empty."""
    common, predicted, expected = _counts(prediction, reference)
    return 2 * common / (predicted + expected) if predicted + expected else 1.0


def precision(prediction: Mask, reference: Mask) -> float:
    """Share of the prediction that is right, 0..1. Of nothing predicted: 1 if nothing was there, else NaN."""
    common, predicted, expected = _counts(prediction, reference)
    if predicted:
        return common / predicted
    return float("nan") if expected else 1.0


def recall(prediction: Mask, reference: Mask) -> float:
    """Share of the reference that was found, 0..1. Of nothing to find: 1 if nothing was found, else NaN."""
    return precision(reference, prediction)


def volume_error_ml(prediction: Mask, reference: Mask, voxel_ml: float) -> float:
    """Predicted minus reference volume in millilitres; positive where too much was found."""
    _, predicted, expected = _counts(prediction, reference)
    return (predicted - expected) * voxel_ml


def hd95_mm(prediction: Mask, reference: Mask, spacing_mm: Spacing) -> float:
    """95th-percentile Hausdorff distance in mm: the larger of the two directed 95th percentiles.

    NaN if either mask is empty.
    """
    return surface_distances(prediction, reference, spacing_mm).hd95_mm()


def surface_dice(prediction: Mask, reference: Mask, spacing_mm: Spacing, tolerance_mm: float) -> float:
    """Share of both surfaces that lies within ``tolerance_mm`` of the other, 0..1.

    1 if both masks are empty, 0 if one is.
    """
    return surface_distances(prediction, reference, spacing_mm).surface_dice(tolerance_mm)


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances between two surfaces, measured once for every figure that needs them.

    Attributes:
        to_reference_mm: (P,) from each surface voxel of the prediction to the reference's surface.
        to_prediction_mm: (R,) from each surface voxel of the reference to the prediction's surface.
            Both hold infinity where the other mask is empty.
    """

    to_reference_mm: NDArray[np.float64]
    to_prediction_mm: NDArray[np.float64]

    def hd95_mm(self) -> float:
        """See :func:`hd95_mm`."""
        if not (self.to_reference_mm.size and self.to_prediction_mm.size):
            return float("nan")
        return float(max(np.percentile(self.to_reference_mm, 95), np.percentile(self.to_prediction_mm, 95)))

    def surface_dice(self, tolerance_mm: float) -> float:
        """See :func:`surface_dice`."""
        both = np.concatenate([self.to_reference_mm, self.to_prediction_mm])
        return float(np.mean(both <= tolerance_mm)) if both.size else 1.0


def surface_distances(prediction: Mask, reference: Mask, spacing_mm: Spacing) -> SurfaceDistances:
    """Measure both ways between the surfaces of two masks; ``spacing_mm`` belongs to (i, j, k)."""
    _counts(prediction, reference)
    # Both surfaces lie inside the box of both masks, so nothing outside it can change a distance.
    box = bounding_box(prediction | reference)
    if box is None:
        return SurfaceDistances(np.empty(0), np.empty(0))
    ours, theirs = surface(prediction[box]), surface(reference[box])
    return SurfaceDistances(
        distance_to_mm(theirs, spacing_mm)[ours],
        distance_to_mm(ours, spacing_mm)[theirs],
    )


def far_false_positives_ml(
    prediction: Mask, reference: Mask, spacing_mm: Spacing, voxel_ml: float, farther_than_mm: float = 10.0
) -> float:
    """Volume predicted farther than ``farther_than_mm`` from any voxel of the reference, in millilitres."""
    _counts(prediction, reference)
    box = bounding_box(prediction | reference)
    if box is None:
        return 0.0
    far = distance_to_mm(reference[box], spacing_mm)[prediction[box]] > farther_than_mm
    return float(np.count_nonzero(far)) * voxel_ml


def surface(mask: Mask) -> Mask:
    """(I, J, K) voxels of ``mask`` with a face to the outside."""
    return np.asarray(mask & ~ndimage.binary_erosion(mask))


def distance_to_mm(mask: Mask, spacing_mm: Spacing) -> NDArray[np.float64]:
    """(I, J, K) mm from each voxel centre to the nearest of ``mask``; infinity if it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing_mm))


def bounding_box(mask: Mask) -> Box | None:
    """The smallest slices that hold every voxel of a (I, J, K) mask; None if it is empty."""
    bounds: list[slice] = []
    for axes in ((1, 2), (0, 2), (0, 1)):
        filled = np.flatnonzero(mask.any(axis=axes))
        if not filled.size:
            return None
        bounds.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return (bounds[0], bounds[1], bounds[2])


def _counts(prediction: Mask, reference: Mask) -> tuple[int, int, int]:
    """Voxels in common, predicted, expected."""
    if prediction.shape != reference.shape:
        raise ValueError(f"masks of shapes {prediction.shape} and {reference.shape} do not lie on one grid")
    return (
        int(np.count_nonzero(prediction & reference)),
        int(np.count_nonzero(prediction)),
        int(np.count_nonzero(reference)),
    )
