"""Vertebrae as the places that many voxels point to: each votes for the centre of its own vertebra's body.

As in Hough voting by offsets (Ballard 1981; for instances Neven et al. 2019, doi:10.1109/CVPR.2019.00904); the places
are sought together, along the spine (``segmentation.vertebrae.chain``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.vertebrae.chain import curve_through, places_along, row_of_centres
from segmentation.vertebrae.fields import BACKGROUND, SACRAL, VERTEBRA, Fields

LEAST_SHARE = 0.3  # of a voxel that is mask
NEAR_MM = 22.0  # a vote farther from every centre belongs to none
LEAST_ML = 0.7  # a sliver at the scan's border
LEAST_OF_EXPECTED = 0.16
SMALL_OF_EXPECTED, CLOSEST_IF_SMALL = 0.45, 0.75
# Distance from one body's centre to the next and volume with processes, by level C1 to L6: of the label maps.
PITCH_MM = np.interp(np.arange(1, 26), [1, 3, 7, 8, 12, 19, 22, 25], [16, 16, 17, 19, 22, 29, 34, 35])
# Medians of the same label maps from one level to the next: the axis stands apart, which tells a neck's top end.
APART_MM = np.array(
    [
        17.0, 22.3, 18.1, 17.4, 17.4, 18.3, 20.0,
        21.6, 21.6, 21.4, 22.1, 22.7, 23.4, 23.9, 24.4, 25.5, 27.1, 29.3, 31.5,
        33.4, 34.9, 35.8, 35.0, 36.0, 36.0,
    ]
)  # fmt: skip
VOLUME_ML = np.interp(np.arange(1, 26), [1, 2, 3, 7, 8, 12, 19, 22, 25], [12, 13, 8, 12, 16, 20, 42, 62, 60])


@dataclass(frozen=True, eq=False)
class Instance:
    """One vertebra found.

    Attributes:
        centre_mm: (3,) of its body, RAS mm.
        volume_ml: Of the mask that voted for it.
        spread_mm: Root mean square distance of the votes from the centre.
        log_levels: (25,) mean log-probability of each level.
        slot: Place in the row; for each number that is left out between two vertebrae one is missing.
    """

    centre_mm: NDArray[np.float64]
    volume_ml: float
    spread_mm: float
    log_levels: NDArray[np.float64]
    slot: int = 0

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
    """Collect the votes of the mask's voxels that are neither sacrum nor what is none of the spine."""
    vertebra = fields.tissue[VERTEBRA]
    here = (fields.mask >= LEAST_SHARE) & (vertebra >= fields.tissue[SACRAL]) & (vertebra >= fields.tissue[BACKGROUND])
    at = np.argwhere(here)
    vote = fields.grid.to_mm(at.astype(np.float64)) + fields.offset_mm[:, here].T
    return Votes(at, fields.mask[here].astype(np.float64), vote, fields.levels[:, here].T.astype(np.float64))


def find_instances(fields: Fields) -> list[Instance]:
    """Find the vertebrae of a mask, from head to foot; none of an empty mask."""
    votes = votes_of(fields)
    if not len(votes.at):
        return []
    voxel_ml = float(np.prod(fields.spacing)) / 1000
    weights = votes.share * voxel_ml / np.interp(_expected_levels(votes.levels), np.arange(len(VOLUME_ML)), VOLUME_ML)
    places = places_along(curve_through(votes.vote_mm, weights), votes.vote_mm)
    row = row_of_centres(places, weights, votes.levels, APART_MM)
    slot_of = np.abs(places[:, None] - row).argmin(axis=1)
    slots = np.unique(slot_of)
    centres = np.array([np.median(votes.vote_mm[slot_of == slot], axis=0) for slot in slots])
    for _ in range(2):
        instances = _grouped(votes, centres, slots, voxel_ml)
        kept = _plausible(instances)
        centres = np.array([one.centre_mm for one in kept]).reshape(-1, 3)
        slots = np.array([one.slot for one in kept])
        if len(kept) == len(instances):
            break
    return kept


def nearest_centre(
    points_mm: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find for each of (N, 3) votes the number of the nearest centre, and its distance in mm."""
    from scipy.spatial import cKDTree

    if not len(centres):
        return np.full(len(points_mm), -1), np.full(len(points_mm), np.inf)
    distance, number = cKDTree(centres).query(points_mm)
    return np.asarray(number, np.int64), np.asarray(distance)


def _expected_levels(log_levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the mean position along the levels of (N, 25) log-probabilities."""
    p = np.exp(log_levels - log_levels.max(axis=1, keepdims=True))
    return np.asarray(p @ np.arange(p.shape[1]) / p.sum(axis=1))


def _grouped(votes: Votes, centres: NDArray[np.float64], slots: NDArray[np.int64], voxel_ml: float) -> list[Instance]:
    """Give each vote to its nearest centre and measure each group; a centre moves to the median of its votes."""
    number, distance = nearest_centre(votes.vote_mm, centres)
    number[distance > NEAR_MM] = -1
    groups = []
    for group, slot in enumerate(slots):
        mine = number == group
        if not mine.any():
            continue
        share = votes.share[mine]
        centre = np.median(votes.vote_mm[mine], axis=0)
        away = ((votes.vote_mm[mine] - centre) ** 2).sum(axis=1)
        spread = float(np.sqrt(np.average(np.minimum(away, NEAR_MM**2), weights=share)))
        levels = np.average(votes.levels[mine], axis=0, weights=share)
        groups.append(Instance(centre, float(share.sum()) * voxel_ml, spread, levels, int(slot)))
    return groups


def _plausible(instances: list[Instance]) -> list[Instance]:
    """Leave out what is much too small for its level, and what is small and lies too close to a larger neighbour.

    At both ends the border may have cut a vertebra: it may be small there.
    """
    kept = []
    for number, one in enumerate(instances):
        level = round(one.expected_level)
        neighbours = instances[max(0, number - 1) : number] + instances[number + 1 : number + 2]
        least = max(LEAST_ML, LEAST_OF_EXPECTED * VOLUME_ML[level] if len(neighbours) == 2 else 0.0)
        nearest = min((np.linalg.norm(one.centre_mm - other.centre_mm) for other in neighbours), default=np.inf)
        crumb = one.volume_ml < SMALL_OF_EXPECTED * VOLUME_ML[level] and nearest < CLOSEST_IF_SMALL * PITCH_MM[level]
        if one.volume_ml >= least and not crumb:
            kept.append(one)
    return kept
