"""Statistics of labels that a person can work out."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.analysis.label_statistics import label_statistics
from segmentation.core.errors import GridMismatch
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom import Phantom

AFFINE = np.array([[-2.0, 0, 0, 10], [0, 1.0, 0, 0], [0, 0, 5.0, -20], [0, 0, 0, 1.0]])
GRID = Grid((4, 3, 3), AFFINE)


def labelled() -> tuple[LabelMap, Volume]:
    """L1 is the two voxels (1, 1, 1) and (2, 1, 1), L2 the voxel (0, 0, 2)."""
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[1:3, 1, 1] = 20
    labels[0, 0, 2] = 21
    hu = np.zeros(GRID.shape, dtype=np.int16)
    hu[1, 1, 1], hu[2, 1, 1], hu[0, 0, 2] = 100, 300, -50
    return LabelMap(labels, GRID, "vertebrae"), Volume(hu, GRID)


def test_two_voxels_of_10_cubic_mm() -> None:
    found = label_statistics(*labelled())
    assert list(found) == [20, 21]
    one = found[20]
    assert one.volume_ml == pytest.approx(0.020)
    assert (one.mean_hu, one.sd_hu) == (200, 100)
    assert one.centre_mm == pytest.approx((7, 1, -15))
    assert one.low_mm == pytest.approx((5, 0.5, -17.5))
    assert one.high_mm == pytest.approx((9, 1.5, -12.5))


def test_what_is_not_a_number_is_left_out_of_the_mean() -> None:
    label_map, volume = labelled()
    hu = volume.hu.astype(np.float32)
    hu[2, 1, 1] = np.nan
    assert label_statistics(label_map, Volume(hu, GRID))[20].mean_hu == 100


def test_no_label_has_no_statistics() -> None:
    _, volume = labelled()
    assert label_statistics(LabelMap(np.zeros(GRID.shape, np.uint8), GRID, "spine"), volume) == {}


def test_another_grid_is_refused() -> None:
    label_map, volume = labelled()
    moved = Grid(GRID.shape, AFFINE + np.diag([0.0, 0, 1, 0]))
    with pytest.raises(GridMismatch, match="another grid"):
        label_statistics(label_map, Volume(volume.hu, moved))


def test_volumes_of_the_phantom_are_those_of_its_truth(small_phantom: Phantom) -> None:
    found = label_statistics(small_phantom.labels, small_phantom.volume)
    for level in small_phantom.truth["levels"]:
        assert found[level["number"]].volume_ml == pytest.approx(level["volume_ml"])
        assert found[level["number"]].mean_hu > 100
