from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from webapp.display.volume_files import PREVIEW_FILE, PREVIEW_VOXELS, VOLUME_FILE, write_display
from webapp.display.voxel_codec import decode_slice, encode_slice, preview_factors, shrink

SLICES = arrays.arrays(np.int16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=7))


@given(SLICES)
def test_every_slice_comes_back_to_the_bit(plane: np.ndarray):
    data = encode_slice(plane)
    assert len(data) == 2 * plane.size
    assert (decode_slice(data, plane.shape) == plane).all()


def test_the_bytes_are_those_that_a_person_works_out():
    plane = np.array([[10, 12], [13, 13]], np.int16)  # i down, j right: rows j are 10 13 and 12 13
    # 10 from 0: 10; 13 from 10: 3; 12 from above: 2; 13 between 12 and 13, corner 10 <= 12: guess 13, rest 0.
    assert encode_slice(plane) == bytes([20, 6, 4, 0, 0, 0, 0, 0])
    assert encode_slice(np.array([[-1]], np.int16)) == bytes([1, 0])


def test_a_preview_is_cubic_and_small_enough():
    assert preview_factors((512, 512, 100), (0.7, 0.7, 2.5), 1_500_000) == (4, 4, 2)
    assert preview_factors((10, 10, 10), (1, 1, 1), 1_500_000) == (1, 1, 1)


def test_blocks_are_averaged_and_smaller_ones_at_the_end_too():
    array = np.arange(3 * 2 * 1, dtype=np.int16).reshape(3, 2, 1) * 10
    assert shrink(array, (2, 2, 1))[:, :, 0].tolist() == [[15], [45]]


@given(st.integers(1, 3), st.integers(1, 3))
def test_a_block_lies_in_the_middle_of_its_voxels(i: int, k: int):
    grid = Grid((6, 6, 6), np.diag([1.0, 2.0, 3.0, 1.0]))
    index = np.zeros((6, 6, 6), np.int16)
    index += np.arange(6, dtype=np.int16)[:, None, None] * 100
    assert shrink(index, (i, 1, k))[0, 0, 0] == round((i - 1) / 2 * 100)
    assert grid.to_mm((np.array((i, 1, k)) - 1) / 2)[0] == (i - 1) / 2


def test_a_large_scan_has_a_preview_of_its_own_grid_and_less_than_plain_gzip(tmp_path: Path):
    shape = (160, 150, 140)
    ramp = np.add.outer(np.add.outer(np.arange(160), np.arange(150)), np.arange(140)).astype(np.int16)
    hu = ramp + np.random.default_rng(0).integers(-8, 8, shape, dtype=np.int16)
    display = write_display(Volume(hu, Grid(shape, np.diag([1.0, 1.0, 1.0, 1.0]))), tmp_path)
    assert display.preview is not None
    assert display.preview["factors"] == [2, 2, 1]
    assert display.preview["shape"] == [80, 75, 140]
    assert display.preview["origin_mm"] == [0.5, 0.5, 0]
    small = gzip.decompress((tmp_path / PREVIEW_FILE).read_bytes())
    assert len(small) == 2 * 80 * 75 * 140 <= 2 * PREVIEW_VOXELS
    first = decode_slice(small[: 2 * 80 * 75], (80, 75))
    assert np.abs(first - hu[:, :, 0].reshape(80, 2, 75, 2).mean(axis=(1, 3))).max() <= 0.5
    assert (tmp_path / VOLUME_FILE).stat().st_size < 0.8 * len(gzip.compress(hu.tobytes(), 4))
