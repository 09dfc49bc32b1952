"""Standard uncertainties: how much the voxels, and the fit's residuals, leave open.

A surface between two voxel centres lies anywhere between them: a standard deviation of 0.29 voxels. Where a surface
is tilted against the voxels it crosses several layers of them, and the fit averages; where it is not, it does not.
``spineview measure --benchmark`` prints how many of the phantom's true values lie within two of these uncertainties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.morphometry.anatomy.body import Body
from segmentation.morphometry.anatomy.frame import Frame, Real
from segmentation.morphometry.anatomy.surface_fit import Endplate

_BETWEEN_VOXELS = 0.29  # 1 / sqrt(12)
_MODEL_MM = 0.1
_LEVER = 0.35  # of the depth: how far apart the halves of an endplate pull its tilt


@dataclass(frozen=True)
class Precision:
    """Standard uncertainties of one vertebra.

    Attributes:
        endplate_mm: Of the height of one endplate.
        tilt_deg: Of the tilt of one endplate.
        across_mm, along_mm: Of a diameter along the vertebra's right and anterior axis.
        upward_mm: Of a diameter along its superior axis that is no endplate.
    """

    endplate_mm: float
    tilt_deg: float
    across_mm: float
    along_mm: float
    upward_mm: float


def precision_of(grid: Grid, frame: Frame, body: Body) -> Precision:
    """Estimate the uncertainties of what was measured of ``body`` in ``frame`` on voxels of ``grid``."""
    residual = max(body.superior.residual_mm, body.inferior.residual_mm)
    points = min(body.superior.points, body.inferior.points)
    return _precision(grid, frame.axes, min(body.depth_mm, body.width_mm), residual, points)


def endplate_precision(grid: Grid, frame: Frame, fit: Endplate, depth_mm: float) -> Precision:
    """Estimate the uncertainties of a single endplate, such as that of the sacrum."""
    return _precision(grid, frame.axes, depth_mm, fit.residual_mm, fit.points)


def _precision(grid: Grid, axes: Real, size_mm: float, residual_mm: float, points: int) -> Precision:
    right, anterior, superior = (axes[:, column] for column in range(3))
    voxel = voxel_along(grid, superior)
    layers = 1 + size_mm * _slope(grid, superior) / voxel
    endplate = float(np.hypot(_BETWEEN_VOXELS * voxel / layers, residual_mm / np.sqrt(points / 10)))
    endplate = float(np.hypot(endplate, _MODEL_MM))
    tilt = float(np.degrees(endplate / (_LEVER * size_mm)))
    spread = [float(np.hypot(_MODEL_MM, _BETWEEN_VOXELS * voxel_along(grid, axis))) for axis in (right, anterior)]
    upward = float(np.hypot(_MODEL_MM, _BETWEEN_VOXELS * voxel))
    return Precision(endplate, tilt, 1.2 * spread[0], 1.2 * spread[1], 1.2 * upward)


def voxel_along(grid: Grid, direction: Real) -> float:
    """Length of a voxel along a (3,) unit vector, mm: the extent of its edges, by the square root of squares."""
    return float(np.linalg.norm(direction @ grid.affine[:3, :3]))


def _slope(grid: Grid, direction: Real) -> float:
    """Sine of the angle between a (3,) unit vector and the nearest axis of the grid."""
    axes = grid.affine[:3, :3] / np.array(grid.spacing_mm)
    return float(np.sqrt(max(0.0, 1 - float(np.abs(direction @ axes).max()) ** 2)))
