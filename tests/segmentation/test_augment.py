from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.augment import (
    Augmentation,
    crop_field_of_view,
    degrade,
    random_placement,
    sample,
    thick_slices,
)

STILL = Augmentation(rotation_deg=0.0, scale=1.0, mirror=0.0, flip=0.0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(st.integers(0, 10_000))
def test_the_middle_of_the_crop_is_the_centre_that_was_asked_for(seed):
    centre = np.array([30.0, 40.5, 12.0])
    matrix, offset = random_placement(33, centre, Augmentation(flip=0.5), rng(seed))
    np.testing.assert_allclose(matrix @ np.full(3, 16.0) + offset, centre)


@given(st.integers(0, 10_000))
def test_a_crop_is_turned_and_scaled_no_further_than_allowed(seed):
    matrix, _ = random_placement(32, np.zeros(3), Augmentation(mirror=0.0, flip=0.0), rng(seed))
    lengths = np.linalg.norm(matrix, axis=0)
    assert (lengths >= 0.95 / 1.2 - 1e-9).all()
    assert (lengths <= 1.05 * 1.2 + 1e-9).all()
    turn = matrix / lengths
    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-9)  # no shear
    assert np.linalg.det(turn) > 0
    assert np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))) <= 15 * 3


def test_a_mirror_exchanges_left_and_right_alone():
    mirrored = Augmentation(rotation_deg=0.0, scale=1.0, mirror=1.0, flip=0.0)
    matrix, _ = random_placement(32, np.zeros(3), mirrored, rng(1))
    assert np.sign(np.diag(matrix)).tolist() == [-1, 1, 1]


def test_a_flip_turns_one_axis_round():
    flipped = Augmentation(rotation_deg=0.0, scale=1.0, mirror=0.0, flip=1.0)
    signs = [np.sign(np.diag(random_placement(8, np.zeros(3), flipped, rng(s))[0])) for s in range(20)]
    assert {tuple(s) for s in signs} == {(-1, 1, 1), (1, -1, 1), (1, 1, -1)}


def test_without_augmentation_only_a_stretch_of_5_percent_is_left():
    matrix, _ = random_placement(32, np.zeros(3), STILL, rng(3))
    np.testing.assert_allclose(matrix, np.diag(np.diag(matrix)))
    assert np.abs(np.diag(matrix) - 1).max() <= 0.05


def test_a_sample_is_the_scan_where_nothing_moves_and_air_outside():
    array = rng(5).integers(1, 255, (10, 10, 10)).astype(np.uint8)
    crop = sample(array, 8, np.eye(3), np.array([4.0, 0.0, 0.0]), order=1)
    assert crop.dtype == np.float32
    np.testing.assert_array_equal(crop[:6], array[4:, :8, :8])
    assert not crop[6:].any()


def test_labels_are_sampled_without_mixing():
    array = np.zeros((10, 10, 10), dtype=np.uint8)
    array[5:] = 255
    matrix, offset = random_placement(16, np.full(3, 4.5), Augmentation(), rng(7))
    assert set(np.unique(sample(array, 16, matrix, offset, order=0))) == {0, 255}


@given(st.integers(0, 10_000))
def test_a_degraded_crop_stays_between_0_and_1(seed):
    image = rng(seed).random((16, 16, 16)).astype(np.float32)
    before = image.copy()
    result = degrade(image, rng(seed))
    assert result.shape == image.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    np.testing.assert_array_equal(image, before)


def test_air_stays_air_and_one_seed_gives_one_result():
    air = np.zeros((12, 12, 12), dtype=np.float32)
    assert not any(degrade(air, rng(seed)).any() for seed in range(20))
    image = rng(9).random((12, 12, 12)).astype(np.float32)
    np.testing.assert_array_equal(degrade(image, rng(3)), degrade(image, rng(3)))
    assert np.abs(degrade(image, rng(3)) - degrade(image, rng(4))).max() > 0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("factor", [1.3, 2.0, 2.8])
def test_thick_slices_blur_along_their_axis_alone(axis, factor):
    shape = (20, 20, 20)
    along = np.broadcast_to(np.moveaxis(rng(2).random((20, 1, 1)), 0, axis), shape).astype(np.float32)
    blurred = thick_slices(along, axis, factor)
    assert blurred.shape == shape
    assert blurred.dtype == np.float32
    assert np.diff(blurred, axis=axis).std() < 0.8 * np.diff(along, axis=axis).std()
    across = thick_slices(along, (axis + 1) % 3, factor)
    np.testing.assert_allclose(across, along, atol=1e-5)


def test_thick_slices_keep_a_ramp_in_its_place():
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32)[:, None, None], (30, 4, 4))
    result = thick_slices(ramp, 0, 2.0)
    np.testing.assert_allclose(result[5:-5], ramp[5:-5], atol=0.5)


@given(st.integers(0, 10_000))
def test_a_shorter_field_of_view_ends_image_and_target_at_one_plane(seed):
    image, target = np.ones((32, 32, 32), np.float32), np.full((32, 32, 32), 255, np.uint8)
    crop_field_of_view(image, target, rng(seed))
    np.testing.assert_array_equal(image == 0, target == 0)
    gone = image == 0
    axes = [axis for axis in range(3) if gone.all(axis=tuple(a for a in range(3) if a != axis)).sum() not in (0, 32)]
    assert len(axes) == 1
    lines = gone.all(axis=tuple(a for a in range(3) if a != axes[0]))
    assert 32 // 8 <= lines.sum() < 32 // 2
    assert lines.sum() * 32 * 32 == gone.sum()
    assert np.abs(np.diff(lines.astype(int))).sum() == 1
