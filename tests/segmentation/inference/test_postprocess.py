from __future__ import annotations

import numpy as np
import pytest

from segmentation.inference.postprocess import SMALLEST_COMPONENT_MM3, is_plausible_spine, keep_main_column, keep_spine


def empty() -> np.ndarray:
    return np.zeros((24, 24, 24), dtype=bool)


def test_a_component_of_400_mm3_stays_and_one_voxel_less_goes():
    mask = empty()
    mask[1:11, 1:11, 1:5] = True  # 400 voxels of 1 mm^3
    mask[13:23, 13:23, 13:17] = True
    mask[13, 13, 13] = False  # 399
    kept = keep_spine(mask, 1.0)
    assert SMALLEST_COMPONENT_MM3 == 400
    assert kept[1:11, 1:11, 1:5].all()
    assert kept.sum() == 400


def test_size_is_measured_in_mm3_and_not_in_voxels():
    mask = empty()
    mask[2:6, 2:6, 2:5] = True  # 48 voxels
    assert keep_spine(mask, 8.0).sum() == 0  # 384 mm^3
    assert keep_spine(mask, 8.5).sum() == 48  # 408 mm^3


def test_voxels_that_touch_at_a_corner_belong_together():
    mask = empty()
    mask[2:8, 2:8, 2:8] = True  # 216
    mask[8:14, 8:14, 8:14] = True  # 216, touching at one corner
    assert keep_spine(mask, 1.0).sum() == 432


def test_a_closed_bubble_is_filled_and_a_canal_is_not():
    mask = empty()
    mask[2:20, 2:20, 2:20] = True
    mask[5, 5, 5] = False
    mask[10:12, 10:12, :] = False
    kept = keep_spine(mask, 1.0)
    assert kept[5, 5, 5]
    assert not kept[10:12, 10:12, :].any()


def test_a_canal_that_leaves_the_scan_is_not_a_bubble():
    mask = np.ones((12, 12, 12), dtype=bool)
    mask[5:7, 5:7, :] = False
    np.testing.assert_array_equal(keep_spine(mask, 1.0), mask)


def test_an_empty_mask_stays_empty():
    assert not keep_spine(empty(), 1.0).any()


def test_the_mask_that_came_in_is_left_as_it_was():
    mask = empty()
    mask[1, 1, 1] = True
    assert not keep_spine(mask, 1.0).any()
    assert mask.sum() == 1


def pieces(*places: tuple[int, int, int]) -> np.ndarray:
    """Posts of 4 x 4 voxels on a 4 mm grid, each (i, first k, last k)."""
    mask = np.zeros((50, 20, 60), dtype=bool)
    for i, low, high in places:
        mask[i : i + 4, 8:12, low:high] = True
    return mask


def test_a_column_in_two_pieces_one_above_the_other_is_kept():
    mask = pieces((20, 5, 30), (24, 34, 45))
    np.testing.assert_array_equal(keep_main_column(mask, 4.0), mask)


def test_an_arm_beside_the_column_is_not_column():
    np.testing.assert_array_equal(keep_main_column(pieces((20, 5, 30), (40, 8, 20)), 4.0), pieces((20, 5, 30)))


def test_what_lies_higher_but_far_from_the_column_s_line_is_not_column():
    np.testing.assert_array_equal(keep_main_column(pieces((20, 5, 30), (40, 34, 45)), 4.0), pieces((20, 5, 30)))


def test_a_single_piece_and_an_empty_mask_stay_as_they_are():
    for mask in (pieces((20, 5, 30)), pieces()):
        np.testing.assert_array_equal(keep_main_column(mask, 4.0), mask)


@pytest.mark.parametrize(
    ("logit", "voxels", "believed"),
    [
        (1.0, 500, False),
        (2.0, 500, True),
        (1.0, 3000, True),
        (0.0, 0, False),
    ],  # 4 mm voxels: 500 are 32 ml, 3000 192 ml
)
def test_a_short_column_must_be_seen_clearly(logit, voxels, believed):
    assert is_plausible_spine(np.full(voxels, logit, dtype=np.float32), 4.0) is believed
