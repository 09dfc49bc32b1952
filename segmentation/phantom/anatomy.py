"""Anatomy of the phantom: how large each vertebra is, and where it stands.

Sizes are round numbers of the order of adult anatomy (as measured by Panjabi et al., Spine 1991 and 1992),
interpolated between the levels named in the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS
from segmentation.phantom.spec import PhantomSpec, Vector, rotation

# level: body height, width, depth, disc below, canal width, canal depth; mm
_TABLE: dict[str, tuple[float, ...]] = {
    "C3": (14, 20, 16, 5.0, 24, 15),
    "C7": (15, 25, 17, 5.0, 25, 15),
    "T1": (17, 28, 18, 4.5, 21, 16),
    "T6": (20, 29, 25, 4.5, 17, 16),
    "T12": (24, 38, 30, 6.5, 21, 17),
    "L1": (25.5, 41, 32, 8.0, 22, 17),
    "L3": (27, 44, 34, 10.0, 23, 17),
    "L5": (27, 49, 35, 11.0, 26, 18),
    "L6": (27, 49, 35, 11.0, 26, 18),
}
# Lean of each sacral segment against the last lumbar level, degrees, and its body's height, width and depth, mm.
_SACRAL: tuple[tuple[float, Vector], ...] = (
    (14.0, (29.0, 50.0, 33.0)),
    (2.0, (25.0, 40.0, 24.0)),
    (-10.0, (22.0, 32.0, 18.0)),
)
_WHOLE_SACRAL: tuple[tuple[float, Vector], ...] = (
    (33.0, (27.0, 50.0, 30.0)),
    (53.0, (25.0, 35.0, 16.0)),
    (46.0, (21.0, 28.0, 12.0)),
    (20.0, (18.0, 23.0, 9.0)),
    (-14.0, (15.0, 18.0, 7.0)),
)


@dataclass(frozen=True, eq=False)
class Vertebra:
    """Size and place of one vertebra.

    Attributes:
        name, number: ``"L3"``, 22.
        centre_mm: (3,) centre of the body, RAS+ mm.
        axes: (3, 3) unit columns: the vertebra's own right, anterior, superior, in RAS+.
        tilt_deg: Lean of the superior axis towards anterior.
        height_mm, width_mm, depth_mm: Of the body, each through its centre.
        disc_mm: Height of the disc below, at its middle.
        canal_width_mm, canal_depth_mm: Of the spinal canal.
    """

    name: str
    number: int
    centre_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    tilt_deg: float
    height_mm: float
    width_mm: float
    depth_mm: float
    disc_mm: float
    canal_width_mm: float
    canal_depth_mm: float

    @property
    def region(self) -> str:
        """``"C"``, ``"T"`` or ``"L"``."""
        return self.name[0]

    @property
    def canal_centre_mm(self) -> NDArray[np.float64]:
        """(3,) middle of the canal at the height of the body's centre."""
        return self.to_mm((0.0, -(self.depth_mm + self.canal_depth_mm) / 2, 0.0))

    def to_mm(self, point: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert (..., 3) own coordinates (right, anterior, superior of the body's centre) to RAS+ mm."""
        return np.asarray(point) @ self.axes.T + self.centre_mm


def place(spec: PhantomSpec) -> list[Vertebra]:
    """Stand the vertebrae on each other from head to foot, their middle at the origin."""
    sizes = [_size(name) for name in spec.levels]
    tilts = _tilts(spec)
    centres = [np.zeros(3)]
    for (upper, lower), (above, below) in zip(pairwise(sizes), pairwise(tilts), strict=True):
        disc = _superior((above + below) / 2) * upper[3]
        centres.append(centres[-1] - _superior(above) * upper[0] / 2 - disc - _superior(below) * lower[0] / 2)
    middle = (centres[0] + centres[-1]) / 2
    return [
        Vertebra(name, NUMBERS[name], centre - middle, _frame(tilt), tilt, *size)
        for name, centre, tilt, size in zip(spec.levels, centres, tilts, sizes, strict=True)
    ]


def sacral_segments(last: Vertebra, lifelike: bool = False) -> list[Vertebra]:
    """Shape S1 to S3, fused: each smaller than the one above and turned back, so that the front is hollow.

    If ``lifelike``, S1 is steeper, and S4 and S5 follow.
    """
    segments: list[Vertebra] = []
    above, disc = last, last.disc_mm
    for lean, (height, width, depth) in _WHOLE_SACRAL if lifelike else _SACRAL:
        tilt = last.tilt_deg + lean
        joint = _superior((above.tilt_deg + tilt) / 2) * disc
        centre = above.centre_mm - above.axes[:, 2] * above.height_mm / 2 - joint - _superior(tilt) * height / 2
        above = Vertebra("sacrum", NUMBERS["sacrum"], centre, _frame(tilt), tilt, height, width, depth, 0.0, 26.0, 14.0)
        segments.append(above)
        disc = -2.0
    return segments


def _size(name: str) -> tuple[float, ...]:
    like = "T12" if name == "T13" else name
    places = [HEAD_TO_FOOT.index(known) for known in _TABLE]
    columns = np.array(list(_TABLE.values())).T
    return tuple(float(np.interp(HEAD_TO_FOOT.index(like), places, column)) for column in columns)


def _tilts(spec: PhantomSpec) -> list[float]:
    """Compute the lean of each level: lordosis in the lumbar spine, kyphosis in the thoracic, lordosis in the neck."""
    lumbar = sum(name[0] == "L" for name in spec.levels)
    steps = {"L": spec.lordosis_deg / max(1, lumbar - 1), "T": -spec.kyphosis_deg / 11, "C": 3.0}
    tilts = [0.0]
    for upper, lower in pairwise(spec.levels):
        tilts.append(tilts[-1] + (steps[upper[0]] if upper[0] == lower[0] else 0.0))
    upright = [t for t, name in zip(tilts, spec.levels, strict=True) if name[0] == "L" or not lumbar]
    return [t - (max(upright) + min(upright)) / 2 for t in tilts]


def _frame(tilt_deg: float) -> NDArray[np.float64]:
    # Superior leans to anterior: a negative turn about the axis that points right.
    return rotation((-tilt_deg, 0.0, 0.0))


def _superior(tilt_deg: float) -> NDArray[np.float64]:
    return np.asarray(_frame(tilt_deg)[:, 2])
