from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.anatomy.frame import bone_of


def slab(filled: float) -> tuple[LabelMap, Volume]:
    """A block of 150 HU in 50 HU, whose last layer of voxels is filled to a part: 5 mm layers."""
    grid = Grid((20, 20, 12), np.diag([1.0, 1.0, 5.0, 1.0]))
    labels = np.zeros(grid.shape, dtype=np.uint8)
    hu = np.full(grid.shape, 50, dtype=np.int16)
    labels[4:16, 4:16, 3:7], hu[4:16, 4:16, 3:7] = 20, 150
    hu[4:16, 4:16, 7] = 50 + round(100 * filled)
    labels[4:16, 4:16, 7] = 20 if filled > 0.5 else 0
    return LabelMap(labels, grid, "vertebrae"), Volume(hu, grid)


@pytest.mark.parametrize("filled", [0.1, 0.3, 0.49, 0.6, 0.8, 1.0])
def test_a_surface_lies_where_the_bone_fills_its_voxels(filled: float):
    labels, volume = slab(filled)
    bone = bone_of(labels, 20, volume)
    assert bone is not None
    along = np.linspace(20, 45, 2501)
    points = np.stack([np.full_like(along, 9.5), np.full_like(along, 9.5), along], axis=1)
    surface = along[np.flatnonzero(bone.sample(points) <= 0)[0]]
    assert surface == pytest.approx(32.5 + 5 * filled, abs=0.15)  # layer 7 begins at 32.5 mm


def test_without_a_ct_the_surface_lies_between_the_voxels():
    labels, _ = slab(0.8)
    bone = bone_of(labels, 20)
    assert bone is not None
    assert bone.sample(np.array([[9.5, 9.5, 37.5]]))[0] == pytest.approx(0, abs=0.01)


def test_a_ct_without_contrast_changes_nothing():
    labels, volume = slab(0.8)
    flat = Volume(np.full_like(volume.hu, 60), volume.grid)
    first, second = bone_of(labels, 20), bone_of(labels, 20, flat)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.distance_mm, second.distance_mm)
