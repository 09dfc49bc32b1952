from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from webapp.display.volume_files import VOLUME_FILE, as_hu16, read_display, write_display, write_display_mask
from webapp.display.voxel_codec import decode_slice


def test_the_volume_is_written_with_i_fastest_and_its_direction(tmp_path: Path):
    hu = np.array([[[1], [2], [3]], [[4], [5], [-6]]], dtype=np.int16)  # (2, 3, 1), L P S
    affine = np.diag([-2.0, -3.0, 4.0, 1.0])
    display = write_display(Volume(hu, Grid((2, 3, 1), affine)), tmp_path)
    voxels = decode_slice(gzip.decompress((tmp_path / VOLUME_FILE).read_bytes()), (2, 3))
    assert voxels.ravel(order="F").tolist() == [-6, 3, 5, 2, 4, 1]
    assert display.coding == "med16"
    assert display.shape == [2, 3, 1]
    assert display.spacing_mm == [2, 3, 4]
    assert display.origin_mm == [-2, -6, 0]
    assert display.direction == np.eye(3).tolist()
    assert display.hu_range == [-6, 5]
    assert read_display(tmp_path) == display


def test_an_oblique_direction_is_kept(tmp_path: Path):
    turn = np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * 2
    display = write_display(Volume(np.zeros((2, 2, 2), dtype=np.int16), Grid((2, 2, 2), affine)), tmp_path)
    assert np.allclose(display.direction, turn)


def test_a_mask_is_written_in_the_same_order_and_its_digest_follows_its_content(tmp_path: Path):
    grid = Grid((2, 3, 1), np.diag([-2.0, -3.0, 4.0, 1.0]))
    labels = np.array([[[1], [2], [3]], [[4], [5], [6]]], dtype=np.uint8)
    digest = write_display_mask(LabelMap(labels, grid, "vertebrae"), tmp_path)
    voxels = gzip.decompress((tmp_path / VOLUME_FILE).read_bytes())
    assert list(voxels) == [6, 3, 5, 2, 4, 1]
    assert write_display_mask(LabelMap(labels + 1, grid, "vertebrae"), tmp_path) != digest


@pytest.mark.parametrize(
    ("value", "expected"), [(1.4, 1), (-0.6, -1), (1e9, 32767), (-1e9, -32768), (float("nan"), -1024)]
)
def test_floats_become_int16(value: float, expected: int):
    assert as_hu16(np.array([value], dtype=np.float32)).tolist() == [expected]
