from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.registration.distance_field import distance_field


def box_map(spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), linear: np.ndarray | None = None) -> LabelMap:
    """Label 22 is a box of 20 x 16 x 24 mm whose middle is at 0, 0, 0."""
    shape = tuple(round(60 / s) for s in spacing)
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if linear is None else linear) * np.array(spacing)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    grid = Grid(shape, affine)
    places = np.abs((np.indices(shape).reshape(3, -1).T - (np.array(shape) - 1) / 2) * spacing)
    inside = (places < np.array([10.0, 8.0, 12.0])).all(axis=1).reshape(shape)
    return LabelMap(np.where(inside, 22, 0).astype(np.uint8), grid, "vertebrae")


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (1.0, 1.0, 3.0)])
def test_distances_to_the_faces_of_a_box(spacing: tuple[float, float, float]):
    field = distance_field(box_map(spacing), 22)
    outside = field.distances(np.array([[14.0, 0, 0], [0, 12, 0], [10, 0, 0], [7, 0, 0]]))
    assert outside == pytest.approx([4, 4, 0, -3], abs=0.15)
    distance, normal = field.sample(np.array([[0.0, -11, 0]]))
    assert distance == pytest.approx([3], abs=0.15)
    assert normal[0] == pytest.approx([0, -1, 0], abs=0.05)


def test_an_oblique_grid_has_the_same_surface():
    c, s = np.cos(0.5), np.sin(0.5)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    field = distance_field(box_map(linear=turn), 22)
    assert field.distances(turn @ [14.0, 0, 0]) == pytest.approx(4, abs=0.15)


def test_far_points_keep_their_distance():
    assert distance_field(box_map(), 22).distances(np.array([[110.0, 0, 0]])) == pytest.approx([100], abs=0.3)


def test_the_surface_points_lie_on_the_surface():
    field = distance_field(box_map(), 22)
    points, normals = field.surface_points(2)
    assert len(points) > 200
    assert np.abs(field.distances(points)).max() < 0.1
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1)


def test_a_label_that_is_absent_is_named_with_those_that_are_there():
    with pytest.raises(InputError, match="There is no L4"):
        distance_field(box_map(), 23)


def test_a_bone_at_the_border_is_cut():
    whole = box_map()
    assert not distance_field(whole, 22).is_cut
    part = LabelMap(whole.labels[:, :, 30:], Grid((60, 60, 30), whole.grid.affine), "vertebrae")
    assert distance_field(part, 22).is_cut
