from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.core.errors import BadGeometry
from segmentation.core.geometry import Grid, from_canonical, to_canonical
from segmentation.phantom.spec import rotation

lengths = st.floats(0.2, 6.0)
angles = st.floats(-180, 180)


def oblique(spacing: tuple[float, float, float], degrees: tuple[float, float, float]) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = rotation(degrees) @ np.diag(spacing)
    affine[:3, 3] = (-12.5, 40, 3)
    return Grid((10, 20, 30), affine)


@given(st.tuples(lengths, lengths, lengths), st.tuples(angles, angles, angles))
def test_millimetres_and_indices_undo_each_other(
    spacing: tuple[float, float, float], degrees: tuple[float, float, float]
) -> None:
    grid = oblique(spacing, degrees)
    index = np.array([[0, 0, 0], [9, 19, 29], [2.5, 3.25, 7]])
    assert np.allclose(grid.to_index(grid.to_mm(index)), index, atol=1e-9)
    assert np.allclose(grid.spacing_mm, spacing)
    assert np.isclose(grid.voxel_ml, np.prod(spacing) / 1000)


def test_two_voxels_along_a_3_mm_axis_are_6_mm_apart() -> None:
    grid = Grid((4, 4, 4), np.diag([-1.0, 2.0, 3.0, 1.0]))
    assert grid.to_mm(np.array([1, 1, 2])).tolist() == [-1, 2, 6]
    assert grid.extent_mm == (4, 8, 12)
    assert grid.orientation == "LAS"


def test_a_grid_matches_only_its_like() -> None:
    grid = oblique((1, 2, 3), (10, 0, 5))
    near, far = grid.affine.copy(), grid.affine.copy()
    near[0, 3] += 0.005
    far[0, 3] += 0.02
    assert grid.matches(grid)
    assert grid.matches(Grid(grid.shape, near))
    assert not grid.matches(Grid(grid.shape, far))
    assert not grid.matches(Grid((10, 20, 31), grid.affine))


def test_a_small_turn_that_moves_a_corner_does_not_match() -> None:
    assert not oblique((1, 1, 1), (0, 0, 0)).matches(oblique((1, 1, 1), (0, 0, 0.1)))


def test_the_affine_is_a_value_of_its_own() -> None:
    affine = np.eye(4)
    grid = Grid((2, 2, 2), affine)
    affine[0, 0] = 7
    assert grid.spacing_mm == (1, 1, 1)
    with pytest.raises(ValueError):
        grid.affine[0, 0] = 7


@pytest.mark.parametrize(
    "affine",
    [
        np.full((4, 4), np.nan),
        np.diag([1, np.inf, 1, 1]),
        np.diag([1, 0, 1, 1]),
        np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        np.diag([1, 1, 1, 2]),
        np.eye(3),
    ],
)
def test_an_affine_that_places_nothing_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(BadGeometry):
        Grid((2, 2, 2), affine)


def test_small_voxels_are_not_mistaken_for_a_singular_affine() -> None:
    assert Grid((2, 2, 2), np.diag([1e-3, 1e-3, 1e-3, 1])).spacing_mm == (1e-3, 1e-3, 1e-3)


AXES = [(a, b, c) for a in range(3) for b in range(3) for c in range(3) if len({a, b, c}) == 3]


def grid_of(axes: tuple[int, int, int], signs: tuple[int, int, int], shape: tuple[int, int, int]) -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = 0
    for index, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, index] = sign * (1.0 + index)
    affine[:3, 3] = (5, -7, 11)
    return Grid(shape, affine)


@given(st.sampled_from(AXES), st.tuples(*[st.sampled_from((-1, 1))] * 3))
def test_every_voxel_keeps_its_place_in_the_patient(axes: tuple[int, int, int], signs: tuple[int, int, int]):
    grid = grid_of(axes, signs, (3, 4, 5))
    values = np.arange(60).reshape(3, 4, 5)
    turned, turned_grid = to_canonical(values, grid), grid.canonical
    assert turned_grid.orientation == "RAS"
    assert turned_grid.shape == turned.shape
    index = np.argwhere(values >= 0)
    there = np.rint(turned_grid.to_index(grid.to_mm(index))).astype(int)
    assert (turned[tuple(there.T)] == values[tuple(index.T)]).all()
    assert np.shares_memory(turned, values)
    np.testing.assert_array_equal(from_canonical(turned, grid), values)


def test_axes_towards_left_anterior_and_inferior_are_turned_towards_r_a_and_s() -> None:
    array = np.zeros((3, 4, 5), dtype=np.uint8)
    array[0, 0, 0] = 7
    turned = to_canonical(array, Grid((3, 4, 5), np.diag([-1.0, 1.0, -1.0, 1.0])))
    assert np.argwhere(turned).tolist() == [[2, 0, 4]]


def test_colours_of_voxels_turn_with_them() -> None:
    array = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)
    turned = to_canonical(array, Grid((2, 3, 4), np.diag([-1.0, 1.0, 1.0, 1.0])))
    np.testing.assert_array_equal(turned, array[::-1])
