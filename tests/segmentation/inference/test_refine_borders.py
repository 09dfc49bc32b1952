"""What the scan shows beyond what the network was shown moves the logits, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, ornt_transform

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.inference.refine_borders import PER_RANGE, refine
from segmentation.preprocessing.preprocess import InputSpec, prepare, restore

SPEC = InputSpec(1.5)


def scan(spacing_mm: float, hu: float = 200.0, shape: tuple[int, int, int] = (30, 24, 20)) -> Volume:
    return Volume(np.full(shape, hu, dtype=np.int16), Grid(shape, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])))


def change(volume: Volume, spec: InputSpec = SPEC) -> np.ndarray:
    logits = np.zeros(volume.grid.shape, dtype=np.float32)
    refine(logits, volume, prepare(volume, spec), spec)
    return logits


def test_nothing_changes_where_the_network_saw_every_voxel() -> None:
    volume = scan(1.5)
    volume.hu[...] = np.random.default_rng(0).integers(-200, 1200, volume.grid.shape)
    assert np.abs(change(volume)).max() < 1e-5


def test_a_voxel_is_moved_by_what_the_network_was_not_shown_of_it() -> None:
    volume = scan(0.75)
    volume.hu[14, 12, 10] = 700
    moved = change(volume)
    seen = restore(prepare(volume, SPEC).image, prepare(volume, SPEC)) * 1000
    assert moved[14, 12, 10] == pytest.approx(PER_RANGE * (700 - seen[14, 12, 10]) / 1000, abs=1e-4)
    assert moved[14, 12, 10] > 1
    assert moved[13, 12, 10] < 0  # the network saw some of the brightness here
    assert moved[2, 2, 2] == pytest.approx(0, abs=1e-5)
    assert moved.sum() == pytest.approx(0, abs=0.05)  # brightness moves, it does not grow


def test_beyond_the_clamp_there_is_no_detail() -> None:
    volume = scan(0.75, hu=1000.0)
    volume.hu[14, 12, 10] = 3000  # metal
    assert np.abs(change(volume)).max() < 1e-5
    volume.hu[...] = -1000
    volume.hu[14, 12, 10] = -50
    assert np.abs(change(volume)).max() < 1e-5


@pytest.mark.parametrize("code", ["LPS", "SAR", "AIL"])
def test_the_way_the_file_is_stored_changes_nothing(code: str) -> None:
    volume = scan(0.75)
    volume.hu[...] = np.random.default_rng(1).integers(0, 600, volume.grid.shape)
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(code))
    stored = np.ascontiguousarray(apply_orientation(volume.hu, turn))
    other = Volume(stored, Grid(stored.shape, volume.grid.affine @ inv_ornt_aff(turn, volume.grid.shape)))
    np.testing.assert_allclose(change(other), apply_orientation(change(volume), turn), atol=1e-5)


def test_only_the_part_that_was_shown_is_changed() -> None:
    volume = scan(0.75, hu=-1000.0, shape=(90, 80, 40))
    volume.hu[20:40, 20:40, 10:30] = 400  # more than 2 ml of bone
    volume.hu[30, 30, 20] = 800
    spec = InputSpec(1.5, crop="bone")
    moved = change(volume, spec)
    box = prepare(volume, spec).box
    outside = np.ones(volume.grid.shape, dtype=bool)
    outside[box] = False
    assert outside.any()
    assert not moved[outside].any()
    assert moved[30, 30, 20] > 0.5


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_hidden_metal_has_no_detail_nor_have_its_neighbours(axis: int) -> None:
    volume = scan(1.5)
    volume.hu[14, 12, 10] = 3000
    neighbour = [14, 12, 10]
    neighbour[axis] += 1
    moved = change(volume, InputSpec(1.5, metal_hu=2000))
    assert abs(moved[14, 12, 10]) < 1e-5
    assert abs(moved[tuple(neighbour)]) < 1e-5
