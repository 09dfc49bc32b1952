"""Statistics of each label of a mask on its CT: volume, density and place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import GridMismatch
from segmentation.core.volume import LabelMap, Volume

Place = tuple[float, float, float]


@dataclass(frozen=True)
class LabelStatistics:
    """Statistics of one label.

    Attributes:
        volume_ml: Voxels times their volume.
        mean_hu, sd_hu: Mean and (population) standard deviation of the CT's values in it.
        centre_mm: Mean position of its voxels, RAS+ mm.
        low_mm, high_mm: Opposite corners of the box around its voxels' outer faces, along R, A and S, in RAS+ mm.
    """

    volume_ml: float
    mean_hu: float
    sd_hu: float
    centre_mm: Place
    low_mm: Place
    high_mm: Place


def label_statistics(label_map: LabelMap, volume: Volume) -> dict[int, LabelStatistics]:
    """Measure every label that is not 0, by its number, ascending.

    Args:
        label_map: (I, J, K) labels.
        volume: (I, J, K) HU on the same grid; values that are not a number are left out of the mean.

    Raises:
        GridMismatch: the two lie on different grids.
    """
    if not label_map.grid.matches(volume.grid):
        raise GridMismatch("grids.labels_and_ct")
    from scipy.ndimage import find_objects  # half a second to import

    boxes = find_objects(label_map.labels)
    return {n + 1: _of(n + 1, box, label_map, volume.hu) for n, box in enumerate(boxes) if box is not None}


def _of(label: int, box: tuple[slice, ...], label_map: LabelMap, hu: NDArray[np.generic]) -> LabelStatistics:
    inside = label_map.labels[box] == label
    values = hu[box][inside].astype(np.float64)
    values = values[np.isfinite(values)]
    low = np.array([side.start for side in box], dtype=np.float64)
    high = np.array([side.stop for side in box], dtype=np.float64)
    grid = label_map.grid
    centre = grid.to_mm(low + _centroid(inside))
    corners = grid.to_mm(np.array(list(product(*zip(low - 0.5, high - 0.5, strict=True)))))
    return LabelStatistics(
        volume_ml=float(np.count_nonzero(inside)) * grid.voxel_ml,
        mean_hu=float(values.mean()) if values.size else 0.0,
        sd_hu=float(values.std()) if values.size else 0.0,
        centre_mm=_place(centre),
        low_mm=_place(corners.min(axis=0)),
        high_mm=_place(corners.max(axis=0)),
    )


def _centroid(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute the mean index of what is True.

    One sum an axis: a list of all indices would be larger than the scan.
    """
    means = []
    for axis in range(3):
        counts = np.count_nonzero(inside, axis=tuple(other for other in range(3) if other != axis))
        means.append(counts @ np.arange(counts.size) / counts.sum())
    return np.array(means)


def _place(mm: NDArray[np.float64]) -> Place:
    r, a, s = (float(x) for x in mm)
    return (r, a, s)
