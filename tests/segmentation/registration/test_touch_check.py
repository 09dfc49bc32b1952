"""Touches of a ball's surface: every figure can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField, distance_field
from segmentation.registration.touch_check import CheckState, check_touch

RADIUS = 11.5  # half-way between two voxels, where the surface of a label lies
MOTION = rigid.compose(rigid.from_vector(np.array([0.0, 0, np.pi / 2])), np.array([100.0, 0, 0]))
"""image_from_tracker: a quarter about S, then 100 mm to the right."""


@pytest.fixture(scope="module")
def ball() -> DistanceField:
    """A ball around (0, 0, 0), labelled L3."""
    affine = np.eye(4)
    affine[:3, 3] = -20
    grid = Grid((41, 41, 41), affine)
    places = np.stack(np.meshgrid(*[np.arange(41) - 20.0] * 3, indexing="ij"), axis=-1)
    return distance_field(LabelMap((np.linalg.norm(places, axis=-1) <= RADIUS).astype(np.uint8) * 22, grid), 22)


def tracker(image: list[float]) -> np.ndarray:
    """One sample that the registration puts at a place."""
    return rigid.apply(rigid.inverse(MOTION), np.array([image]))


def test_a_touch_of_the_landmark_itself_is_good(ball: DistanceField):
    found = check_touch(MOTION, ball, tracker([0, -RADIUS, 0]), np.array([0, -RADIUS, 0.0]))
    assert (found.state, found.reasons) == (CheckState.GOOD, [])
    assert found.image_mm == pytest.approx([0, -RADIUS, 0])
    assert found.error_mm == pytest.approx(0)
    assert found.surface_mm == pytest.approx(0, abs=0.2)
    assert found.moved_mm is None


@pytest.mark.parametrize(
    ("image", "landmark", "earlier", "surfaces", "codes", "state"),
    [
        ([0, -RADIUS - 1, 3], None, [], [], [], CheckState.GOOD),
        ([0, -RADIUS, 4], [0, -RADIUS, 0], [], [], ["landmark_off"], CheckState.OFF),
        ([0, -RADIUS - 3, 0], None, [], [], ["surface_off"], CheckState.OFF),
        ([0, -RADIUS + 3, 0], None, [], [], ["surface_off"], CheckState.OFF),
        ([0, -RADIUS, 2.5], [0, -RADIUS, 0], [[0, -RADIUS, 0]], [], ["moved"], CheckState.DRIFTED),
        ([0, -RADIUS, 1.5], [0, -RADIUS, 0], [[0, -RADIUS, 0]], [0.0], [], CheckState.GOOD),
        ([0, -RADIUS - 1.9, 0], None, [], [0, 0.1, 0, 1.8, 1.9], ["grows"], CheckState.DRIFTED),
        ([0, -RADIUS - 1.9, 0], None, [], [1.8, 1.9], [], CheckState.GOOD),  # too few for a trend
    ],
)
def test_every_error_has_a_limit_and_a_name(
    ball: DistanceField, image: list, landmark: list | None, earlier: list, surfaces: list, codes: list, state: str
):
    known = None if landmark is None else np.array(landmark, dtype=float)
    before = [tracker(place)[0] for place in earlier]
    found = check_touch(MOTION, ball, tracker(image), known, before, surfaces)
    assert ([reason.code for reason in found.reasons], found.state) == (codes, state)


def test_a_tip_that_sways_says_nothing_of_the_registration(ball: DistanceField):
    samples = np.vstack([tracker([0, -RADIUS + way, 0]) for way in (-2, 0, 2)])
    found = check_touch(MOTION, ball, samples, np.array([0, -RADIUS, 0.0]))
    assert found.state is CheckState.REPEAT
    assert [reason.code for reason in found.reasons] == ["unsteady"]


def test_soft_tissue_that_the_registration_found_is_no_error(ball: DistanceField):
    found = check_touch(MOTION, ball, tracker([0, -RADIUS - 2.5, 0]), soft_tissue_mm=1.5)
    assert found.state is CheckState.GOOD
    assert found.surface_mm == pytest.approx(1.0, abs=0.2)
