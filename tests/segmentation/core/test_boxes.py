"""Boxes around masks, by hand."""

from __future__ import annotations

import numpy as np

from segmentation.core.boxes import bounding_box, whole_box


def mask(*voxels: tuple[int, int, int]) -> np.ndarray:
    made = np.zeros((6, 5, 4), dtype=bool)
    for voxel in voxels:
        made[voxel] = True
    return made


def test_the_box_of_two_voxels_reaches_from_one_to_the_other() -> None:
    assert bounding_box(mask((1, 4, 2), (3, 0, 2))) == (slice(1, 4), slice(0, 5), slice(2, 3))


def test_nothing_has_no_box() -> None:
    assert bounding_box(mask()) is None


def test_a_margin_ends_at_the_border() -> None:
    assert bounding_box(mask((1, 4, 2)), margin=2) == (slice(0, 4), slice(2, 5), slice(0, 4))


def test_the_whole_box_cuts_nothing_off() -> None:
    assert whole_box((6, 5, 4)) == (slice(0, 6), slice(0, 5), slice(0, 4))
    assert mask()[whole_box((6, 5, 4))].shape == (6, 5, 4)
