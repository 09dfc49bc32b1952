"""Partial volume: where between two voxel centres a bone's surface lies, read from the CT's values.

A label map knows only which voxels belong to a bone, so that its surface may lie anywhere between the last voxel inside
and the first outside. The values of these two say how full each is. The label map decides, the CT refines: a surface
never leaves the gap between the two centres.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_LEAST_CONTRAST_HU = 25.0
_LEAST_WEIGHT = 0.02  # of a Gaussian's sum: fewer voxels near are none
_NEAR_VOXELS = 1.0
_NOISE_FACTOR = 1.5

Field = NDArray[np.float32]


def refine_distance(
    distance: Field, mask: NDArray[np.bool_], free: NDArray[np.bool_], hu: NDArray[Any], scale_mm: float
) -> Field:
    """Move the zero of a signed distance to where the CT says that the surface is.

    Args:
        distance: (I, J, K) mm, positive inside, zero half-way between voxels in and out.
        mask: (I, J, K) the bone.
        free: (I, J, K) voxels that belong to no bone.
        hu: (I, J, K) Hounsfield units.
        scale_mm: What the distance of a full voxel beside the surface becomes.

    Returns:
        (I, J, K); only voxels beside the surface differ.
    """
    cross = ndimage.generate_binary_structure(3, 1)
    inner = ndimage.binary_erosion(mask, cross)
    outside = ~mask
    edge_inside, edge_outside = mask & ~inner, outside & ndimage.binary_dilation(mask, cross)
    outer = ndimage.binary_erosion(outside, cross, border_value=1) & ndimage.binary_erosion(free | mask, cross)
    values = np.clip(hu, -300, 1600).astype(np.float32)
    if not inner.any() or not outer.any():
        return distance
    bone_hu, noise = _local_mean(values, inner)
    dense_hu, _ = _local_mean(values, edge_inside)  # brighter than the inside where a dense shell lies in these voxels
    soft_hu, _ = _local_mean(values, outer)
    contrast = np.maximum(bone_hu, dense_hu) - soft_hu
    share = np.clip((values - soft_hu) / np.maximum(contrast, 1.0), 0, 1)
    trust = 1 / (1 + (_NOISE_FACTOR * noise / np.maximum(contrast, 1.0)) ** 2)
    trust = np.where(contrast > _LEAST_CONTRAST_HU, trust, 0)
    filled = np.where(mask, np.maximum(share, 0.5), np.minimum(share, 0.5))
    # Inside and outside on one scale: with distances, which differ beside a step, the zero would move.
    # A voxel filled by f ends at f - 1/2 beyond its centre; these values put a linear interpolation's zero there.
    share = np.where(mask, (filled - 0.5) / (1.5 - filled), (filled - 0.5) / (0.5 + filled))
    refined = trust * scale_mm * share + (1 - trust) * distance
    return np.asarray(np.where(edge_inside | edge_outside, refined, distance), dtype=np.float32)


def _local_mean(values: Field, where: NDArray[np.bool_]) -> tuple[Field, float]:
    """Average the voxels near each voxel, where there are none all of them; give the noise between neighbours, too."""
    every = np.float32(np.median(values[where]))
    weight = ndimage.gaussian_filter(where.astype(np.float32), _NEAR_VOXELS)
    total = ndimage.gaussian_filter(np.where(where, values, 0), _NEAR_VOXELS)
    mean = (total + _LEAST_WEIGHT * every) / (weight + _LEAST_WEIGHT)
    noise = 1.4826 * float(np.median(np.abs(values - mean)[where]))
    return np.asarray(mean, dtype=np.float32), noise
