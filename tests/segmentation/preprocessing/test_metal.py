from __future__ import annotations

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.preprocessing.metal import hide_metal, metal_box
from segmentation.preprocessing.preprocess import InputSpec, prepare


def scan(value: int = 400) -> np.ndarray:
    return np.full((12, 10, 8), value, dtype=np.float32)


def test_metal_and_its_neighbours_become_air_and_nothing_else():
    hu = scan()
    hu[5, 5, 4] = 2500
    hide_metal(hu, 2000, 0)
    assert (hu == 0).sum() == 7  # the voxel and one on each face
    assert hu[5, 5, 4] == hu[4, 5, 4] == hu[5, 5, 3] == 0
    assert hu[4, 4, 4] == 400


def test_metal_in_a_corner_is_hidden_too():
    hu = scan()
    hu[0, 0, 0] = hu[11, 9, 7] = 3071
    hide_metal(hu, 2000, 0)
    assert (hu == 0).sum() == 8


def test_dense_bone_is_no_metal():
    hu = scan(2000)
    hide_metal(hu, 2000, 0)
    assert (hu == 2000).all()


def test_the_box_around_metal():
    hu = scan()
    assert metal_box(hu, 2000) is None
    hu[3, 2, 1] = hu[6, 2, 5] = 3000
    assert metal_box(hu, 2000) == (slice(3, 7), slice(2, 3), slice(1, 6))
    assert metal_box(hu, 2000, margin=3) == (slice(0, 10), slice(0, 6), slice(0, 8 + 0))


def test_only_a_network_with_a_threshold_is_shown_metal_as_air():
    hu = scan().astype(np.int16)
    hu[5, 5, 4] = 3071
    volume = Volume(hu, Grid((12, 10, 8), np.eye(4)))
    shown = prepare(volume, InputSpec(1.0)).image
    hidden = prepare(volume, InputSpec(1.0, metal_hu=2000)).image
    assert shown[5, 5, 4] == 1
    assert hidden[5, 5, 4] == hidden[5, 6, 4] == 0
    assert volume.hu[5, 5, 4] == 3071  # the scan itself stays as it was
    differs = shown != hidden
    assert differs.sum() == 7
