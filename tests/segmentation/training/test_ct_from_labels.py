from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.training.synthesis.ct_from_labels import (
    other_bones,
    random_ribs,
    smooth_noise,
    soft_tissue,
    synthesise,
    thin_parts,
    vessel,
)

SEEDS = range(5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def vertebra(edge: int = 24) -> NDArray[np.bool_]:
    """A block in the middle."""
    bone = np.zeros((edge, edge, edge), dtype=bool)
    bone[7:17, 7:17, 7:17] = True
    return bone


@pytest.mark.parametrize("seed", SEEDS)
def test_bone_stands_out_of_what_surrounds_it(seed):
    bone = vertebra()
    image = synthesise(bone, rng(seed), np.full(bone.shape, 0.03, dtype=np.float32))
    assert image.shape == bone.shape
    assert image.dtype == np.float32
    assert np.isfinite(image).all()
    assert image[bone].mean() > 2 * 0.03


def test_the_cortical_shell_is_brighter_than_what_it_holds():
    bone = vertebra()
    inside = np.zeros(bone.shape, dtype=bool)
    inside[10:14, 10:14, 10:14] = True
    background = np.full(bone.shape, 0.03, dtype=np.float32)
    images = [synthesise(bone, rng(seed), background) for seed in range(20)]
    assert np.mean([image[7:17, 7:17, 7:9].mean() - image[inside].mean() for image in images]) > 0.02


def test_one_seed_makes_one_image_and_another_another():
    first, again, other = (synthesise(vertebra(), rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_a_real_background_shows_where_there_is_no_bone(monkeypatch):
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.VESSEL_SHARE", 0.0)
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.RIB_SHARE", 0.0)
    background = np.zeros((24, 24, 24), dtype=np.float32)
    background[:4] = 0.5
    images = [synthesise(vertebra(), rng(seed), background) for seed in range(12)]
    kept = [np.allclose(image[:2], 0.5, atol=1e-3) for image in images]  # the blur reaches two voxels
    assert sum(kept) >= 6  # the others have further bones drawn over it
    np.testing.assert_array_equal(background[:4], 0.5)


def test_without_bone_there_is_only_background():
    background = np.full((16, 16, 16), 0.25, dtype=np.float32)
    empty = np.zeros((16, 16, 16), dtype=bool)
    seed = next(s for s in range(50) if rng(s).random() >= 0.3)  # a seed that adds no other bones
    np.testing.assert_allclose(synthesise(empty, rng(seed), background), background, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_other_bones_keep_away_from_the_spine(seed, monkeypatch):
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.VESSEL_SHARE", 0.0)
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.RIB_SHARE", 0.0)
    bone = vertebra()
    background = np.zeros(bone.shape, dtype=np.float32)
    ring = np.zeros(bone.shape, dtype=bool)
    ring[5:19, 5:19, 11:13] = True
    ring[6:18, 6:18, 11:13] = False
    image = synthesise(bone, rng(seed), background)
    assert image[ring].max() < 0.05


@pytest.mark.parametrize("sigma", [1.0, 3.0, 8.0])
def test_noise_has_about_unit_variance_and_its_length(sigma):
    noise = smooth_noise((40, 30, 20), sigma, rng(2))
    assert noise.shape == (40, 30, 20)
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.5
    assert 0.25 < noise.std() < 1.2
    neighbours = np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]
    assert neighbours > (0.6 if sigma > 1 else -0.2)


def test_soft_tissue_holds_muscle_and_air():
    images = [soft_tissue((20, 20, 20), rng(seed)) for seed in range(8)]
    assert all(image.dtype == np.float32 for image in images)
    assert any((image == 0).mean() > 0.05 for image in images)
    assert all(0.0 < image[image > 0].mean() < 0.4 for image in images)


def test_other_bones_are_sometimes_there_and_never_everywhere():
    shares = [other_bones((48, 48, 48), rng(seed)).mean() for seed in range(10)]
    assert sum(share > 0 for share in shares) >= 6
    assert np.mean(shares) < 0.4


def test_between_two_vertebrae_there_is_a_disc_less_dense_than_bone():
    bone = np.zeros((32, 32, 32), dtype=bool)
    bone[8:24, 8:24, 4:14] = bone[8:24, 8:24, 18:28] = True
    black = np.zeros(bone.shape, dtype=np.float32)
    discs, bodies = [], []
    for seed in range(12):
        image = synthesise(bone, rng(seed), black)
        discs.append(image[14:18, 14:18, 15:17].mean())
        bodies.append(image[10:22, 10:22, 6:12].mean())
    assert sum(disc > 0.03 for disc in discs) >= 6  # not in every image, as the background may show there too
    assert all(disc < body for disc, body in zip(discs, bodies, strict=True))
    # Nothing is painted where no bone is near.
    assert black.sum() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_vessel_runs_along_the_body_past_the_bone(seed):
    bone = np.zeros((64, 64, 64), dtype=bool)
    bone[28:36, 28:36, 20:44] = True
    tube = vessel(bone, rng(seed))
    heights = np.flatnonzero(tube.any(axis=(0, 1)))
    assert tube.any()
    assert len(heights) > 20
    across = tube.sum(axis=(0, 1))[heights]
    assert across.max() < 2 * np.pi * 11**2  # a disc of at most 10 voxels, cut at a slant


def test_a_vessel_is_bright_and_bone_lies_over_it(monkeypatch):
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.vessel", lambda bone, _: np.ones_like(bone))
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.VESSEL_SHARE", 1.0)
    dark = np.zeros((24, 24, 24), dtype=np.float32)
    images = [synthesise(vertebra(), rng(seed), dark) for seed in range(20)]
    assert all(np.median(image[:3]) > 0.1 for image in images)
    assert any(abs(image[11, 11, 11] - np.median(image[:3])) > 0.05 for image in images)


@pytest.mark.parametrize("seed", SEEDS)
def test_ribs_touch_the_bone_and_run_out_to_the_side(seed):
    bone = np.zeros((64, 64, 64), dtype=bool)
    bone[24:40, 24:40, 10:54] = True
    found = random_ribs(bone, rng(seed))
    pieces, _ = ndimage.label(found)
    touching = np.unique(pieces[found & bone])
    assert (
        np.isin(pieces[found], touching).mean() > 0.8
    )  # thin ones may break on the coarse grid that they are drawn on
    beside = np.flatnonzero(found.any(axis=(1, 2)))
    assert max(beside.max() - 39, 24 - beside.min()) >= 8
    assert found.mean() < 0.15


def test_ribs_are_painted_beside_bone_but_not_over_it_nor_between_bones(monkeypatch):
    monkeypatch.setattr(
        "segmentation.training.synthesis.ct_from_labels.random_ribs", lambda bone, _: np.ones_like(bone)
    )
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.RIB_SHARE", 1.0)
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.VESSEL_SHARE", 0.0)
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.DISC_SHARE", 0.0)
    bone = np.zeros((32, 32, 32), dtype=bool)
    bone[8:24, 8:24, 4:14] = bone[8:24, 8:24, 18:28] = True
    image = synthesise(bone, rng(1), np.zeros(bone.shape, dtype=np.float32))
    assert image[:4].mean() > 0.04
    assert image[14:18, 14:18, 15:17].max() < 0.01


def test_a_process_is_thin_and_a_body_is_not():
    bone = np.zeros((48, 48, 48), dtype=bool)
    bone[12:36, 24:44, 14:34] = True
    bone[22:26, 6:24, 22:26] = True
    thin = thin_parts(bone)
    assert not thin[~bone].any()
    assert thin[22:26, 6:18, 22:26].all()
    assert not thin[16:32, 28:40, 18:30].any()
    assert not thin_parts(np.zeros((8, 8, 8), bool)).any()
    assert not thin_parts(np.ones((16, 16, 16), bool)).any()  # nothing says that it ends at the crop's border
