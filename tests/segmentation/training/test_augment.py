from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from segmentation.training.augment import (
    Augmentation,
    crop_field_of_view,
    degrade,
    photon_starvation,
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
    (crop,) = sample([array], 8, np.eye(3), np.array([4.0, 0.0, 0.0]))
    assert crop.dtype == np.float32
    np.testing.assert_allclose(crop[:6], array[4:, :8, :8], atol=1e-3)
    assert np.abs(crop[6:]).max() < 1e-3


@given(st.integers(0, 10_000))
def test_a_sample_is_scipy_s_linear_interpolation_inside_the_scan(seed):
    shape = (20, 26, 31)
    first, second = (rng(seed + n).integers(0, 256, shape).astype(np.uint8) for n in (0, 1))
    matrix, offset = random_placement(12, rng(seed).uniform(0, 1, 3) * shape, Augmentation(flip=0.5), rng(seed))
    crops = sample([first, second], 12, matrix, offset)
    assert crops.shape == (2, 12, 12, 12)
    index = np.moveaxis(np.indices((12, 12, 12)), 0, -1) @ matrix.T + offset
    inside = ((index >= 0) & (index <= np.array(shape) - 1)).all(axis=-1)
    for array, crop in zip((first, second), crops, strict=True):
        expected = ndimage.affine_transform(array.astype(np.float32), matrix, offset, (12, 12, 12), order=1)
        np.testing.assert_allclose(crop[inside], expected[inside], atol=0.02)
    beyond = ((index < -1) | (index > np.array(shape))).any(axis=-1)
    assert not crops[:, beyond].any()


def test_a_crop_beside_the_scan_is_air():
    array = np.full((10, 10, 10), 255, dtype=np.uint8)
    for start in (-9.5, -9.0, 11.0, 40.0):  # -9.5 and -9 end within a voxel or two of the border
        offset = np.array([start, 0.0, 0.0])
        assert sample([array], 8, np.eye(3), offset).shape == (1, 8, 8, 8)
        assert not sample([array], 8, np.eye(3), offset).any()


def test_a_scan_of_one_slice_is_one_slice_in_the_crop():
    array = np.full((10, 10, 1), 255, dtype=np.uint8)
    (crop,) = sample([array], 8, np.eye(3), np.array([1.0, 1.0, -3.0]))
    np.testing.assert_allclose(crop[:, :, 3], 255, atol=0.05)
    assert np.flatnonzero((crop > 1).any(axis=(0, 1))).tolist() == [3]


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


def test_slices_are_thick_along_the_body_most_often(monkeypatch):
    axes = []
    monkeypatch.setattr("segmentation.training.augment.thick_slices", lambda image, axis, _: axes.append(axis) or image)
    for seed in range(400):
        degrade(np.full((4, 4, 4), 0.5, dtype=np.float32), rng(seed))
    assert axes.count(2) > axes.count(0) > axes.count(1) > 0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("factor", [1.3, 2.0, 3.5])
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
def test_a_smaller_field_of_view_is_a_box_of_the_image_and_of_the_target(seed):
    image, target = np.ones((32, 32, 32), np.float32), np.ones((32, 32, 32), np.float32)
    crop_field_of_view(image, target, rng(seed))
    np.testing.assert_array_equal(image, target)
    kept = [np.flatnonzero(image.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    for along in kept:
        assert len(along) >= 32 // 4
        assert len(along) == along[-1] - along[0] + 1
    assert image[np.ix_(*kept)].all()
    assert image.sum() == np.prod([len(along) for along in kept])


def test_a_field_of_view_is_cropped_along_any_number_of_axes():
    cut = []
    for seed in range(60):
        image = np.ones((2, 16, 16, 16), np.float32)  # channels are cut alike
        crop_field_of_view(image, image.copy(), rng(seed))
        np.testing.assert_array_equal(image[0], image[1])
        cut.append(sum(not image[0].any(axis=tuple({0, 1, 2} - {axis})).all() for axis in range(3)))
    assert set(cut) == {0, 1, 2, 3}


def test_photon_starvation_is_noise_along_the_shoulders_and_leaves_air():
    image = np.full((48, 48, 48), 0.4, np.float32)
    image[:, 40:] = 0
    result = photon_starvation(image, rng(1))
    assert not result[:, 40:].any()
    noise = result[:, :40] - 0.4
    assert 0.01 < noise.std() < 0.2
    along, across = (np.diff(noise, axis=axis).std() for axis in (0, 1))
    assert along < 0.5 * across
