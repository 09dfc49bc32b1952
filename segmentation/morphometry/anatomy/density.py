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
    core = find_core(body, half_voxel_mm)
    if core is None:
        return np.zeros(local.shape[:-1], dtype=bool)
    half_y, middle_y = (core.front - core.back) / 2, (core.front + core.back) / 2
    inside = ((x - core.x) / core.half_width) ** 2 + ((y - middle_y) / half_y) ** 2 <= 1
    return np.asarray(inside & (z < core.top) & (z > core.bottom))


@dataclass(frozen=True)
class Core:
    """Extent of the core in a vertebra's frame, mm: its middle and half width along x, its ends along y and z."""

    x: float
    half_width: float
    back: float
    front: float
    bottom: float
    top: float


def find_core(body: Body, half_voxel_mm: Real) -> Core | None:
    """Find the extent of the core; None where the body is too small to have one."""
    margin = WALL_MM + half_voxel_mm
    back = body.back + max(margin[1], BACK_SHARE * body.depth_mm)
    front = body.front - margin[1]
    x, places = body.middle[0], (back, (front + back) / 2, front)
    half_width = body.width_mm / 2 - margin[0]
    if half_width <= 0 or front <= back:
        return None
    top = min(body.superior.height(x, y) for y in places) - margin[2]
    bottom = max(body.inferior.height(x, y) for y in places) + margin[2]
    return Core(x, half_width, back, front, bottom, top)


def half_voxels(volume: Volume, frame: Frame) -> Real:
    """Compute half the extent of a voxel along each axis of a frame, mm."""
    turned = frame.axes.T @ volume.grid.affine[:3, :3]
    return np.asarray(np.abs(turned).max(axis=1) / 2)


def _most_common_share(hu: NDArray[Any]) -> float:
    _, counts = np.unique(hu, return_counts=True)
    return float(counts.max() / hu.size)
