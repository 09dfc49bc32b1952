"""Other explanations of the same points: the sides exchanged, a neighbour touched instead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import InputError
from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS, label_of
from segmentation.core.volume import LabelMap
from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField, distance_field
from segmentation.registration.refine import (
    TUKEY,
    Fits,
    Landmarks,
    refine,
    residuals,
    starting,
    tukey_cost,
)
from segmentation.registration.search import Level

Array = NDArray[np.float64]

_REACH = 1  # levels above and below
_LEAST_VOXELS = 200


def neighbours(label_map: LabelMap, label: int) -> dict[int, DistanceField]:
    """Measure the vertebrae next to a label, one above and one below, as far as they are in the map."""
    name = label_of(label).name
    if name not in HEAD_TO_FOOT:
        return {}
    place = HEAD_TO_FOOT.index(name)
    present = [n for n in HEAD_TO_FOOT if NUMBERS[n] in label_map.present or n == name]
    place = present.index(name)
    near = [n for n in present[max(0, place - _REACH) : place + _REACH + 1] if n not in (name, "sacrum", "coccyx")]
    result = {}
    for other in near:
        try:
            result[NUMBERS[other]] = distance_field(label_map, NUMBERS[other], finest_mm=1.0, coarsest_mm=1.2)
        except InputError:  # a few voxels at the border
            continue
    return result


def onto(level: Level, other: DistanceField) -> Array:
    """Find the (B, 4, 4) motions that lay one vertebra onto another."""
    points = level.surface_mm[:: max(1, len(level.surface_mm) // 150)]
    there = other.grid.to_mm(np.asarray(np.argwhere(other.distance[::4, ::4, ::4] < 0) * 4.0, dtype=np.float64))
    middle = points.mean(axis=0)
    shift = (there.mean(axis=0) if len(there) else middle) - middle
    turns = rigid.from_vector(np.array([[0, 0, 0], *(np.eye(3) * 0.35), *(np.eye(3) * -0.35)]))
    starts = rigid.about(turns, np.broadcast_to(middle, (len(turns), 3)), np.broadcast_to(shift, (len(turns), 3)))
    fits = refine(other, points, starting(starts), (14, 12, 10, 8, 6, 5), sd_mm=0.1)
    costs = tukey_cost(residuals(other, points, fits) / 5).sum(axis=1)
    return np.asarray(fits.motions[np.argsort(costs)[:2]])


def cost_of(field: DistanceField, points: Array, starts: Array, sd_mm: float, landmarks: Landmarks | None) -> float:
    """Give the least cost that points reach on a surface from starts and from places around them.

    Costs are negative log-likelihoods of a noise of ``sd_mm``: a difference of 5 is a hundred to one.
    """
    middle = rigid.apply(starts, points).mean(axis=1)
    turns = rigid.near_rotations(12, 25.0)
    random = np.random.default_rng(0)
    shifts = random.uniform(-6, 6, (len(turns), 3))
    shifts[0] = 0
    motions = np.concatenate(
        [rigid.about(turns, np.broadcast_to(m, shifts.shape), shifts) @ s for s, m in zip(starts, middle, strict=True)]
    )
    fits = refine(field, points, starting(motions), (7, 6, 5, 4), sd_mm=1.0, landmarks=landmarks)
    costs = tukey_cost(residuals(field, points, fits) / 3).sum(axis=1)
    fits = fits[np.argsort(costs)[:5]]
    fits = refine(field, points, fits, (3.0, 2.5) + (TUKEY * sd_mm,) * 5, sd_mm=sd_mm, landmarks=landmarks)
    return float(costs_of(field, points, fits, sd_mm, landmarks).min())


def costs_of(field: DistanceField, points: Array, fits: Fits, sd_mm: float, landmarks: Landmarks | None) -> Array:
    """Give (B,) negative log-likelihoods: Tukey's for the points, squares for soft tissue and landmarks."""
    total = TUKEY**2 / 6 * tukey_cost(residuals(field, points, fits) / (TUKEY * sd_mm)).sum(axis=1)
    total = total + fits.offsets**2 / (2 * 0.6**2)
    if landmarks is not None:
        away = rigid.apply(fits.motions, landmarks.tracker_mm) - landmarks.image_mm
        total = total + np.minimum((away**2).sum(axis=2) / (2 * landmarks.sd_mm**2), 30).sum(axis=1)
    return np.asarray(total)


def mirrored_starts(level: Level, fit: Fits) -> Array:
    """Give the (1, 4, 4) improper motion that puts the points on the other side of the same vertebra."""
    return np.asarray((level.frame.mirror @ fit.motions[0])[None])
