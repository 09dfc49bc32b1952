from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume

GRID = Grid((2, 3, 4), np.diag([1.0, 2.0, 5.0, 1.0]))


def test_an_array_of_another_shape_has_no_place_on_the_grid() -> None:
    with pytest.raises(ValueError):
        Volume(np.zeros((3, 2, 4), np.int16), GRID)
    with pytest.raises(ValueError):
        LabelMap(np.zeros((2, 3, 5), np.uint8), GRID)


def test_three_voxels_of_10_cubic_millimetres_are_0_03_ml() -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[0, 0, :3] = (1, 20, 26)
    assert LabelMap(labels, GRID, "vertebrae").volume_ml == pytest.approx(0.03)


def test_there_are_two_kinds_of_label_map() -> None:
    with pytest.raises(ValueError, match="ribs"):
        LabelMap(np.zeros(GRID.shape, np.uint8), GRID, "ribs")
