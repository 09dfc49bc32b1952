"""Implants and their streaks: where they lie, what they do to an image, and that the target stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from segmentation.training.augment import tube
from segmentation.training.synthesis.implants import implants, insert_implants, streaks

SPACING_MM = 1.5
MIDDLE = np.full(3, 24)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def block() -> np.ndarray:
    target = np.zeros((48, 48, 48), np.float32)
    target[18:30, 18:30, 18:30] = 1
    return target


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_implants_touch_the_spine_and_fill_little_of_the_crop(seed):
    metal = implants(block() > 0.5, SPACING_MM, rng(seed))
    assert metal.dtype == bool
    assert (
        metal[18:30, 18:30, 18:30].any() or metal[14:34, 14:34, 14:34].any()
    )  # a thread longer than the block is wide
    assert 4 < metal.sum() < 0.12 * metal.size


def test_implants_where_there_is_no_spine():
    assert any(implants(np.zeros((24, 24, 24), bool), SPACING_MM, rng(seed)).any() for seed in range(5))


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.booleans())
def test_an_image_with_implants_stays_between_0_and_1_and_its_target_as_it_was(seed, hidden):
    image, target = np.full((48, 48, 48), 0.2, np.float32), block()
    metal = insert_implants(image, target, SPACING_MM, hidden, rng(seed))
    assert image.min() >= 0
    assert image.max() <= 1
    np.testing.assert_array_equal(target, block())
    assert (image[ndimage.binary_erosion(metal)] == (0 if hidden else 1)).all()


def test_hidden_metal_hides_its_border_too():
    shown, hidden = (np.full((48, 48, 48), 0.2, np.float32) for _ in range(2))
    metal = insert_implants(shown, block(), SPACING_MM, False, rng(4))
    np.testing.assert_array_equal(metal, insert_implants(hidden, block(), SPACING_MM, True, rng(4)))
    assert (hidden[metal] == 0).all()
    assert (hidden[ndimage.binary_dilation(metal) & ~metal] == 0).mean() > 0.3


def test_one_seed_gives_one_result():
    first, again, other = (np.full((48, 48, 48), 0.2, np.float32) for _ in range(3))
    insert_implants(first, block(), SPACING_MM, True, rng(7))
    insert_implants(again, block(), SPACING_MM, True, rng(7))
    insert_implants(other, block(), SPACING_MM, True, rng(8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(4))
def test_between_two_rods_it_is_dark_and_above_them_nothing_changes(seed):
    metal = np.zeros((48, 48, 48), dtype=bool)
    for side in (-12, 12):
        metal |= tube(metal.shape, MIDDLE + np.array([side, 0, 0]), np.array([0.0, 0.0, 1.0]), 3.0, 10.0)
    cast = streaks(metal, rng(seed))
    assert np.abs(cast[~metal]).max() == pytest.approx(1.0)
    level = cast[:, :, 20:28]
    between = level[20:28, 24]
    assert between.mean() < -0.15  # the ray that passes through both
    assert between.mean() < 3 * min(level[24, 4:12].mean(), 0) - 0.05  # and not so before them
    assert not cast[:, :, :12].any()  # slices without metal
    assert not cast[:, :, 36:].any()


def test_beside_a_dark_band_it_is_bright():
    metal = np.zeros((48, 48, 48), dtype=bool)
    for side in (-12, 12):
        metal |= tube(metal.shape, MIDDLE + np.array([side, 0, 0]), np.array([0.0, 0.0, 1.0]), 3.0)
    profile = np.mean([streaks(metal, rng(seed))[22:27].mean(axis=(0, 2)) for seed in range(8)], axis=0)
    assert profile[24] < 0
    assert profile[29:33].max() > 0.02


def test_without_metal_nothing_is_cast():
    assert not streaks(np.zeros((16, 16, 16), bool), rng()).any()
