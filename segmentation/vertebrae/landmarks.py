"""Landmarks that fix a level: the dens at the top, ribs at the chest's two ends, the sacrum at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.vertebrae.fields import RIBS, SACRAL, Fields
from segmentation.vertebrae.votes import LEAST_SHARE, PITCH_MM, VOLUME_ML, Instance, nearest_centre, votes_of

SACRUM_ML = 4.0
SACRUM_NEAR = 1.6  # expected distances below the last body's centre at which the sacrum's top third lies at most
# Log odds that a last instance is the sacrum's top, by the share of its voxels that is sacrum to the network: chosen on
# 38 held-out views of a spine's lower end (docs/experiments.md).
SACRAL_SLOPE, SACRAL_HALF, SACRAL_ODDS = 8.0, 0.25, (-2.0, 3.0)
# Of ten real scans the fifth lumbar vertebra has 0.01 at most in nine and 0.12 in one, the top of a sacrum that a mask
# holds 0.08 at least: between these the share cannot tell one from the other, and a row that is right is called unsure.
SACRAL_SHARE = 0.07  # from here on a row is not sure of its last vertebra
LEAST_SACRUM_ML = 6.0  # of an instance that is the sacrum's top; less is a crumb
# Log odds that a first instance is skull base, by its volume as a share of that expected of C1: chosen on 32 held-out
# views of a spine's upper end (docs/experiments.md).
SKULL_SLOPE, SKULL_HALF, SKULL_ODDS = 3.0, 0.8, (-3.0, 2.0)
SKULL_LEVEL = 1.2  # expected level, from 0 (C1): farther down the first two are not the neck's top
RIB_NEAR_MM = 17.0
RIB_ML = 0.35  # of rib beside one vertebra
DENS_PROBABILITY = 0.75
ABOVE_MASK_MM = 22.0  # of view above the mask, where another vertebra would show
GOES_ON_MM = 30.0  # of view below the last body's lower end that would show a sacrum


def sacral_shares(fields: Fields, instances: Sequence[Instance]) -> NDArray[np.float64]:
    """Compute how far the voxels of each instance are sacrum to the network, 0..1."""
    here = fields.mask >= LEAST_SHARE
    place = fields.grid.to_mm(np.argwhere(here).astype(np.float64)) + fields.offset_mm[:, here].T
    nearest, _ = nearest_centre(place, np.array([one.centre_mm for one in instances]))
    sacral = fields.tissue[SACRAL][here].astype(np.float64)
    count = np.bincount(nearest, minlength=len(instances))
    return np.asarray(np.bincount(nearest, sacral, minlength=len(instances)) / np.maximum(count, 1))


def sacral_odds(share: float) -> float:
    """Compute the log odds that a last instance is no vertebra but the sacrum's top, by its share of sacrum."""
    return float(np.clip(SACRAL_SLOPE * (share - SACRAL_HALF), *SACRAL_ODDS))


def may_be_skull(instances: Sequence[Instance]) -> bool:
    """Tell whether the first instance may be skull base: it and the next both look like C1 or C2."""
    return len(instances) > 2 and all(one.expected_level < SKULL_LEVEL for one in instances[:2])


def skull_odds(first: Instance) -> float:
    """Compute the log odds that a first instance that may be skull base is, by its volume."""
    return float(np.clip(SKULL_SLOPE * (SKULL_HALF - first.volume_ml / VOLUME_ML[0]), *SKULL_ODDS))


@dataclass(frozen=True)
class Landmarks:
    """What is in view that fixes a level.

    Attributes:
        dens: The first vertebrae are C1 and C2 by their own shape.
        sacrum: The sacrum was found below the last vertebra.
        ribs: Whether each vertebra, from head to foot, has a rib beside it.
        goes_on_below: The view goes on below the last vertebra, without a sacrum.
        goes_on_above: The view goes on above the mask.
        skull: Skull base was found above the first vertebra.
    """

    dens: bool
    sacrum: bool
    ribs: tuple[bool, ...]
    goes_on_below: bool = False
    goes_on_above: bool = False
    skull: bool = False


def find_landmarks(
    fields: Fields, instances: Sequence[Instance], skull_seen: bool = False, sacrum_seen: bool = False
) -> Landmarks:
    """Look for landmarks around the vertebrae, which are ordered from head to foot.

    ``skull_seen``: skull base is known to lie above them; ``sacrum_seen``: the sacrum's top to follow them.
    """
    if not instances:
        return Landmarks(False, False, ())
    sacrum = sacrum_seen or _sacrum_below(fields, instances[-1])
    return Landmarks(
        dens=_dens(instances),
        sacrum=sacrum,
        ribs=_ribs(fields, instances),
        goes_on_below=fields.with_ct and not sacrum and _view_below_mm(fields, instances[-1]) > GOES_ON_MM,
        goes_on_above=skull_seen or (fields.with_ct and _view_above_mm(fields) > ABOVE_MASK_MM),
        skull=skull_seen,
    )


def _dens(instances: Sequence[Instance]) -> bool:
    """C1 or C2 at the top by shape alone."""
    p = np.exp(instances[0].log_levels)
    if p[:2].sum() / p.sum() < DENS_PROBABILITY:
        return False
    if len(instances) == 1:
        return False
    q = np.exp(instances[1].log_levels)
    return bool(q[1:3].sum() / q.sum() > 0.5)


def _sacrum_below(fields: Fields, last: Instance) -> bool:
    likely = fields.tissue[SACRAL] > 0.5
    voxel_ml = float(np.prod(fields.spacing)) / 1000
    if likely.sum() * voxel_ml < SACRUM_ML:
        return False
    pieces, _ = ndimage.label(likely)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    if sizes.max() * voxel_ml < SACRUM_ML:
        return False
    place = fields.grid.to_mm(np.argwhere(pieces == sizes.argmax()).astype(np.float64))
    top = place[place[:, 2] >= np.quantile(place[:, 2], 0.67)].mean(axis=0)
    reach = SACRUM_NEAR * PITCH_MM[min(24, max(19, round(last.expected_level)))]
    return bool(top[2] < last.centre_mm[2] and np.linalg.norm(top - last.centre_mm) < reach)


def _view_below_mm(fields: Fields, last: Instance) -> float:
    floor = float(fields.grid.to_mm(np.array([0.0, 0.0, -0.5]))[2])
    return float(last.centre_mm[2] - PITCH_MM[round(last.expected_level)] / 2 - floor)


def _view_above_mm(fields: Fields) -> float:
    rows = np.flatnonzero((fields.mask >= LEAST_SHARE).any(axis=(0, 1)))
    return float((fields.mask.shape[2] - 1 - rows[-1]) * fields.spacing[2]) if len(rows) else 0.0


def _ribs(fields: Fields, instances: Sequence[Instance]) -> tuple[bool, ...]:
    """Count the rib voxels near each vertebra's own voxels, at its side."""
    rib = fields.tissue[RIBS] > 0.5
    volume = np.zeros(len(instances))
    if rib.any():
        votes = votes_of(fields)
        centres = np.array([one.centre_mm for one in instances])
        owner = _owners(fields, votes.at, votes.vote_mm, centres)
        distance, nearest = ndimage.distance_transform_edt(owner == 0, sampling=fields.spacing, return_indices=True)
        close = rib & (distance <= RIB_NEAR_MM)
        whose = owner[tuple(n[close] for n in nearest)]
        volume = np.bincount(whose, minlength=len(instances) + 1)[1:] * float(np.prod(fields.spacing)) / 1000
    return tuple(bool(v >= RIB_ML) for v in volume)


def _owners(
    fields: Fields, at: NDArray[np.int64], vote_mm: NDArray[np.float64], centres: NDArray[np.float64]
) -> NDArray[np.int64]:
    owner = np.zeros(fields.mask.shape, np.int64)
    owner[tuple(at.T)] = nearest_centre(vote_mm, centres)[0] + 1
    return owner
