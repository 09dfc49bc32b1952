"""Where along the spine the vertebrae lie: the row of centres, one level after the other, that explains the votes best.

A centre for each heap of votes is not enough: where the mask is poor the votes of two vertebrae run together, or
those of one fall apart. Neighbours lie about one pitch apart and are neighbours in level, too, so the whole row is
sought together: of all rows along the spine's curve the one with the least cost, by dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Real = NDArray[np.float64]

CURVE_BIN_MM, CURVE_SIGMA_BINS = 5.0, 1.5
BIN_MM = 2.0
SPREAD, FARTHEST = 0.22, 0.6  # of votes from their centre, in pitches; a vote farther away costs no more
STIFFNESS = 30.0  # price of a distance's squared log ratio to the pitch
NEAREST, WIDEST = 0.5, 1.8  # neighbours lie no closer and no farther apart, in pitches
SCALES = (0.8, 0.88, 0.96, 1.04, 1.12, 1.2)  # of a patient's pitches to the expected ones
SCALE_STIFFNESS = 20.0
EVIDENCE = 0.5  # neighbouring voxels err together
FLOOR = np.log(1e-3)
BEYOND = 2  # levels above the first and below the last: skull or sacrum that the mask holds


@dataclass(frozen=True, eq=False)
class Curve:
    """The spine's course: ``points_mm`` (N, 3) from head to foot, and the length run until each, mm."""

    points_mm: Real
    length_mm: Real


def curve_through(places_mm: Real, weights: Real) -> Curve:
    """Lay a smooth curve through (N, 3) votes, from head to foot."""
    top, bottom = places_mm[:, 2].max(), places_mm[:, 2].min()
    count = max(2, int(np.ceil((top - bottom) / CURVE_BIN_MM)) + 1)
    row = np.rint((top - places_mm[:, 2]) / max(top - bottom, 1e-6) * (count - 1)).astype(int)
    sums = np.stack([np.bincount(row, weights * places_mm[:, axis], count) for axis in range(2)])
    mass = np.bincount(row, weights, count)
    smooth = [ndimage.gaussian_filter1d(part, CURVE_SIGMA_BINS, mode="nearest") for part in (*sums, mass)]
    held = smooth[2] > 1e-3 * smooth[2].max()
    heights = np.linspace(top, bottom, count)
    coarse = [np.interp(-heights, -heights[held], smooth[axis][held] / smooth[2][held]) for axis in range(2)]
    fine = np.linspace(top, bottom, max(2, int(top - bottom) + 1))
    points = np.stack([np.interp(-fine, -heights, part) for part in coarse] + [fine], axis=1)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return Curve(points, np.concatenate([[0.0], np.cumsum(steps)]))


def places_along(curve: Curve, places_mm: Real) -> Real:
    """Compute how far along the curve, from the head, each of (N, 3) places lies, mm."""
    from scipy.spatial import cKDTree

    return np.asarray(curve.length_mm[cKDTree(curve.points_mm).query(places_mm)[1]])


def row_of_centres(places: Real, weights: Real, log_levels: Real, pitches_mm: Real) -> Real:
    """Find the row of centres along the spine that explains the votes best.

    Args:
        places: (N,) of the votes along the spine, mm.
        weights: (N,) shares of a vertebra.
        log_levels: (N, L) log-probabilities of each level.
        pitches_mm: (L,) distance to the next body by level.

    Returns:
        Places of the centres from head to foot, mm; gaps in the mask may have some of their own.
    """
    ends = [0] * BEYOND, [len(pitches_mm) - 1] * BEYOND
    index = np.array([*ends[0], *range(len(pitches_mm)), *ends[1]])
    levels = EVIDENCE * np.maximum(log_levels, FLOOR)[:, index]
    best, found = np.inf, np.empty(0)
    for scale in SCALES:
        cost, row = _row(places, weights, levels, scale * pitches_mm[index])
        cost += SCALE_STIFFNESS * np.log(scale) ** 2
        if cost < best:
            best, found = cost, row
    return found


def _row(places: Real, weights: Real, levels: Real, pitches: Real) -> tuple[float, Real]:
    """Solve for one scale: cost and centres, which have consecutive levels."""
    low = places.min() - pitches.max() * FARTHEST
    count = int(np.ceil((places.max() - low + pitches.max() * FARTHEST) / BIN_MM)) + 1
    at = np.rint((places - low) / BIN_MM).astype(int)
    states = len(pitches)
    heap: Real = np.bincount(at, weights, count).astype(np.float64)
    said: Real = np.stack([np.bincount(at, weights * -levels[:, state], count) for state in range(states)])
    run: Real = np.concatenate([np.zeros((states, 1)), np.cumsum(said, axis=1)], axis=1)  # up to, not with, a bin
    best = np.full((states, count), np.inf)
    back = np.full((states, count), -1)
    for state in range(states):
        away = _distance(count, pitches[state])
        best[state] = np.convolve(heap, away)[:count] + run[state, 1:]
    after = np.empty_like(best)
    for state in range(states):
        away = _distance(count, pitches[state])
        away[0] = 0
        after[state] = np.convolve(heap[::-1], away)[:count][::-1] + run[state, -1] - run[state, 1:]
    for state in range(1, states):
        gaps, between = _between(heap, run[state - 1 : state + 1], pitches[state - 1])
        ends = np.arange(count)
        starts = ends[None, :] - gaps[:, None]
        ways = np.where(starts >= 0, best[state - 1][np.maximum(starts, 0)] + between, np.inf)
        way = ways.argmin(axis=0)
        cost = ways[way, ends]
        better = cost < best[state]
        best[state][better] = cost[better]
        back[state][better] = (ends - gaps[way])[better]
    total = best + after
    state, place = divmod(int(total.argmin()), count)
    cost, row = float(total[state, place]), [place]
    while back[state, row[-1]] >= 0:
        row.append(int(back[state, row[-1]]))
        state -= 1
    return cost, low + np.array(row[::-1]) * BIN_MM


def _between(heap: Real, run: Real, pitch: float) -> tuple[NDArray[np.int64], Real]:
    """Compute the cost of what lies between two neighbours, by their distance in bins and the lower one's bin."""
    count = len(heap)
    widest = min(count - 1, int(WIDEST * pitch / BIN_MM))
    gaps = np.arange(min(widest, max(1, round(NEAREST * pitch / BIN_MM))), widest + 1)
    away = _distance(count, pitch)
    result = np.full((len(gaps), count), np.inf)
    upper, lower = run
    for number, gap in enumerate(gaps):
        nearer = np.minimum(away[1 : gap + 1], away[:gap][::-1])
        ends = np.arange(gap, count)
        middle = ends - gap + 1 + gap // 2
        votes = np.correlate(heap[1:], nearer, "valid")
        said = upper[middle] - upper[ends - gap + 1] + lower[ends + 1] - lower[middle]
        result[number, gap:] = votes + said + STIFFNESS * np.log(gap * BIN_MM / pitch) ** 2
    return gaps, result


def _distance(count: int, pitch: float) -> Real:
    return np.asarray(np.minimum(np.arange(count) * BIN_MM / pitch, FARTHEST) ** 2 / (2 * SPREAD**2))
