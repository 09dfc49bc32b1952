"""Breach check of a screw: how far its surface leaves the vertebra, where, and the grade of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.planning.screw import Screw
from segmentation.registration.distance_field import DistanceField
from segmentation.registration.frame import VertebraFrame

Array = NDArray[np.float64]

_STEP_MM = 0.5
_AROUND = 32
_TOLERANCE_MM = 0.1  # of the surface of a label map; smaller breaches are not told from none
_GRADES = ((0.0, "A"), (2.0, "B"), (4.0, "C"), (6.0, "D"))


@dataclass(frozen=True, eq=False)
class Check:
    """Result for one screw.

    Attributes:
        screw: What was checked.
        breach_mm: How far the screw's surface leaves the bone at most; 0 where it does not.
        grade: Gertzbein-Robbins: A none, B under 2 mm, C under 4, D under 6, E 6 mm or more.
        direction: Where to, at the worst place: medial, lateral, superior, inferior, anterior; empty without breach.
        into_canal_mm: How far it reaches into the canal.
        positions_mm: (N,) distances from the entry along the axis.
        clearance_mm: (N,) bone between the screw's surface and the outside there; negative outside.
        from_mm: Where on the axis the check begins: behind, every screw leaves the bone.
        touched: Other vertebrae that the screw enters.
        hu: Mean HU within the screw's core along the path; None without a CT.
    """

    screw: Screw
    breach_mm: float
    grade: str
    direction: str
    into_canal_mm: float
    positions_mm: Array
    clearance_mm: Array
    from_mm: float
    touched: list[str]
    hu: float | None = None

    @property
    def least_clearance_mm(self) -> float:
        """Least clearance from one diameter after the beginning of the check; before, the entry is what is near."""
        counted = self.positions_mm >= min(self.from_mm + self.screw.diameter_mm, self.positions_mm[-1]) - 1e-6
        return float(self.clearance_mm[counted].min())

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            **self.screw.to_json(),
            "grade": self.grade,
            "breach_mm": round(self.breach_mm, 2),
            "direction": self.direction,
            "canal_breach_mm": round(self.into_canal_mm, 2),
            "least_clearance_mm": round(self.least_clearance_mm, 2),
            "checked_from_mm": round(self.from_mm, 2),
            "position_mm": np.round(self.positions_mm, 2).tolist(),
            "clearance_mm": np.round(self.clearance_mm, 2).tolist(),
            "other_vertebrae": self.touched,
            "hu_mean": None if self.hu is None else round(self.hu, 1),
        }


def grade_of(breach_mm: float) -> str:
    """Give the grade of Gertzbein and Robbins 1990 (doi:10.1097/00007632-199001000-00004)."""
    return next((grade for limit, grade in _GRADES if breach_mm <= 0 or breach_mm < limit), "E") if breach_mm else "A"


def check_screw(screw: Screw, field: DistanceField, frame: VertebraFrame, label_map: LabelMap | None = None) -> Check:
    """Measure how a screw lies in its vertebra.

    The screw is a cylinder with a flat end. Its mantle and its end are sampled every 0.5 mm; a sample's distance to
    the surface of the vertebra, which has the canal on its outside, too, is the breach there. The check begins where
    the whole circumference is in bone, at most one diameter behind where the axis enters it, and in any case beside the
    middle of the canal: what passes there outside of bone goes through the canal or past the pedicle.
    """
    positions, rings = cylinder(screw)
    distance = field.distances(rings)
    centre = field.distances(screw.entry_mm + positions[:, None] * screw.direction)
    first = _first(positions, distance, centre, screw.diameter_mm)
    if frame.canal_radius_mm > 0:
        beside = frame.to_own(screw.entry_mm + positions[:, None] * screw.direction)[:, 1] > 0
        first = min(first, float(positions[int(np.argmax(beside))])) if beside.any() else first
    cap = _end(screw)
    end = field.distances(cap)
    clearance = -distance.max(axis=1)
    clearance[-1] = min(clearance[-1], -float(end.max()))
    counted = rings[positions >= first - 1e-6].reshape(-1, 3)
    samples = np.vstack([counted, cap])
    outside = np.concatenate([distance[positions >= first - 1e-6].ravel(), end])
    worst = int(np.argmax(outside))
    breach = float(outside[worst])
    breach = breach if breach > _TOLERANCE_MM else 0.0
    return Check(
        screw=screw,
        breach_mm=breach,
        grade=grade_of(breach),
        direction=_direction(frame, screw, samples[worst], field) if breach else "",
        into_canal_mm=_into_canal(frame, samples, outside) if breach else 0.0,
        positions_mm=positions,
        clearance_mm=clearance,
        from_mm=first,
        touched=[] if label_map is None else _touched(label_map, screw.label, samples),
    )


def cylinder(screw: Screw) -> tuple[Array, Array]:
    """Sample the mantle: (N,) distances from the entry and (N, 32, 3) places, RAS+ mm."""
    count = max(2, int(np.ceil(screw.length_mm / _STEP_MM)) + 1)
    positions = np.linspace(0, screw.length_mm, count)
    across = _circle(screw.direction) * screw.diameter_mm / 2
    places = screw.entry_mm + positions[:, None, None] * screw.direction + across[None]
    return positions, places


def _circle(direction: Array) -> Array:
    other = np.eye(3)[np.argmin(np.abs(direction))]
    one = np.cross(direction, other)
    one /= np.linalg.norm(one)
    two = np.cross(direction, one)
    angle = np.arange(_AROUND) * 2 * np.pi / _AROUND
    return np.asarray(np.cos(angle)[:, None] * one + np.sin(angle)[:, None] * two)


def _end(screw: Screw) -> Array:
    """Sample the flat end: its middle, and circles of half and whole radius."""
    circle = _circle(screw.direction) * screw.diameter_mm / 2
    return np.vstack([screw.tip_mm, screw.tip_mm + circle / 2, screw.tip_mm + circle])


def _first(positions: Array, distance: Array, centre: Array, diameter: float) -> float:
    """Find where the check begins: see ``check_screw``."""
    entered = np.flatnonzero(centre < 0)
    if not len(entered):
        return 0.0  # the axis is never in bone: all of it is breach
    start = positions[entered[0]]
    whole = np.flatnonzero((distance.max(axis=1) < 0) & (positions >= start))
    first = positions[whole[0]] if len(whole) else start + diameter
    return float(min(first, start + diameter, positions[-1]))


def _direction(frame: VertebraFrame, screw: Screw, place: Array, field: DistanceField) -> str:
    """Name the way from the bone to the worst place: by the surface's normal there, in the vertebra's own axes."""
    normal = field.sample(place)[1] @ frame.axes
    side = 1.0 if screw.side == "right" else -1.0
    names = {
        "lateral": normal[0] * side,
        "medial": -normal[0] * side,
        "anterior": normal[1],
        "posterior": -normal[1],
        "superior": normal[2],
        "inferior": -normal[2],
    }
    return max(names, key=lambda name: float(names[name]))


def _into_canal(frame: VertebraFrame, samples: Array, outside: Array) -> float:
    """Give the greatest breach among samples within the circle of the canal."""
    own = frame.to_own(samples)
    inside = np.hypot(own[:, 0], own[:, 1]) < frame.canal_radius_mm + 2.0
    return max(0.0, float(outside[inside].max())) if inside.any() else 0.0


def _touched(label_map: LabelMap, label: int, samples: Array) -> list[str]:
    index = np.rint(label_map.grid.to_index(samples)).astype(int)
    inside = ((index >= 0) & (index < np.array(label_map.grid.shape))).all(axis=1)
    numbers = np.unique(label_map.labels[tuple(index[inside].T)])
    return [label_of(int(n)).name for n in numbers if n not in (0, label)]
