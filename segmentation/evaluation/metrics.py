"""Agreement of two masks: Dice, precision, recall, Hausdorff distance and surface Dice.

All functions take (I, J, K) boolean arrays on one grid.

Definitions: Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x (Dice, precision, recall, Hausdorff);
Nikolov et al. 2021, doi:10.2196/26151 (surface Dice at a tolerance, also called NSD).

A surface is the voxels of a mask that have a face in common with the outside; what lies beyond the array is
outside. Distances run between the centres of surface voxels, in mm, and every surface voxel counts alike. So does
MONAI by default, and Dice, precision, recall, HD95 and surface Dice are its figures to rounding. DeepMind's
surface-distance (MONAI's ``use_subvoxels``) lays the surface between the voxels and weighs each piece by its area: its
surface Dice is up to a tenth higher where the tolerance is near to a voxel's edge, and the same within a hundredth
where it is a few voxels. A distance that exceeds a tolerance by less than ``ROUNDING`` counts as within it, so that
figures do not hang on the last digits of a spacing. Where the reference is empty MONAI leaves a case out (NaN) by
default (``ignore_empty=True``); this module gives 1 for nothing found where nothing was, as each function says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import bounding_box

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Voxels = NDArray[np.int32]  # (N, 3) voxel indices
Flags = NDArray[np.bool_]  # (N,)

# A share of a distance. A header holds a spacing with float32's seven digits or as a decimal string: a tolerance of
# 1 mm must hold for 1.00000002 mm too.
ROUNDING = 1e-5


def dice(prediction: Mask, reference: Mask) -> float:
    """Compute twice the common voxels over the voxels of both, 0..1; 1 if both are empty."""
    common, predicted, expected = _counts(prediction, reference)
    return 2 * common / (predicted + expected) if predicted + expected else 1.0


def precision(prediction: Mask, reference: Mask) -> float:
    """Compute the share of the prediction that is right, 0..1. Of none: 1 if the reference is empty, else NaN."""
    common, predicted, expected = _counts(prediction, reference)
    if predicted:
        return common / predicted
    return float("nan") if expected else 1.0


def recall(prediction: Mask, reference: Mask) -> float:
    """Compute the share of the reference that was found, 0..1. Of none: 1 if the prediction is empty, else NaN."""
    return precision(reference, prediction)


def volume_error_ml(prediction: Mask, reference: Mask, voxel_ml: float) -> float:
    """Compute predicted minus reference volume in millilitres; positive where too much was found."""
    _, predicted, expected = _counts(prediction, reference)
    return (predicted - expected) * voxel_ml


def hd95_mm(prediction: Mask, reference: Mask, spacing_mm: Spacing) -> float:
    """Compute the 95th-percentile Hausdorff distance in mm: the larger of the two directed 95th percentiles.

    NaN if either mask is empty.
    """
    return surface_distances(prediction, reference, spacing_mm).hd95_mm()


def surface_dice(prediction: Mask, reference: Mask, spacing_mm: Spacing, tolerance_mm: float) -> float:
    """Compute the share of both surfaces that lies within ``tolerance_mm`` of the other, 0..1.

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
        """Compute the 95th-percentile Hausdorff distance; see ``hd95_mm``."""
        if not (self.to_reference_mm.size and self.to_prediction_mm.size):
            return float("nan")
        return float(max(np.percentile(self.to_reference_mm, 95), np.percentile(self.to_prediction_mm, 95)))

    def surface_dice(self, tolerance_mm: float) -> float:
        """Compute the share within a tolerance; see ``surface_dice``."""
        both = np.concatenate([self.to_reference_mm, self.to_prediction_mm])
        return float(np.mean(_within(both, tolerance_mm))) if both.size else 1.0


def surface_distances(prediction: Mask, reference: Mask, spacing_mm: Spacing) -> SurfaceDistances:
    """Measure both ways between the surfaces of two masks; ``spacing_mm`` belongs to (i, j, k)."""
    _counts(prediction, reference)
    ours, theirs = surface_voxels(prediction), surface_voxels(reference)
    return SurfaceDistances(nearest(ours, theirs, spacing_mm)[0], nearest(theirs, ours, spacing_mm)[0])


def nearest(
    points: Voxels, targets: Voxels, spacing_mm: Spacing, within_mm: float = math.inf
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Find for each of ``points`` the nearest of ``targets``: its distance in mm, and which one it is.

    A tree of the targets, not a distance map of the scan: memory and time grow with the surfaces alone.

    Args:
        points: (N, 3) voxel indices.
        targets: (M, 3) voxel indices.
        spacing_mm: Of (i, j, k).
        within_mm: Search no farther; what lies farther counts as infinitely far.

    Returns:
        (N,) distances, infinite where there is no target; (N,) indices into ``targets``, M where there is none.
    """
    if not (len(points) and len(targets)):
        return np.full(len(points), np.inf), np.full(len(points), len(targets), dtype=np.intp)
    scale = np.asarray(spacing_mm)
    # Twice, so that what lies at the limit is found; the exact distance then decides.
    limit = within_mm * (1 + 2 * ROUNDING)
    from scipy.spatial import KDTree  # half a second to import, and a Dice needs none

    tree = KDTree(targets * scale, leafsize=32)  # a third faster than scipy's 10 on the surface of a spine
    index = np.asarray(tree.query(points * scale, distance_upper_bound=limit, workers=-1)[1])
    distance = np.full(len(points), np.inf)
    found = index < len(targets)
    # From whole voxels, so that 5 steps of 0.6 mm are 3 mm wherever they lie.
    steps = points[found] - targets[index[found]]
    distance[found] = np.sqrt(((steps * scale) ** 2).sum(axis=1))
    return distance, index


def farther(points: Voxels, targets: Voxels, spacing_mm: Spacing, than_mm: float) -> Flags:
    """Tell for each of (N, 3) ``points`` whether none of ``targets`` lies within ``than_mm``."""
    return ~_within(nearest(points, targets, spacing_mm, than_mm)[0], than_mm)


def _within(distances_mm: NDArray[np.float64], limit_mm: float) -> Flags:
    return np.asarray(distances_mm <= limit_mm * (1 + ROUNDING))


def voxels(mask: Mask) -> Voxels:
    """List the (N, 3) indices of the voxels of an (I, J, K) mask, in the order in which ``array[mask]`` lists them."""
    return np.asarray(np.argwhere(mask), dtype=np.int32)


def surface_voxels(mask: Mask) -> Voxels:
    """List the (N, 3) indices of the surface voxels of an (I, J, K) mask.

    The voxel of the mask that is nearest to any point outside of it is among them.
    """
    box = bounding_box(mask)
    if box is None:
        return np.empty((0, 3), dtype=np.int32)
    return voxels(surface(mask[box])) + np.array([part.start for part in box], dtype=np.int32)


def surface(mask: Mask) -> Mask:
    """Mark the voxels of an (I, J, K) ``mask`` with a face to the outside."""
    from scipy import ndimage

    return np.asarray(mask & ~ndimage.binary_erosion(mask))


def _counts(prediction: Mask, reference: Mask) -> tuple[int, int, int]:
    """Count voxels in common, predicted and expected."""
    if prediction.shape != reference.shape:
        raise ValueError(f"masks of shapes {prediction.shape} and {reference.shape} do not lie on one grid")
    return (
        int(np.count_nonzero(prediction & reference)),
        int(np.count_nonzero(prediction)),
        int(np.count_nonzero(reference)),
    )
