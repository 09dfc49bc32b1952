"""The upper endplate of the sacrum, found below the lowest lumbar vertebra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.morphometry.anatomy.frame import Bone, Frame, Real, first_exit, sample_block
from segmentation.morphometry.anatomy.shape import Shape
from segmentation.morphometry.anatomy.surface_fit import Endplate, Outline, fit_endplate

_REACH_MM = ((-30.0, 30.0), (-34.0, 34.0), (-22.0, 30.0))
_BELOW_MM = 5.0
_ROUNDS = 5


@dataclass(frozen=True, eq=False)
class SacralEndplate:
    """The endplate of S1 in a frame of its own, whose superior axis is at right angles to it.

    Attributes:
        frame: Origin in the middle of the endplate.
        superior: The fit, in that frame.
        front, back: y of its ends in the median plane, mm.
    """

    frame: Frame
    superior: Endplate
    front: float
    back: float

    @property
    def depth_mm(self) -> float:
        """Sagittal diameter, mm."""
        return self.front - self.back


def find_sacral_endplate(sacrum: Bone, above: Shape) -> SacralEndplate | None:
    """Find the endplate under ``above``; None where the sacrum does not lie there."""
    if above.body is None:
        return None
    body, x, y = above.body, *above.body.middle
    frame = Frame.of(
        above.frame.to_mm((x, y, body.inferior.height(x, y) - 8.0)),
        above.frame.axes @ body.inferior.normal,
        above.frame.axes[:, 1],
    )
    found: SacralEndplate | None = None
    for _ in range(_ROUNDS):
        found = _endplate(sacrum, frame, body.width_mm, body.depth_mm)
        if found is None:
            return None
        tilt = np.degrees(np.arccos(np.clip(found.superior.normal[2], -1, 1)))
        if tilt < 0.1:
            break
        middle = (found.front + found.back) / 2
        frame = Frame.of(
            frame.to_mm((0.0, middle, found.superior.height(0.0, middle))),
            frame.axes @ found.superior.normal,
            frame.axes[:, 1],
        )
    return found


def _endplate(sacrum: Bone, frame: Frame, width: float, depth: float) -> SacralEndplate | None:
    block = sample_block(sacrum, frame, _REACH_MM, step_mm=1.0)
    # From above downwards, the first entry into bone is the exit of what is not bone.
    tops = first_exit(-block.values[:, :, ::-1], block.z[::-1], 0)
    ends = _median_ends(tops, block.x, block.y, depth)
    if ends is None:
        return None
    back, front = ends
    middle, across, along = (front + back) / 2, 0.36 * width, max(0.3 * depth, (front - back) / 2 - 3.0)
    x, y = np.meshgrid(block.x, block.y, indexing="ij")
    inside = (x / across) ** 2 + ((y - middle) / along) ** 2 <= 1
    fit = fit_endplate(x[inside], y[inside], tops[inside], Outline(0.0, back, front, width))
    return None if fit is None else SacralEndplate(frame, fit, front, back)


def _median_ends(tops: Real, x: Real, y: Real, depth: float) -> tuple[float, float] | None:
    """Find where the upper surface begins and ends in the median plane, as far as it is about even."""
    band = np.abs(x) <= 4.0
    known = np.isfinite(tops[band])
    profile: NDArray[np.float64] = np.full(len(y), np.nan)
    some = known.any(axis=0)
    profile[some] = np.nanmedian(tops[band][:, some], axis=0)
    start = int(np.argmin(np.abs(y)))
    if not np.isfinite(profile[start]):
        return None
    level = float(np.nanmedian(profile[np.abs(y) <= 0.3 * depth]))
    even = np.isfinite(profile) & (np.abs(profile - level) < np.maximum(4.0, 0.6 * np.abs(y)))
    parts, _ = ndimage.label(even)
    if not parts[start]:
        return None
    places = np.flatnonzero(parts == parts[start])
    half = float(y[1] - y[0]) / 2
    back, front = float(y[places[0]] - half), float(y[places[-1]] + half)
    if front - back < 0.5 * depth:
        return None
    limit = 0.65 * depth
    return max(back, -limit), min(front, limit)
