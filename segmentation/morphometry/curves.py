"""Curves of the spine: Cobb angles in the coronal plane, kyphosis, lordosis and sacral slope in the sagittal plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from segmentation.core.labels import HEAD_TO_FOOT
from segmentation.morphometry.anatomy.frame import Real
from segmentation.morphometry.results import CoronalCurve, SagittalAngle, known, unknown
from segmentation.morphometry.segments import Plate

LEAST_COBB_DEG = 5.0
"""Curves below it are not listed: healthy spines and patients who lie crookedly show them."""

SCOLIOSIS_DEG = 10.0
"""From here on a curve is called scoliosis (Scoliosis Research Society)."""

Plates = Mapping[str, tuple[Plate, Plate]]
"""Superior and inferior endplate of each vertebra, by name, from head to foot."""


def coronal_tilt(normal: Real) -> float:
    """Tilt of an endplate in the patient's coronal plane, degrees; positive where its right side is lower."""
    return float(np.degrees(np.arctan2(normal[0], normal[2])))


def sagittal_tilt(normal: Real) -> float:
    """Tilt of an endplate in the patient's sagittal plane, degrees; positive where its front is lower."""
    return float(np.degrees(np.arctan2(normal[1], normal[2])))


def coronal_curves(plates: Plates) -> list[CoronalCurve]:
    """Find every curve of the spine: between two vertebrae whose tilt to one side and to the other is greatest.

    End vertebrae are turning points of the tilt from head to foot that differ by ``LEAST_COBB_DEG`` or more; the angle
    is Cobb's (1948), between the upper endplate of the upper and the lower endplate of the lower one.
    """
    names = list(plates)
    if len(names) < 3:
        return []
    tilts = np.array([[coronal_tilt(plate.normal) for plate in plates[name]] for name in names])
    turns = turning_points(tilts.mean(axis=1), LEAST_COBB_DEG)
    return [_curve(plates, names, tilts, first, last) for first, last in pairwise(turns)]


def turning_points(values: Real, least: float) -> list[int]:
    """Find the places of alternating maxima and minima of (N,) values that differ by at least ``least``."""
    high = low = 0
    found: list[int] = []
    rising: bool | None = None
    for place in range(1, len(values)):
        if values[place] > values[high]:
            high = place
        if values[place] < values[low]:
            low = place
        if rising is None and values[high] - values[low] >= least:
            rising = high > low
            found.append(low if rising else high)
        elif rising and values[high] - values[place] >= least:
            found.append(high)
            rising, low = False, place
        elif rising is False and values[place] - values[low] >= least:
            found.append(low)
            rising, high = True, place
        if rising:
            low = place if values[place] >= values[high] else low
        elif rising is False:
            high = place if values[place] <= values[low] else high
    if rising is not None:
        found.append(high if rising else low)
    return found


def _curve(plates: Plates, names: Sequence[str], tilts: Real, first: int, last: int) -> CoronalCurve:
    sign = 1.0 if tilts[last].mean() > tilts[first].mean() else -1.0
    best = (first, last)
    for upper in range(max(0, first - 1), min(len(names) - 2, first + 1) + 1):
        for lower in range(max(upper + 1, last - 1), min(len(names) - 1, last + 1) + 1):
            if sign * (tilts[lower, 1] - tilts[upper, 0]) > sign * (tilts[best[1], 1] - tilts[best[0], 0]) + 0.05:
                best = (upper, lower)
    upper, lower = best
    top, bottom = plates[names[upper]][0], plates[names[lower]][1]
    angle = float(abs(tilts[lower, 1] - tilts[upper, 0]))
    apex, shift, side = _apex(plates, names[upper : lower + 1])
    return CoronalCurve(
        names[upper],
        names[lower],
        apex,
        side,
        known(angle, float(np.hypot(top.error_deg, bottom.error_deg))),
        known(shift, 0.5),
        angle >= SCOLIOSIS_DEG,
        (top.line("coronal"), bottom.line("coronal")),
    )


def _apex(plates: Plates, names: Sequence[str]) -> tuple[str, float, str]:
    """Find the vertebra or disc farthest from the line between the ends, its distance, and the side it lies on."""
    places, labels = [], []
    for number, name in enumerate(names):
        superior, inferior = plates[name]
        places.append((superior.middle + inferior.middle) / 2)
        labels.append(name)
        if number + 1 < len(names):
            below = plates[names[number + 1]][0]
            places.append((inferior.middle + below.middle) / 2)
            labels.append(f"{name}/{names[number + 1]}")
    flat = np.array(places)[:, [0, 2]]
    along = flat[-1] - flat[0]
    along /= np.linalg.norm(along)
    offset = flat - flat[0]
    shift = -(offset[:, 0] * along[1] - offset[:, 1] * along[0])  # along points down: the patient's right is positive
    vertebrae = np.array(["/" not in label for label in labels])
    size = np.abs(shift) + np.where(vertebrae, 0.2, 0.0)  # a disc only where it is clearly the farthest
    place = int(size.argmax())
    return labels[place], float(abs(shift[place])), "right" if shift[place] > 0 else "left"


def sagittal_angles(plates: Plates, sacral: Plate | None) -> list[SagittalAngle]:
    """Measure lordosis and kyphosis between the usual levels, and the sacral slope.

    Lumbar lordosis: L1 superior to S1 (and to the lowest lumbar endplate); thoracic kyphosis: T4 superior to T12
    inferior (and from T1); cervical lordosis: C3 inferior to C7 inferior, as C2 has no superior endplate to fit.
    """
    lumbar = [name for name in plates if name[0] == "L"]
    last_thoracic = "T13" if "T13" in plates else "T12"
    found = []
    if sacral is not None:
        found.append(_angle("lumbar_lordosis", _plate(plates, "L1", 0), sacral, "L1 superior", "S1 superior"))
    if lumbar:
        lowest = max(lumbar, key=HEAD_TO_FOOT.index)
        found.append(_angle("lumbar_lordosis", _plate(plates, "L1", 0), _plate(plates, lowest, 1), "L1 superior",
                            f"{lowest} inferior"))  # fmt: skip
    if any(name[0] == "T" for name in plates):
        for upper in ("T4", "T1"):
            found.append(_angle("thoracic_kyphosis", _plate(plates, upper, 0), _plate(plates, last_thoracic, 1),
                                f"{upper} superior", f"{last_thoracic} inferior"))  # fmt: skip
    if any(name[0] == "C" for name in plates):
        found.append(_angle("cervical_lordosis", _plate(plates, "C3", 1), _plate(plates, "C7", 1), "C3 inferior",
                            "C7 inferior"))  # fmt: skip
    if sacral is not None:
        slope = known(sagittal_tilt(sacral.normal), sacral.error_deg)
        found.append(SagittalAngle("sacral_slope", "S1 superior", "transverse plane", slope,
                                   (sacral.line("sagittal"),)))  # fmt: skip
    return found


def _plate(plates: Plates, name: str, which: int) -> Plate | None:
    return plates[name][which] if name in plates else None


def _angle(name: str, upper: Plate | None, lower: Plate | None, upper_name: str, lower_name: str) -> SagittalAngle:
    if upper is None or lower is None:
        return SagittalAngle(name, upper_name, lower_name, unknown("level_missing"))
    difference = sagittal_tilt(lower.normal) - sagittal_tilt(upper.normal)
    if name == "thoracic_kyphosis":
        difference = -difference
    value = known(difference, float(np.hypot(upper.error_deg, lower.error_deg)))
    return SagittalAngle(name, upper_name, lower_name, value, (upper.line("sagittal"), lower.line("sagittal")))
