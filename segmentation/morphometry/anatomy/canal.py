"""The vertebral canal: the hole between body and arch, seen along the vertebra's own superior axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.morphometry.anatomy.frame import Block, Real

_SLABS_MM = (3.0, 6.0, 9.0, 13.0, 18.0, 30.0)
_LEVELS_MM = (3.0, 0.0, 6.0)  # above the middle of the body, where the pedicles leave it
_LEAST_AREA_MM2 = 60.0
_FARTHEST_MM = 12.0
_FINE = 4


@dataclass(frozen=True, eq=False)
class Canal:
    """Cross-section of the canal in a vertebra's frame.

    Attributes:
        area_mm2: Of the section.
        width_mm: Greatest transverse diameter.
        depth_mm: Sagittal diameter in the middle of the canal.
        centre: (x, y) mm, own coordinates.
        wall: y of its front in the middle: the back of the body, mm.
        back: y of its back in the middle, mm.
        edges: x of its left and right border, mm.
        slab_mm: Half the thickness of the slab whose bone closes the ring.
    """

    area_mm2: float
    width_mm: float
    depth_mm: float
    centre: tuple[float, float]
    wall: float
    back: float
    edges: tuple[float, float]
    slab_mm: float


def find_canal(block: Block) -> Canal | None:
    """Find the canal behind the body; None where no slab of the vertebra closes a ring.

    The thinnest slab around the height of the pedicles that closes it counts: a thicker one would be narrowed by the
    articular processes.
    """
    for slab in _SLABS_MM:
        for level in _LEVELS_MM:
            layers = block.between(2, level - slab, level + slab)
            canal = _hole(block.values[:, :, layers].max(axis=2), block.x, block.y, slab)
            if canal is not None:
                return canal
    return None


def _hole(cover: NDArray[np.float32], x: Real, y: Real, slab_mm: float) -> Canal | None:
    cover = ndimage.zoom(cover, _FINE, order=1, grid_mode=False)
    x = np.linspace(x[0], x[-1], cover.shape[0])
    y = np.linspace(y[0], y[-1], cover.shape[1])
    parts, count = ndimage.label(cover < 0)
    if not count:
        return None
    pixel = float((x[1] - x[0]) * (y[1] - y[0]))
    border = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    areas = np.bincount(parts.ravel()) * pixel
    areas[border] = 0
    areas[0] = 0
    for number in np.argsort(areas)[::-1][:4]:
        if areas[number] < _LEAST_AREA_MM2:
            return None
        hole = parts == number
        centre = ndimage.center_of_mass(hole)
        middle = (float(np.interp(centre[0], np.arange(len(x)), x)), float(np.interp(centre[1], np.arange(len(y)), y)))
        if abs(middle[0]) <= _FARTHEST_MM and middle[1] < 0:
            return _measured(hole, x, y, middle, float(areas[number]), slab_mm)
    return None


def _measured(
    hole: NDArray[np.bool_], x: Real, y: Real, centre: tuple[float, float], area: float, slab_mm: float
) -> Canal:
    step_x, step_y = float(x[1] - x[0]), float(y[1] - y[0])
    rows = np.flatnonzero(hole.any(axis=0))
    widths = hole[:, rows].sum(axis=0) * step_x
    width = float(widths.max())
    widest = rows[int(widths.argmax())]
    across = np.flatnonzero(hole[:, widest])
    middle = np.flatnonzero(np.abs(x - centre[0]) <= max(1.0, 0.06 * width))
    fronts, backs = [], []
    for column in middle:
        filled = np.flatnonzero(hole[column])
        if filled.size:
            fronts.append(y[filled[-1]] + step_y / 2)
            backs.append(y[filled[0]] - step_y / 2)
    front, back = float(np.mean(fronts)), float(np.mean(backs))
    edges = (float(x[across[0]] - step_x / 2), float(x[across[-1]] + step_x / 2))
    return Canal(area, width, front - back, centre, front, back, edges, slab_mm)
