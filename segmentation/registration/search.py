"""Search for the place of points on a vertebra: from everywhere, or from where landmarks put them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.volume import LabelMap
from segmentation.registration import rigid
from segmentation.registration.coarse import CoarseField
from segmentation.registration.distance_field import DistanceField, distance_field
from segmentation.registration.frame import VertebraFrame, spine_direction, vertebra_frame
from segmentation.registration.refine import (
    TUKEY,
    Fits,
    Landmarks,
    refine,
    residuals,
    robust_sd,
    starting,
    tukey_cost,
)

Array = NDArray[np.float64]

_ALL_ROTATIONS = rigid.spread_rotations(2200)  # about 17 degrees apart
_NEAR_ROTATIONS = rigid.near_rotations(150, 40.0)
_PLACES = 100  # on the posterior surface, where a point amid the others may lie
_FEW, _SOME = 32, 60  # points that the rough steps look at
_SCREENED, _ROUGH, _REFINED = 8000, 300, 40  # starts that are kept from step to step
_NEAR_MM = 30.0  # at the targets, from a start that is 10 degrees and 10 mm off
_SAME_MM = 1.5  # fits nearer than this to each other at the body are one


@dataclass(frozen=True, eq=False)
class Level:
    """A vertebra to register to.

    Attributes:
        label: VerSe number.
        field: Its surface.
        frame: Its axes.
        surface_mm, normals: (N, 3) points all over the surface, about 1.5 mm apart, and their normals.
        reachable: (N,) whether a probe from behind can touch the point.
        coarse: The field for rough fits.
    """

    label: int
    field: DistanceField
    frame: VertebraFrame
    surface_mm: Array
    normals: Array
    reachable: NDArray[np.bool_]
    coarse: CoarseField

    @property
    def targets_mm(self) -> Array:
        """(3, 3) places where errors are stated: middle of the body, ends of a right and a left screw."""
        own = self.frame.to_own(self.frame.body_mm)
        return self.frame.to_mm(own + np.array([[0.0, 0, 0], [8, 6, 0], [-8, 6, 0]]))


def prepare_level(label_map: LabelMap, label: int) -> Level:
    """Measure what registration needs of one vertebra.

    Raises:
        InputError: the label is absent.
    """
    field = distance_field(label_map, label)
    frame = vertebra_frame(field, spine_direction(label_map, label))
    points, normals = field.surface_points(2)
    reachable = _reachable(field, frame, points, normals)
    return Level(label, field, frame, points, normals, reachable, CoarseField(field, points, reachable))


def _reachable(field: DistanceField, frame: VertebraFrame, points: Array, normals: Array) -> NDArray[np.bool_]:
    """Mark the surface behind the middle of the canal from which a straight way leads out backwards."""
    own = frame.to_own(points)
    result = (own[:, 1] < 2.0) & ((normals @ frame.axes)[:, 1] < 0.5)
    ways = np.array([[0.0, -1, 0], [0.6, -0.8, 0], [-0.6, -0.8, 0], [0, -0.8, 0.6], [0, -0.8, -0.6]]) @ frame.axes.T
    free = np.zeros(len(points), dtype=bool)
    for way in ways:
        open_way = normals @ way > -0.2
        for length in (2.0, 4.0, 7.0, 11.0, 16.0, 22.0):
            open_way &= field.distances(points + normals * 0.7 + way * length) > 0
        free |= open_way
    return result & free


def search(level: Level, points: Array, landmarks: Landmarks | None = None, start: Array | None = None) -> Fits:
    """Fit points to a vertebra from many starts: around what is known, and from everywhere where that gives no fit.

    Args:
        level: The vertebra.
        points: (N, 3) tracker mm.
        landmarks: Pairs; they give starts and hold the fit, softly.
        start: (4, 4) a motion known before, such as an earlier registration.

    Returns:
        Fits that differ from each other, best first; at least one.
    """
    random = np.random.default_rng(0)
    few = points[random.permutation(len(points))[:_FEW]]
    some = points[random.permutation(len(points))[:_SOME]]
    known = [] if start is None else [start]
    if landmarks is not None:
        known.append(rigid.paired_fit(landmarks.tracker_mm, landmarks.image_mm))
    fits = None
    if known:
        starts = np.concatenate([_around(points, motion) for motion in known])
        fits = converge(level, points, _refined(level, few, some, starts, behind=False), landmarks)
        fits = _near_first(level, fits, known)
        if _is_convincing(level, points, fits):
            return fits
    # Where a probe is expected to touch, then, if no place there is convincing, anywhere.
    for behind in (True, False):
        found = _refined(level, few, some, _everywhere(level, points, few, behind), behind)
        fits = converge(level, points, found if fits is None else fits + found, landmarks)
        if _is_convincing(level, points, fits):
            break
    assert fits is not None
    return fits


def _refined(level: Level, few: Array, some: Array, starts: Array, behind: bool) -> Fits:
    """Take rough steps from all starts and better ones from what is left after each choice."""
    coarse = level.coarse
    for width in (9.0, 7.0):
        starts = coarse.step(starts, few, width)
    starts = starts[coarse.cheapest(starts, few, 5.0, 1500, behind)]
    for width in (6.0, 5.0):
        starts = coarse.step(starts, some, width)
    fits = starting(starts[coarse.cheapest(starts, some, 4.0, _ROUGH, behind)])
    fits = refine(level.field, some, fits, (6, 5, 4, 4), sd_mm=1.0)
    return _best(level, some, fits, 3.0, _REFINED)


def _near_first(level: Level, fits: Fits, known: list[Array]) -> Fits:
    """Put fits near to what is known before others, which stay as alternatives that the verdict looks at."""
    away = np.full(len(fits), np.inf)
    for motion in known:
        there = rigid.apply(rigid.inverse(motion), level.targets_mm)
        shift = np.linalg.norm(rigid.apply(fits.motions, there) - level.targets_mm, axis=-1).max(axis=1)
        away = np.minimum(away, shift)
    return fits[np.argsort(away > _NEAR_MM, kind="stable")]


def _is_convincing(level: Level, points: Array, fits: Fits) -> bool:
    """Tell whether most points lie on the surface so closely that no better place is to be expected."""
    error = residuals(level.field, points, fits[:1])
    near = np.abs(error) < 2.5
    return bool(near.mean() > 0.6 and robust_sd(error)[0] < 1.2)


def converge(level: Level, points: Array, fits: Fits, landmarks: Landmarks | None = None) -> Fits:
    """Refine fits until the noise of the points alone decides, and merge those that became one; best first."""
    fits = refine(level.field, points, fits, (6, 5, 4, 4), landmarks=landmarks)
    fits = _best(level, points, fits, 3.0, 8, landmarks)
    for _ in range(3):
        width = TUKEY * float(robust_sd(residuals(level.field, points, fits[:1]))[0])
        width = max(width, 1.0)
        fits = refine(level.field, points, fits, (width,) * 3, sd_mm=width / TUKEY, landmarks=landmarks)
        fits = _best(level, points, fits, width, 8, landmarks)
    return fits


def _everywhere(level: Level, points: Array, few: Array, behind: bool) -> Array:
    """Give the (B, 4, 4) most promising starts with any rotation, a point amid the others at any place (behind)."""
    back = level.surface_mm[level.reachable] if behind else level.surface_mm
    back = back if len(back) >= _PLACES else level.surface_mm
    places = back[_farthest(back, _PLACES)]
    anchor = points[np.argmin(np.linalg.norm(points - np.median(points, axis=0), axis=1))]
    turn, place = level.coarse.screen(_ALL_ROTATIONS, anchor, places, few, 6.0, _SCREENED, behind)
    turns = _ALL_ROTATIONS[turn]
    return rigid.compose(turns, places[place] - turns @ anchor)


def _around(points: Array, first: Array) -> Array:
    """Give starts around a motion: turned by up to 40 degrees and shifted by up to 15 mm about the points' middle."""
    random = np.random.default_rng(0)
    turns = np.tile(_NEAR_ROTATIONS, (4, 1, 1))
    shifts = random.uniform(-15, 15, (len(turns), 3))
    shifts[: len(_NEAR_ROTATIONS)] *= 0.3
    shifts[0] = 0
    middle = np.median(rigid.apply(first, points), axis=0)
    return rigid.about(turns, np.broadcast_to(middle, shifts.shape), shifts) @ first


def _farthest(points: Array, count: int) -> NDArray[np.intp]:
    """Choose points far from each other, one after the other."""
    chosen = [int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    away = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(away)))
    return np.array(chosen)


def _best(
    level: Level, points: Array, fits: Fits, width: float, count: int, landmarks: Landmarks | None = None
) -> Fits:
    """Keep the ``count`` best fits that differ from each other at the targets."""
    costs = TUKEY**2 / 6 * tukey_cost(residuals(level.field, points, fits) / width).sum(axis=1)
    if landmarks is not None:
        away = rigid.apply(fits.motions, landmarks.tracker_mm) - landmarks.image_mm
        costs = costs + np.minimum((away**2).sum(axis=2) / (2 * landmarks.sd_mm**2), 30).sum(axis=1)
    places = rigid.apply(
        fits.motions, rigid.apply(rigid.inverse(fits.motions[np.argmin(costs)][None])[0], level.targets_mm)
    )
    kept: list[int] = []
    for number in np.argsort(costs):
        if all(np.abs(places[number] - places[other]).max() > _SAME_MM for other in kept):
            kept.append(int(number))
        if len(kept) == count:
            break
    return fits[np.array(kept)]
