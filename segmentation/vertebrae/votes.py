"""Vertebrae as the places that many voxels point to: each votes for the centre of its own vertebra's body.

As in Hough voting by offsets (Ballard 1981; for instances Neven et al. 2019, doi:10.1109/CVPR.2019.00904).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.vertebrae.fields import SACRAL, VERTEBRA, Fields

CELL_MM = 2.0  # of the histogram of votes
SIGMA_MM = 2.8
PEAK_RADIUS_MM = 5.0
SPLIT_OF_PITCH, LEAST_OF_HALF, FEWEST_TO_SPLIT = 0.7, 0.4, 20
LEAST_SHARE = 0.3  # of a voxel that is mask
NEAR_MM = 22.0  # a vote farther from every centre belongs to none
LEAST_ML = 0.7  # a sliver at the scan's border
LEAST_OF_EXPECTED = 0.16
CLOSEST_OF_PITCH = 0.55
SMALL_OF_EXPECTED, CLOSEST_IF_SMALL = 0.45, 0.75
ROUNDS = 4
# Distance from one body's centre to the next and volume with processes, by level C1 to L6: of the label maps.
PITCH_MM = np.interp(np.arange(1, 26), [1, 3, 7, 8, 12, 19, 22, 25], [16, 16, 17, 19, 22, 29, 34, 35])
VOLUME_ML = np.interp(np.arange(1, 26), [1, 2, 3, 7, 8, 12, 19, 22, 25], [12, 13, 8, 12, 16, 20, 42, 62, 60])


@dataclass(frozen=True, eq=False)
class Instance:
    """One vertebra found.

    Attributes:
        centre_mm: (3,) of its body, RAS mm.
        volume_ml: Of the mask that voted for it.
        spread_mm: Root mean square distance of the votes from the centre.
        log_levels: (25,) mean log-probability of each level.
    """

    centre_mm: NDArray[np.float64]
    volume_ml: float
    spread_mm: float
    log_levels: NDArray[np.float64]

    @property
    def expected_level(self) -> float:
        """Mean position along the levels, from 0 (C1)."""
        return float(_expected_levels(self.log_levels[None])[0])


@dataclass(frozen=True, eq=False)
class Votes:
    """Voxels of the mask that vote: their places, weights, votes (mm) and log-probabilities of levels."""

    at: NDArray[np.int64]
    share: NDArray[np.float64]
    vote_mm: NDArray[np.float64]
    levels: NDArray[np.float64]


def votes_of(fields: Fields) -> Votes:
    """Collect the votes of the mask's voxels that are not sacrum."""
    here = (fields.mask >= LEAST_SHARE) & (fields.tissue[VERTEBRA] >= fields.tissue[SACRAL])
    at = np.argwhere(here)
    vote = fields.grid.to_mm(at.astype(np.float64)) + fields.offset_mm[:, here].T
    return Votes(at, fields.mask[here].astype(np.float64), vote, fields.levels[:, here].T.astype(np.float64))


def find_instances(fields: Fields) -> list[Instance]:
    """Find the vertebrae of a mask, from head to foot; none of an empty mask."""
    votes = votes_of(fields)
    if not len(votes.at):
        return []
    voxel_ml = float(np.prod(fields.spacing)) / 1000
    centres = _split(votes, _peaks(votes, fields), voxel_ml)
    instances: list[Instance] = []
    for _ in range(ROUNDS):
        instances = _grouped(votes, centres, voxel_ml)
        kept = _plausible(instances)
        centres = np.array([one.centre_mm for one in kept]).reshape(-1, 3)
        if len(kept) == len(instances):
            break
    return _from_head_to_foot(instances)


def nearest_centre(
    points_mm: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find for each of (N, 3) votes the number of the nearest centre, and its distance in mm."""
    from scipy.spatial import cKDTree

    if not len(centres):
        return np.full(len(points_mm), -1), np.full(len(points_mm), np.inf)
    distance, number = cKDTree(centres).query(points_mm)
    return np.asarray(number, np.int64), np.asarray(distance)


def _peaks(votes: Votes, fields: Fields) -> NDArray[np.float64]:
    """Find local maxima of the smoothed density of votes, mm; of two closer than neighbours can be, the higher one."""
    low = votes.vote_mm.min(axis=0) - 4 * SIGMA_MM
    index = np.rint((votes.vote_mm - low) / CELL_MM).astype(int)
    shape = index.max(axis=0) + 1 + int(4 * SIGMA_MM / CELL_MM)
    heat, height = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    expected = _expected_levels(votes.levels)
    np.add.at(heat, tuple(index.T), votes.share)
    np.add.at(height, tuple(index.T), votes.share * expected)
    heat, height = (ndimage.gaussian_filter(part, SIGMA_MM / CELL_MM) for part in (heat, height))
    reach = 2 * round(PEAK_RADIUS_MM / CELL_MM) + 1
    local = (heat == ndimage.maximum_filter(heat, reach)) & (heat > 0)
    places, strength = low + np.argwhere(local) * CELL_MM, heat[local]
    level = np.clip(np.rint(height[local] / strength), 0, len(PITCH_MM) - 1).astype(int)
    # The volume of a peak whose votes agree to within the filter's width.
    voxel_ml = float(np.prod(fields.spacing)) / 1000
    volume = strength * voxel_ml * (2 * np.pi) ** 1.5 * (SIGMA_MM / CELL_MM) ** 3 * 2
    kept: list[int] = []
    for peak in np.argsort(-volume / VOLUME_ML[level]):
        away = np.linalg.norm(places[kept] - places[peak], axis=1) if kept else np.empty(0)
        close = [CLOSEST_OF_PITCH * min(PITCH_MM[level[peak]], PITCH_MM[level[other]]) for other in kept]
        if volume[peak] > LEAST_ML and (away > close).all():
            kept.append(int(peak))
    return np.asarray(places[kept], np.float64)


def _expected_levels(log_levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the mean position along the levels of (N, 25) log-probabilities."""
    p = np.exp(log_levels - log_levels.max(axis=1, keepdims=True))
    return np.asarray(p @ np.arange(p.shape[1]) / p.sum(axis=1))


def _split(votes: Votes, centres: NDArray[np.float64], voxel_ml: float) -> NDArray[np.float64]:
    """Divide each group whose votes lie around two places as far apart as neighbours are."""
    number, distance = nearest_centre(votes.vote_mm, centres)
    number[distance > NEAR_MM] = -1
    expected = _expected_levels(votes.levels)
    result = list(centres)
    for group in range(len(centres)):
        halves = _halves(votes.vote_mm, np.flatnonzero(number == group))
        if halves is None:
            continue
        pair = [np.median(votes.vote_mm[half], axis=0) for half in halves]
        levels = [float(np.average(expected[half], weights=votes.share[half])) for half in halves]
        large = [
            float(votes.share[half].sum()) * voxel_ml > LEAST_OF_HALF * VOLUME_ML[round(level)]
            for half, level in zip(halves, levels, strict=True)
        ]
        if all(large) and np.linalg.norm(pair[0] - pair[1]) > SPLIT_OF_PITCH * PITCH_MM[round(sum(levels) / 2)]:
            result[group] = pair[0]
            result.append(pair[1])
    return np.array(result)


def _halves(places: NDArray[np.float64], mine: NDArray[np.int64]) -> list[NDArray[np.int64]] | None:
    """Divide votes into the upper and the lower ones around two medians; None where one side stays empty."""
    if len(mine) < FEWEST_TO_SPLIT:
        return None
    above = places[mine, 2] > np.median(places[mine, 2])
    for _ in range(ROUNDS):
        halves = [mine[above], mine[~above]]
        if min(map(len, halves)) == 0:
            return None
        pair = np.array([np.median(places[half], axis=0) for half in halves])
        above = nearest_centre(places[mine], pair)[0] == 0
    return halves


def _grouped(votes: Votes, centres: NDArray[np.float64], voxel_ml: float) -> list[Instance]:
    """Give each vote to its nearest centre and measure each group; a centre moves to the median of its votes."""
    number, distance = nearest_centre(votes.vote_mm, centres)
    number[distance > NEAR_MM] = -1
    groups = []
    for group in range(len(centres)):
        mine = number == group
        if not mine.any():
            continue
        share = votes.share[mine]
        centre = np.median(votes.vote_mm[mine], axis=0)
        away = ((votes.vote_mm[mine] - centre) ** 2).sum(axis=1)
        spread = float(np.sqrt(np.average(np.minimum(away, NEAR_MM**2), weights=share)))
        levels = np.average(votes.levels[mine], axis=0, weights=share)
        groups.append(Instance(centre, float(share.sum()) * voxel_ml, spread, levels))
    return groups


def _plausible(instances: list[Instance]) -> list[Instance]:
    """Leave out what is much too small for its level, and the smaller of two that are much too close."""
    kept: list[Instance] = []
    for one in sorted(instances, key=lambda i: -i.volume_ml / VOLUME_ML[round(i.expected_level)]):
        level = round(one.expected_level)
        if one.volume_ml < max(LEAST_ML, LEAST_OF_EXPECTED * VOLUME_ML[level]) and not _at_an_end(one, instances):
            continue
        if one.volume_ml < LEAST_ML:
            continue
        small = one.volume_ml < SMALL_OF_EXPECTED * VOLUME_ML[level]
        close = (CLOSEST_IF_SMALL if small else CLOSEST_OF_PITCH) * PITCH_MM[level]
        if all(np.linalg.norm(one.centre_mm - other.centre_mm) > close for other in kept):
            kept.append(one)
    return kept


def _at_an_end(one: Instance, instances: list[Instance]) -> bool:
    heights = [other.centre_mm[2] for other in instances]
    return bool(one.centre_mm[2] in (min(heights), max(heights)))


def _from_head_to_foot(instances: list[Instance]) -> list[Instance]:
    return sorted(instances, key=lambda one: -one.centre_mm[2])
