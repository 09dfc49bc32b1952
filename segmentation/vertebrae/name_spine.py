"""Name a spine: votes to vertebrae, vertebrae to a row of names, names to voxels, with a confidence for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import labelled_boxes
from segmentation.core.geometry import Grid
from segmentation.core.labels import NUMBERS, SACRUM
from segmentation.vertebrae.assign import assign_voxels, sacrum_voxels
from segmentation.vertebrae.confidence import vertebra_confidence
from segmentation.vertebrae.fields import LEVELS, Fields
from segmentation.vertebrae.landmarks import (
    LEAST_SACRUM_ML,
    SACRAL_SHARE,
    Landmarks,
    find_landmarks,
    may_be_skull,
    sacral_odds,
    sacral_shares,
    skull_odds,
)
from segmentation.vertebrae.named_spine import Alternative, NamedSpine, NamedVertebra
from segmentation.vertebrae.sequence import EVIDENCE, Path, name_row, shared
from segmentation.vertebrae.votes import APART_MM, Instance, find_instances

SURE_PROBABILITY = 0.9
NAMINGS = 4
# Distances between neighbours by those expected of their levels, relative to the row's median: of 34 held-out views
# that were said to be sure, four wrong ones and one right one were outside (docs/experiments.md).
EVEN = (0.65, 1.4)
MOST_SACRAL = 2  # instances at the lower end that may be the sacrum's


def nothing_named(shape: tuple[int, ...]) -> NamedSpine:
    """Return the result for a scan without spine."""
    return NamedSpine(np.zeros(shape, np.uint8), (), False, "nothing")


def name_spine(mask: NDArray[np.bool_], grid: Grid, fields: Fields, unlike_training: bool = False) -> NamedSpine:
    """Name the vertebrae of a spine mask.

    Args:
        mask: (I, J, K) on ``grid``.
        grid: Of the scan.
        fields: The network's answers around the mask.
        unlike_training: The scan is of a kind that the network was not trained for: nothing is sure then.
    """
    everything = find_instances(fields)
    if not everything:
        return nothing_named(mask.shape)
    shares = sacral_shares(fields, everything)
    rows = _rows(fields, everything, shares)
    paths = shared([path for row in rows for path in row.paths])
    best = paths[0]
    row = next(row for row in rows if any(path.score == best.score for path in row.paths))
    sure, reason = judge(paths, row.marks, row.instances)
    if sure and shares[row.end - 1] > SACRAL_SHARE:
        sure, reason = False, "close_call"  # the last one may be the sacrum's top
    if unlike_training:
        sure, reason = False, "unlike_training"
    centres = np.array([one.centre_mm for one in everything])
    numbers = (*[0] * row.start, *best.numbers, *[SACRUM] * (len(everything) - row.end))
    labels = assign_voxels(mask, grid, fields, centres, numbers)
    sacrum = sacrum_voxels(grid, fields, mask)
    if not row.marks.sacrum:
        sacrum[:] = False
    labels[sacrum] = SACRUM
    vertebrae = _described(labels, grid, row.instances, best, sure, reason)
    others = tuple(Alternative(path.numbers, path.probability) for path in paths[1:] if path.probability >= 0.005)
    return NamedSpine(labels, vertebrae, sure, reason, others)


@dataclass(frozen=True, eq=False)
class _Row:
    """Namings of the instances from ``start`` up to ``end``, as if those before were skull base, those after sacrum."""

    start: int
    end: int
    instances: Sequence[Instance]
    marks: Landmarks
    paths: Sequence[Path]


def _rows(fields: Fields, everything: Sequence[Instance], shares: NDArray[np.float64]) -> list[_Row]:
    """Name the instances: all, and without those at the ends that may be skull base or sacrum."""
    rows = []
    for start in range(1 + may_be_skull(everything)):
        most = min(MOST_SACRAL, len(everything) - start - 1)
        rows += [_row(fields, everything, shares, start, len(everything) - below) for below in range(most + 1)]
    return rows


def _row(fields: Fields, everything: Sequence[Instance], shares: NDArray[np.float64], start: int, end: int) -> _Row:
    """Name the instances from ``start`` to ``end``, as if those before were skull base and those after sacrum."""
    instances, skull, sacral = everything[start:end], everything[:start], everything[end:]
    marks = find_landmarks(fields, instances, bool(skull), any(one.volume_ml > LEAST_SACRUM_ML for one in sacral))
    odds = sum(sacral_odds(float(share)) for share in shares[end:]) + sum(skull_odds(one) for one in skull)
    # the weight of a vertebra more or less must not depend on how many there are
    bonus = odds + sum(float(EVIDENCE * one.log_levels.max()) for one in (*skull, *sacral))
    paths = [replace(path, score=path.score + bonus) for path in namings(instances, marks)]
    return _Row(start, end, instances, marks, paths)


def namings(instances: Sequence[Instance], marks: Landmarks) -> list[Path]:
    """Find the likeliest namings of vertebrae from head to foot."""
    steps = [float(below.slot - above.slot) for above, below in pairwise(instances)]
    log_levels = np.stack([one.log_levels for one in instances])
    seen = (marks.sacrum, marks.goes_on_below, marks.goes_on_above)
    return name_row(log_levels, steps, *seen, NAMINGS, marks.ribs, marks.skull)


def judge(paths: Sequence[Path], marks: Landmarks, instances: Sequence[Instance]) -> tuple[bool, str]:
    """Tell whether the first naming may be relied on, and the code of what it rests on or lacks."""
    landmark = landmark_of(paths[0].numbers, marks)
    if landmark is None:
        return False, "no_landmark"
    if paths[0].probability < SURE_PROBABILITY:
        return False, "close_call"
    if marks.skull or uneven(instances, paths[0].numbers):
        return False, "mask_doubtful"
    return True, landmark


def uneven(instances: Sequence[Instance], numbers: Sequence[int]) -> bool:
    """Tell whether a vertebra is missing within the row, or two lie much closer or farther apart than the others.

    Then two may have been taken for one, or one for two, and all names beyond are wrong, whatever the landmark.
    """
    if any(below.slot - above.slot != 1 for above, below in pairwise(instances)):
        return True
    ways = [float(np.linalg.norm(below.centre_mm - above.centre_mm)) for above, below in pairwise(instances)]
    expected = [APART_MM[min(19 if number == NUMBERS["T13"] else number, LEVELS[-1]) - 1] for number in numbers[:-1]]
    if not ways:
        return False
    ratios = np.array(ways) / expected
    low, high = EVEN
    middle = float(np.median(ratios))
    return bool(ratios.min() < low * middle or ratios.max() > high * middle)


def landmark_of(numbers: Sequence[int], marks: Landmarks) -> str | None:
    """Return the landmark in view that agrees with a naming; None where there is none, or where one disagrees."""
    ribbed = [number for number, rib in zip(numbers, marks.ribs, strict=True) if rib]
    if marks.sacrum:
        return "sacrum" if numbers[-1] in (23, 24, 25) else None
    if marks.dens:
        return "dens" if numbers[0] in (1, 2) else None
    bare_below = [n for n, rib in zip(numbers, marks.ribs, strict=True) if not rib and n >= 20]
    if len(bare_below) >= 2 and len(ribbed) >= 2 and ribbed[-1] in (18, 19, 28):
        return "ribs"
    return None


def _described(
    labels: NDArray[np.uint8], grid: Grid, instances: Sequence[Instance], path: Path, sure: bool, reason: str
) -> tuple[NamedVertebra, ...]:
    boxes = dict(labelled_boxes(labels))
    found = []
    for instance, number in zip(instances, path.numbers, strict=True):
        box = boxes.get(number)
        if box is None:
            continue
        here = labels[box] == number
        voxels = np.argwhere(here)
        first = np.array([side.start for side in box])
        centroid = grid.to_mm(voxels.mean(axis=0) + first)
        volume_ml = len(voxels) * grid.voxel_ml
        cut = any(side.start == 0 or side.stop == n for side, n in zip(box, labels.shape, strict=True))
        level, reasons = vertebra_confidence(instance, number, volume_ml, cut, path.probability, sure, reason)
        found.append(
            NamedVertebra(
                number, level, reasons, _place(centroid), _place(instance.centre_mm), volume_ml, cut, path.probability
            )
        )
    return tuple(found)


def _place(mm: NDArray[np.float64]) -> tuple[float, float, float]:
    r, a, s = (float(value) for value in mm)
    return (r, a, s)
