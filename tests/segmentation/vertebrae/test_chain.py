"""The row of centres along a spine, from votes whose centres are known."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.vertebrae.chain import curve_through, places_along, row_of_centres
from segmentation.vertebrae.votes import APART_MM

EACH = 120


def votes(levels: range, scatter_mm: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """True centres, and places, weights and log-probabilities of votes that are unsure between neighbouring levels."""
    rng = np.random.default_rng(seed)
    centres = np.concatenate([[0.0], np.cumsum(APART_MM[levels.start - 1 : levels.stop - 2])])
    places = np.concatenate([centre + rng.normal(0, scatter_mm, EACH) for centre in centres])
    log_levels = np.full((len(places), 25), -7.0)
    for row, level in enumerate(levels):
        mine = slice(row * EACH, (row + 1) * EACH)
        log_levels[mine, level - 1] = np.log(0.5)
        for other in {max(1, level - 1), min(25, level + 1)} - {level}:
            log_levels[mine, other - 1] = np.log(0.24)
    return centres, places, np.full(len(places), 1 / EACH), log_levels


@pytest.mark.parametrize("levels", [range(1, 9), range(15, 22), range(20, 25)], ids=["neck", "trunk", "lumbar"])
def test_each_vertebra_gets_one_centre_though_the_votes_run_together(levels: range) -> None:
    centres, places, weights, log_levels = votes(levels, 0.3 * APART_MM[levels.start])
    found = row_of_centres(places, weights, log_levels, APART_MM)
    held = [place for place in found if (np.abs(places - place) < 4).sum() > EACH / 5]
    assert len(held) == len(centres)
    assert np.abs(np.array(held) - centres).max() < 0.35 * APART_MM[levels.start]


def test_a_vertebra_that_the_mask_lacks_leaves_a_place_free() -> None:
    centres, places, weights, log_levels = votes(range(20, 25), 3.0)
    seen = np.arange(len(places)) // EACH != 2
    found = row_of_centres(places[seen], weights[seen], log_levels[seen], APART_MM)
    assert np.abs(found - centres[2]).min() < 12
    assert len(found) == len(centres)


def test_a_small_patient_s_vertebrae_lie_closer() -> None:
    centres, places, weights, log_levels = votes(range(10, 20), 2.0)
    found = row_of_centres(0.8 * places, weights, log_levels, APART_MM)
    assert len(found) == len(centres)
    assert np.abs(found - 0.8 * centres).max() < 5


def test_the_way_along_a_bent_spine_is_longer_than_its_height() -> None:
    height = np.linspace(0, 300, 400)
    places = np.stack([np.zeros(400), 60 * np.sin(height / 300 * np.pi), height], axis=1)
    curve = curve_through(places, np.ones(400))
    true = np.linalg.norm(np.diff(places, axis=0), axis=1).sum()
    assert curve.length_mm[-1] == pytest.approx(true, rel=0.03)
    along = places_along(curve, places)
    assert along[0] > along[-1]  # from head to foot
    assert (np.diff(along) <= 0).all()
