"""The vertebral body in its own frame: outline at mid-height, endplates, heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.morphometry.anatomy.canal import Canal
from segmentation.morphometry.anatomy.frame import Block, Real, first_exit
from segmentation.morphometry.anatomy.surface_fit import Endplate, Outline, fit_endplate

_RIM_MM = 3.0  # rounded rims and osteophytes are no part of an endplate
_RIM_SHARE = 0.18  # of half the diameter, at most
_WAIST_MM = 2.5  # half the thickness of the slab in which width and depth are taken


@dataclass(frozen=True, eq=False)
class Body:
    """Measures of a body in a frame whose superior axis is about at right angles to it.

    Attributes:
        depth_mm, width_mm: At mid-height: sagittal diameter in the middle; greatest transverse one of the front half.
        front, back: y of the front and the back wall in the middle, mm.
        left, right: x of the walls, mm.
        superior, inferior: Its endplates.
    """

    depth_mm: float
    width_mm: float
    front: float
    back: float
    left: float
    right: float
    superior: Endplate
    inferior: Endplate

    @property
    def middle(self) -> tuple[float, float]:
        """(x, y) half-way between the walls, mm."""
        return ((self.left + self.right) / 2, (self.front + self.back) / 2)

    def height_at(self, y: float) -> float:
        """Distance between the endplates in the median plane at ``y``, mm."""
        x = self.middle[0]
        return self.superior.height(x, y) - self.inferior.height(x, y)


def find_body(block: Block, canal: Canal | None) -> Body | None:
    """Measure the body, which lies in front of the canal; None where its walls or endplates are not found."""
    waist = block.values[:, :, block.between(2, -_WAIST_MM, _WAIST_MM)].mean(axis=2)
    walls = _walls(waist, block, canal)
    if walls is None:
        return None
    back, front, left, right = walls
    depth, width = front - back, right - left
    if not (6 < depth < 70 and 6 < width < 90):
        return None
    outline = Outline((left + right) / 2, back, front, width)
    superior, inferior = (_endplate(block, outline, upwards) for upwards in (True, False))
    if superior is None or inferior is None:
        return None
    return Body(depth, width, front, back, left, right, superior, inferior)


def _walls(waist: NDArray[np.float32], block: Block, canal: Canal | None) -> tuple[float, float, float, float] | None:
    """Find back, front, left and right of the body at mid-height."""
    median = block.between(0, -3.0, 3.0)
    start = int(np.searchsorted(block.y, 0.0))
    front = _mean(first_exit(waist[median], block.y, start))
    back = _mean(first_exit(waist[median, ::-1], block.y[::-1], len(block.y) - 1 - start))
    if canal is not None and not np.isfinite(back):
        back = canal.wall
    if not (np.isfinite(front) and np.isfinite(back)):
        return None
    sides = _sides(waist, block, (front + back) / 2, front - back)
    return None if sides is None else (back, front, *sides)


def _sides(waist: NDArray[np.float32], block: Block, centre: float, depth: float) -> tuple[float, float] | None:
    """Find left and right of the body in its front half, without transverse processes."""
    rows = block.between(1, centre, centre + 0.25 * depth)
    start = int(np.searchsorted(block.x, 0.0))
    rights = first_exit(waist[:, rows].T, block.x, start)
    lefts = first_exit(waist[::-1, rows].T, block.x[::-1], len(block.x) - 1 - start)
    widths = rights - lefts
    if not np.isfinite(widths).any():
        return None
    widest = int(np.nanargmax(widths))
    low, high = _thick_part(waist, block, centre, 0.3 * depth)
    return max(float(lefts[widest]), low - 1.0), min(float(rights[widest]), high + 1.0)


def _thick_part(waist: NDArray[np.float32], block: Block, centre: float, radius: float) -> tuple[float, float]:
    """Find where the bone at mid-height ends to the left and right once all that is thinner than a disc is gone."""
    step = float(block.x[1] - block.x[0])
    deep = ndimage.distance_transform_edt(waist > 0, sampling=step) > radius
    parts, _ = ndimage.label(deep)
    here = parts[int(np.argmin(np.abs(block.x))), int(np.argmin(np.abs(block.y - centre)))]
    if not here:
        return float(block.x[0]), float(block.x[-1])
    columns = np.flatnonzero((parts == here).any(axis=1))
    return float(block.x[columns[0]]) - radius, float(block.x[columns[-1]]) + radius


def _endplate(block: Block, outline: Outline, upwards: bool) -> Endplate | None:
    """Fit the surface above or below the middle of the body, its rim left out."""
    across, along = _inner(outline.width / 2), _inner(outline.depth / 2)
    x, y = np.meshgrid(block.x, block.y, indexing="ij")
    middle = (outline.front + outline.back) / 2
    inside = ((x - outline.x) / across) ** 2 + ((y - middle) / along) ** 2 <= 1
    profiles = block.values[inside]
    start = int(np.argmin(np.abs(block.z)))
    if upwards:
        z = first_exit(profiles, block.z, start)
    else:
        z = first_exit(profiles[:, ::-1], block.z[::-1], len(block.z) - 1 - start)
    return fit_endplate(x[inside], y[inside], z, outline)


def _inner(half: float) -> float:
    return half - min(_RIM_MM, _RIM_SHARE * half)


def _mean(values: Real) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
