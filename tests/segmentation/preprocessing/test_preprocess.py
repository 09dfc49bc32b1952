"""There and back: whatever the orientation, spacing and shape, a mask comes home to its millimetre."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibabel.orientations import axcodes2ornt, inv_ornt_aff
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.spec import rotation
from segmentation.preprocessing.preprocess import (
    OUTSIDE_LOGIT,
    WHOLE_EDGE,
    InputSpec,
    pad_like,
    prepare,
    resample,
    restore,
)

ORIENTATIONS = [
    "".join(letters)
    for order in permutations(("RL", "AP", "SI"))
    for letters in product(*order)
]  # fmt: skip


def grid_of(
    orientation: str,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Grid:
    """A grid whose middle voxel lies at (3, -20, 70) mm."""
    axes = inv_ornt_aff(axcodes2ornt(orientation), shape)[:3, :3]
    linear = rotation(turn_deg) @ np.linalg.inv(axes) @ np.diag(spacing_mm)
    affine = np.eye(4)
    affine[:3, :3] = linear
    affine[:3, 3] = np.array([3.0, -20.0, 70.0]) - linear @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def positions_mm(grid: Grid) -> NDArray[np.float64]:
    """(I, J, K, 3) RAS+ mm of each voxel."""
    return grid.to_mm(np.stack(np.indices(grid.shape), axis=-1).astype(np.float64))


def ball_hu(grid: Grid, centre_mm: NDArray[np.float64], radius_mm: float) -> NDArray[np.float32]:
    """A ball of 1000 HU whose border is a slope of 2 mm, in air."""
    distance = np.linalg.norm(positions_mm(grid) - centre_mm, axis=-1)
    return np.clip((radius_mm - distance) * 500 + 500, 0, 1000).astype(np.float32)


def centre_of_mass_mm(grid: Grid, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ijk,ijkx->x", weights.astype(np.float64), positions_mm(grid)) / weights.sum())


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any orientation, odd shapes, anisotropic spacing, oblique; at least 40 mm along each axis."""
    lengths = [draw(st.floats(0.6, 4.0)) for _ in range(3)]
    shape = [draw(st.integers(max(9, int(np.ceil(40 / s))), max(20, int(np.ceil(60 / s))))) for s in lengths]
    turn = [draw(st.floats(-25.0, 25.0)) for _ in range(3)]
    return grid_of(
        draw(st.sampled_from(ORIENTATIONS)),
        (shape[0], shape[1], shape[2]),
        (lengths[0], lengths[1], lengths[2]),
        (turn[0], turn[1], turn[2]),
    )


def test_there_are_48_orientations():
    assert len(set(ORIENTATIONS)) == 48


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_each_orientation_comes_back_to_the_last_voxel_where_nothing_is_resampled(orientation):
    hu = np.random.default_rng(1).integers(0, 1001, (7, 8, 9)).astype(np.int16)
    volume = Volume(hu, grid_of(orientation, (7, 8, 9)))
    prepared = prepare(volume, InputSpec(1.0))
    assert prepared.grid.orientation == "RAS"
    back = restore(prepared.image, prepared)
    assert volume.grid.orientation == orientation
    np.testing.assert_allclose(back * 1000, hu, atol=0.01)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_voxel_keeps_its_place_in_the_patient(orientation):
    grid = grid_of(orientation, (7, 8, 9), (1.0, 2.0, 3.0))
    hu = np.zeros(grid.shape, dtype=np.int16)
    hu[1, 6, 3] = 1000
    prepared = prepare(Volume(hu, grid), InputSpec(1.0))
    np.testing.assert_allclose(
        centre_of_mass_mm(prepared.grid, prepared.image), grid.to_mm(np.array([1.0, 6.0, 3.0])), atol=1e-3
    )


@given(grids(), st.sampled_from([1.0, 2.0, 4.0]), st.integers(0, 2))
def test_a_linear_field_comes_back_within_a_voxel(grid, spacing_mm, axis):
    index = np.indices(grid.shape)[axis].astype(np.float32)
    field = 100 + 800 * index / (grid.shape[axis] - 1)
    prepared = prepare(Volume(field, grid), InputSpec(spacing_mm))
    back = restore(prepared.image, prepared) * 1000
    assert back.shape == grid.shape
    voxel_mm = max(grid.spacing_mm[axis], *prepared.grid.spacing_mm)
    slope = 800 / (grid.shape[axis] - 1) / grid.spacing_mm[axis]
    assert np.abs(back - field).max() <= slope * voxel_mm


@given(grids(), st.sampled_from([1.0, 2.0, 4.0]), st.sampled_from(["patch", "whole"]))
def test_a_ball_keeps_its_place_and_its_border_within_a_voxel(grid, spacing_mm, mode):
    centre = grid.to_mm((np.array(grid.shape) - 1) / 2 + 0.3)
    hu = ball_hu(grid, centre, 15.0)
    prepared = prepare(Volume(hu, grid), InputSpec(spacing_mm), mode)
    back = restore(prepared.image, prepared)
    assert back.shape == grid.shape
    before = centre_of_mass_mm(grid, hu)
    np.testing.assert_allclose(centre_of_mass_mm(prepared.grid, prepared.image), before, atol=0.3)
    np.testing.assert_allclose(centre_of_mass_mm(grid, back), before, atol=0.3)
    distance = np.linalg.norm(positions_mm(grid) - centre, axis=-1)
    voxel_mm = max(*grid.spacing_mm, *prepared.grid.spacing_mm)
    assert (back[distance < 15.0 - 1.5 * voxel_mm] > 0.5).all()
    assert (back[distance > 15.0 + 1.5 * voxel_mm] < 0.5).all()


@given(grids(), st.sampled_from([1.0, 2.0, 4.0]))
def test_the_network_s_grid_covers_exactly_the_scan(grid, spacing_mm):
    prepared = prepare(Volume(np.zeros(grid.shape, np.int16), grid), InputSpec(spacing_mm))
    canonical = grid.canonical
    ends = np.array([[-0.5] * 3, np.array(canonical.shape) - 0.5])
    prepared_ends = np.array([[-0.5] * 3, np.array(prepared.grid.shape) - 0.5])
    np.testing.assert_allclose(prepared.grid.to_mm(prepared_ends), canonical.to_mm(ends), atol=1e-6)
    assert prepared.valid_shape == prepared.grid.shape == prepared.image.shape


@given(grids(), st.floats(1.0, 6.0))
def test_mode_whole_never_distorts(grid, enlarged):
    stretched = Grid(grid.shape, grid.affine @ np.diag([enlarged, enlarged, enlarged, 1.0]))
    prepared = prepare(Volume(np.full(grid.shape, 1000, np.int16), stretched), InputSpec(2.0), "whole")
    extent = np.array(stretched.canonical.extent_mm)
    common_mm = max(1.0, extent.max() / WHOLE_EDGE)
    assert prepared.image.shape == (WHOLE_EDGE,) * 3
    assert np.abs(extent / common_mm - prepared.valid_shape).max() <= 0.5 + 1e-6
    i, j, k = prepared.valid_shape
    np.testing.assert_allclose(prepared.image[:i, :j, :k], 1.0, atol=1e-6)
    padding = np.ones(prepared.image.shape, dtype=bool)
    padding[:i, :j, :k] = False
    assert (prepared.image[padding] == 0).all()


def test_mode_whole_fills_128_voxels_with_the_longest_axis_and_pads_the_others():
    grid = grid_of("LPS", (64, 32, 96), (4.0, 4.0, 4.0))
    prepared = prepare(Volume(np.full(grid.shape, 1000, np.int16), grid), InputSpec(1.0), "whole")
    assert prepared.valid_shape == (round(64 * 128 / 96), round(32 * 128 / 96), 128)


def test_mode_whole_does_not_enlarge_a_small_scan():
    grid = grid_of("RAS", (20, 30, 40))
    assert prepare(Volume(np.zeros(grid.shape, np.int16), grid), InputSpec(2.0), "whole").valid_shape == (20, 30, 40)


@pytest.mark.parametrize(
    ("hu", "expected"), [(-3024, 0.0), (-1024, 0.0), (0, 0.0), (500, 0.5), (1000, 1.0), (3071, 1.0)]
)
def test_air_fat_and_padding_are_0_and_the_densest_bone_is_1(hu, expected):
    for kind in (np.int16, np.float32):
        volume = Volume(np.full((4, 4, 4), hu, dtype=kind), grid_of("RAS", (4, 4, 4)))
        image = prepare(volume, InputSpec(1.0)).image
        assert image.dtype == np.float32
        np.testing.assert_allclose(image, expected, atol=1e-6)


def test_several_voxels_becoming_one_are_averaged_and_not_skipped():
    checkers = (np.indices((8, 8, 8)).sum(axis=0) % 2 * 1000).astype(np.int16)
    image = prepare(Volume(checkers, grid_of("RAS", (8, 8, 8))), InputSpec(2.0)).image
    np.testing.assert_allclose(image, np.full((4, 4, 4), 0.5), atol=1e-6)


def test_resample_by_hand():
    array = np.array([0.0, 1.0], dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(resample(array, (4, 1, 1))[:, 0, 0], [0.0, 0.25, 0.75, 1.0])
    steps = np.array([0.0, 1.0, 2.0, 3.0], dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(resample(steps, (2, 1, 1))[:, 0, 0], [0.5, 2.5])
    np.testing.assert_array_equal(resample(steps, (4, 1, 1)), steps)


def test_a_slice_thinner_than_half_a_voxel_still_fills_one():
    grid = grid_of("RAS", (20, 20, 1))
    prepared = prepare(Volume(np.full(grid.shape, 500, np.int16), grid), InputSpec(4.0))
    assert prepared.valid_shape == (5, 5, 1)
    assert restore(prepared.image, prepared).shape == (20, 20, 1)


def test_padding_of_the_network_s_output_is_not_restored():
    grid = grid_of("IPR", (40, 20, 30))
    prepared = prepare(Volume(np.zeros(grid.shape, np.int16), grid), InputSpec(1.0), "whole")
    logits = np.full((WHOLE_EDGE,) * 3, 9.0, dtype=np.float32)
    i, j, k = prepared.valid_shape
    logits[:i, :j, :k] = -1.0
    np.testing.assert_array_equal(restore(logits, prepared), np.full(grid.shape, -1.0))


@given(grids(), st.sampled_from(["whole", "resize"]), st.integers(16, 40))
def test_a_ball_comes_home_from_a_cube_of_any_edge(grid, mode, edge):
    centre = grid.to_mm((np.array(grid.shape) - 1) / 2)
    prepared = prepare(Volume(ball_hu(grid, centre, 12.0), grid), InputSpec(1.0, mode=mode, edge=edge))
    assert prepared.image.shape == (edge,) * 3
    np.testing.assert_allclose(centre_of_mass_mm(prepared.grid, prepared.image), centre, atol=0.6)
    back = restore(prepared.image, prepared)
    assert back.shape == grid.shape
    np.testing.assert_allclose(centre_of_mass_mm(grid, back), centre, atol=0.6)


def test_resize_distorts_and_whole_does_not():
    grid = grid_of("RAS", (20, 40, 80))
    volume = Volume(np.full(grid.shape, 1000, np.int16), grid)
    resized, whole = (prepare(volume, InputSpec(1.0, mode=mode, edge=32)) for mode in ("resize", "whole"))
    assert resized.valid_shape == (32, 32, 32)
    np.testing.assert_allclose(resized.grid.spacing_mm, (20 / 32, 40 / 32, 80 / 32))
    assert whole.valid_shape == (8, 16, 32)
    np.testing.assert_allclose(whole.grid.spacing_mm, 2.5)
    assert resized.image.min() == 1
    assert whole.image[8:].max() == 0


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAL"])
def test_a_scan_cut_to_its_bone_comes_back_on_its_whole_grid(orientation):
    grid = grid_of(orientation, (120, 110, 100))
    centre = grid.to_mm(np.array([80.0, 60.0, 50.0]))
    volume = Volume(ball_hu(grid, centre, 12.0), grid)
    spec = InputSpec(1.0, mode="whole", edge=64, crop="bone")
    prepared = prepare(volume, spec)
    assert max(prepared.valid_shape) * 1.0 < 80  # 24 mm of bone, 20 mm on either side, a voxel of the coarse look
    back = restore(prepared.image * 20 - 10, prepared)
    assert back.shape == grid.shape
    np.testing.assert_allclose(centre_of_mass_mm(grid, (back > 0).astype(np.float32)), centre, atol=0.3)
    assert back[0, 0, 0] == OUTSIDE_LOGIT
    np.testing.assert_allclose(centre_of_mass_mm(prepared.grid, prepared.image), centre, atol=0.3)


def test_pad_like_pads_as_the_image_is_padded():
    grid = grid_of("RAS", (20, 40, 80))
    prepared = prepare(Volume(np.full(grid.shape, 1000, np.int16), grid), InputSpec(1.0, mode="whole", edge=32))
    padded = pad_like(np.ones(prepared.valid_shape, np.float32), prepared)
    np.testing.assert_array_equal(padded, prepared.image)
