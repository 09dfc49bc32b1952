from __future__ import annotations

import numpy as np

from segmentation.core.boxes import whole_box
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.preprocessing.crop import bone_box


def volume(spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Volume:
    """100 voxels along each axis, 40 HU, with a cube of 1000 HU from 40 to 60."""
    hu = np.full((100, 100, 100), 40, np.int16)
    hu[40:60, 40:60, 40:60] = 1000
    return Volume(hu, Grid((100, 100, 100), np.diag([*spacing_mm, 1.0])))


def test_the_box_reaches_twenty_millimetres_beyond_the_bone():
    for part in bone_box(volume()):
        assert 40 - 20 - 3 <= part.start <= 40 - 20 + 3
        assert 60 + 20 - 3 <= part.stop <= 60 + 20 + 3


def test_the_margin_is_in_millimetres_along_each_axis():
    i, _, k = bone_box(volume((2.0, 1.0, 0.5)))
    assert 40 - 10 - 2 <= i.start <= 40 - 10 + 2
    assert 40 - 40 - 6 <= k.start <= 6
    assert k.stop == 100


def test_what_is_too_small_for_a_bone_does_not_widen_the_box():
    speckled = volume()
    speckled.hu[3, 3, 3] = speckled.hu[90, 90, 90] = 3000
    assert bone_box(speckled) == bone_box(volume())


def test_without_bone_everything_is_kept():
    soft = Volume(np.full((9, 8, 7), 40, np.int16), Grid((9, 8, 7), np.eye(4)))
    assert bone_box(soft) == whole_box(soft.grid.shape) == (slice(0, 9), slice(0, 8), slice(0, 7))
