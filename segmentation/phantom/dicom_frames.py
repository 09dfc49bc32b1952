"""Cut a volume into the planes that a scanner would send, upright or with a tilted gantry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.geometry import RAS_TO_LPS
from segmentation.core.hounsfield import AIR_HU
from segmentation.core.volume import Volume


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice: its picture and its place.

    Attributes:
        k: Its number in the volume.
        hu: (rows, columns) HU.
        position_mm: Centre of the first pixel, LPS.
        row_axis, column_axis: Unit vectors along a row and down a column, LPS.
        spacing_mm: Between rows, between columns.
    """

    k: int
    hu: NDArray[np.float64]
    position_mm: NDArray[np.float64]
    row_axis: NDArray[np.float64]
    column_axis: NDArray[np.float64]
    spacing_mm: tuple[float, float]


def planes(volume: Volume, tilt_deg: float = 0.0) -> list[Plane]:
    """Cut one plane a slice k; with a tilt each is turned about its row axis, through its own first row."""
    grid = volume.grid
    si, sj, _ = grid.spacing_mm
    axes = grid.affine[:3, :3] / np.array(grid.spacing_mm)
    angle = math.radians(tilt_deg)
    column = math.cos(angle) * axes[:, 1] + math.sin(angle) * axes[:, 2]
    result = []
    for k in range(grid.shape[2]):
        origin = grid.to_mm(np.array([0.0, 0.0, float(k)]))
        hu = _cut(volume, origin, axes[:, 0] * si, column * sj) if tilt_deg else volume.hu[:, :, k].T
        result.append(
            Plane(
                k,
                np.asarray(hu, np.float64),
                origin * RAS_TO_LPS,
                axes[:, 0] * RAS_TO_LPS,
                column * RAS_TO_LPS,
                (sj, si),
            )
        )
    return result


def _cut(
    volume: Volume, origin: NDArray[np.float64], along_row: NDArray[np.float64], down: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sample (rows, columns) values on a plane through the volume, linearly interpolated; air outside."""
    columns, rows = volume.grid.shape[:2]
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    points = origin + i[..., None] * along_row + j[..., None] * down
    index = volume.grid.to_index(points)
    values = ndimage.map_coordinates(
        volume.hu.astype(np.float32), index.reshape(-1, 3).T, order=1, mode="constant", cval=AIR_HU
    )
    return np.asarray(np.rint(values.reshape(rows, columns)), dtype=np.float64)
