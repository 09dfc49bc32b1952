"""Trabecular bone of the vertebral body in Hounsfield units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.hounsfield import METAL_HU
from segmentation.core.volume import Volume
from segmentation.morphometry.anatomy.body import Body
from segmentation.morphometry.anatomy.frame import Bone, Frame, Real

WALL_MM = 4.0
"""Distance of the core from the walls and endplates of the body: cortical bone and its partial volume lie outside."""

BACK_SHARE = 0.2
"""Share of the depth, from the back, that is left out: the basivertebral veins enter there."""

LEAST_VOXELS = 40
_METAL_SHARE = 0.002
_CLIPPED_SHARE = 0.2
_CORRELATED_VOXELS = 4.0  # neighbours in a reconstructed CT are not independent


@dataclass(frozen=True)
class Density:
    """HU of the core: mean, standard deviation, number of voxels, and the standard error of the mean."""

    mean_hu: float
    sd_hu: float
    voxels: int
    error_hu: float
    reason: str = ""


def core_density(volume: Volume, bone: Bone, frame: Frame, body: Body) -> Density:
    """Measure the CT's own voxels, not interpolated, whose centres lie in the core.

    The core is an elliptical cylinder along the body's superior axis, ``WALL_MM`` and half a voxel from the walls and
    from both endplates, without the hindmost ``BACK_SHARE`` of the depth.
    """
    values = volume.hu[bone.box]
    local = frame.to_local(
        volume.grid.cropped(bone.box).to_mm(np.moveaxis(np.indices(values.shape, dtype=np.float64), 0, -1))
    )
    inside = in_core(local, body, half_voxels(volume, frame))
    hu = values[inside].astype(np.float64)
    if hu.size < LEAST_VOXELS:
        return Density(np.nan, np.nan, int(hu.size), np.nan, "core_too_small")
    if np.mean(hu > 0.6 * METAL_HU) > _METAL_SHARE:
        return Density(np.nan, np.nan, int(hu.size), np.nan, "metal")
    if _most_common_share(hu) > _CLIPPED_SHARE:
        return Density(np.nan, np.nan, int(hu.size), np.nan, "clipped_values")
    deviation = float(hu.std(ddof=1))
    return Density(float(hu.mean()), deviation, int(hu.size), deviation / np.sqrt(hu.size / _CORRELATED_VOXELS))


def in_core(local: Real, body: Body, half_voxel_mm: Real) -> NDArray[np.bool_]:
    """Tell which (..., 3) points of a vertebra's frame lie in the core of its body."""
    x, y, z = np.moveaxis(local, -1, 0)
    margin = WALL_MM + half_voxel_mm
    back = body.back + max(margin[1], BACK_SHARE * body.depth_mm)
    front = body.front - margin[1]
    middle_x, middle_y = body.middle[0], (front + back) / 2
    half_x, half_y = body.width_mm / 2 - margin[0], (front - back) / 2
    if half_x <= 0 or half_y <= 0:
        return np.zeros(local.shape[:-1], dtype=bool)
    inside = ((x - middle_x) / half_x) ** 2 + ((y - middle_y) / half_y) ** 2 <= 1
    top = min(body.superior.height(middle_x, y_) for y_ in (back, middle_y, front)) - margin[2]
    bottom = max(body.inferior.height(middle_x, y_) for y_ in (back, middle_y, front)) + margin[2]
    return np.asarray(inside & (z < top) & (z > bottom))


def half_voxels(volume: Volume, frame: Frame) -> Real:
    """Compute half the extent of a voxel along each axis of a frame, mm."""
    turned = frame.axes.T @ volume.grid.affine[:3, :3]
    return np.asarray(np.abs(turned).max(axis=1) / 2)


def _most_common_share(hu: NDArray[Any]) -> float:
    _, counts = np.unique(hu, return_counts=True)
    return float(counts.max() / hu.size)
