"""Contrast medium drawn into the canal of labelled vertebrae."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.training.synthesis.canal_contrast import canal_sac, insert_canal_contrast


def rings(height: int = 40) -> NDArray[np.bool_]:
    """Vertebrae of 10 slices with 5 between, each a ring around a canal of 8 x 8 voxels, and a small hole aside."""
    spine = np.zeros((40, 40, height), dtype=bool)
    for low in range(2, height - 10, 15):
        spine[10:30, 10:30, low : low + 10] = True
        spine[16:24, 14:22, low : low + 10] = False
        spine[11:13, 25:27, low : low + 10] = False  # as a foramen transversarium
    return spine


def test_the_sac_fills_the_canal_and_runs_on_between_the_arches():
    spine = rings()
    sac = canal_sac(spine, 1.5, np.random.default_rng(0))
    assert not (sac & spine).any()
    i, j, k = np.nonzero(sac)
    assert (i.min() >= 15) & (i.max() <= 24)
    assert (j.min() >= 13) & (j.max() <= 22)
    assert set(range(2, 27)) <= set(k.tolist())  # the disc between the two, too


def test_a_crop_without_a_closed_arch_stays_as_it_is():
    spine = rings()
    spine[18:22, 22:30] = False
    image = np.full(spine.shape, 0.05, np.float32)
    assert not insert_canal_contrast(image, spine, 1.5, np.random.default_rng(0)).any()
    assert (image == np.float32(0.05)).all()


def test_the_contrast_is_bright_and_the_bone_is_left_as_it_was():
    spine = rings()
    image = np.where(spine, 0.3, 0.05).astype(np.float32)
    sac = insert_canal_contrast(image, spine, 1.5, np.random.default_rng(3))
    assert image[sac].mean() > 0.1
    assert (image[spine] == np.float32(0.3)).all()
    assert (image.min() >= 0) & (image.max() <= 1)
