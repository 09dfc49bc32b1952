from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from webapp.ingest.thumbnail import HEIGHT_PX, write_thumbnail


def bone_in_a_corner() -> Volume:
    """Bone in front and above, in a scan 60 mm deep and 120 mm tall."""
    hu = np.full((20, 30, 40), -1000, dtype=np.int16)
    hu[:, 20:, 30:] = 1000
    return Volume(hu, Grid((20, 30, 40), np.diag([2.0, 2.0, 3.0, 1.0])))


def test_head_is_up_face_is_left_and_proportions_are_true(tmp_path: Path):
    path = tmp_path / "a.png"
    write_thumbnail(bone_in_a_corner(), path)
    picture = Image.open(path)
    assert picture.size == (HEIGHT_PX // 2, HEIGHT_PX)
    grey = np.asarray(picture)[..., 0]
    assert grey[20, 10] > 200
    assert grey[20, -10] < 20
    assert grey[-20, 10] < 20


def test_the_mask_is_amber_and_the_slab_goes_where_it_is(tmp_path: Path):
    volume = bone_in_a_corner()
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[0:2, 20:, 30:] = 1  # far from the middle slice
    path = tmp_path / "a.png"
    write_thumbnail(volume, path, LabelMap(labels, volume.grid))
    red, _green, blue = (int(value) for value in np.asarray(Image.open(path))[20, 10])
    assert red > blue + 20


def test_floats_with_holes_are_drawn(tmp_path: Path):
    hu = np.full((4, 5, 6), np.nan, dtype=np.float32)
    write_thumbnail(Volume(hu, Grid((4, 5, 6), np.eye(4))), tmp_path / "a.png")
    assert np.asarray(Image.open(tmp_path / "a.png")).max() == 0
