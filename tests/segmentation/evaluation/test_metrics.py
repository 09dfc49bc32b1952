from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.metrics import (
    compute_confusion_matrix_metric,
    compute_dice,
    compute_hausdorff_distance,
    compute_surface_dice,
    get_confusion_matrix,
)
from scipy import ndimage

from segmentation.core.boxes import bounding_box
from segmentation.core.geometry import Grid
from segmentation.core.labels import spine_voxels
from segmentation.core.volume import LabelMap
from segmentation.evaluation.metrics import (
    Mask,
    dice,
    farther,
    hd95_mm,
    nearest,
    precision,
    recall,
    surface,
    surface_dice,
    surface_voxels,
    volume_error_ml,
    voxels,
)

ISOTROPIC = (1.0, 1.0, 1.0)


def voxel(*positions: int) -> Mask:
    """A 10x3x3 mask with voxels on the line (position, 1, 1)."""
    mask = np.zeros((10, 3, 3), dtype=bool)
    for position in positions:
        mask[position, 1, 1] = True
    return mask


NOTHING = voxel()


def ball(shape: tuple[int, int, int], centre: tuple[float, float, float], radius: float) -> Mask:
    index = np.indices(shape)
    distance = sum((index[axis] - centre[axis]) ** 2 for axis in range(3))
    return np.asarray(distance <= radius**2)


def test_one_of_two_voxels_found_gives_the_dice_of_two_thirds():
    assert dice(voxel(0), voxel(0, 1)) == pytest.approx(2 / 3)


def test_dice_of_equal_and_of_separate_masks():
    assert dice(voxel(3), voxel(3)) == 1.0
    assert dice(voxel(3), voxel(4)) == 0.0


def test_precision_and_recall_of_three_voxels_of_which_one_is_right():
    assert precision(voxel(0, 1, 2), voxel(2, 3)) == pytest.approx(1 / 3)
    assert recall(voxel(0, 1, 2), voxel(2, 3)) == pytest.approx(1 / 2)


def test_empty_masks():
    assert dice(NOTHING, NOTHING) == precision(NOTHING, NOTHING) == recall(NOTHING, NOTHING) == 1.0
    assert dice(NOTHING, voxel(1)) == recall(NOTHING, voxel(1)) == 0.0
    assert math.isnan(precision(NOTHING, voxel(1)))
    assert math.isnan(recall(voxel(1), NOTHING))
    assert math.isnan(hd95_mm(NOTHING, voxel(1), ISOTROPIC))
    assert math.isnan(hd95_mm(NOTHING, NOTHING, ISOTROPIC))
    assert surface_dice(NOTHING, NOTHING, ISOTROPIC, 1.0) == 1.0
    assert surface_dice(voxel(1), NOTHING, ISOTROPIC, 1.0) == 0.0
    assert bounding_box(NOTHING) is None


def test_two_voxels_three_apart_along_a_2_mm_axis():
    assert hd95_mm(voxel(0), voxel(3), spacing_mm=(2.0, 1.0, 1.0)) == 6


def test_hausdorff_takes_the_larger_of_the_two_directions():
    assert hd95_mm(voxel(0), voxel(0, 4), ISOTROPIC) == pytest.approx(0.95 * 4)
    assert hd95_mm(voxel(0, 4), voxel(0), ISOTROPIC) == pytest.approx(0.95 * 4)


def test_a_surface_two_millimetres_off_counts_at_a_tolerance_of_two_and_not_of_one():
    assert surface_dice(voxel(0), voxel(1), (2.0, 1.0, 1.0), 2.0) == 1.0
    assert surface_dice(voxel(0), voxel(1), (2.0, 1.0, 1.0), 1.0) == 0.0


def test_the_surface_of_a_cube_of_three_is_all_but_its_centre():
    cube = np.zeros((5, 5, 5), dtype=bool)
    cube[1:4, 1:4, 1:4] = True
    assert surface(cube).sum() == 26
    assert not surface(cube)[2, 2, 2]


def test_a_mask_that_touches_the_border_has_its_surface_there():
    assert surface(np.ones((3, 3, 3), dtype=bool)).sum() == 26


def test_volume_error_has_a_sign():
    assert volume_error_ml(voxel(0, 1, 2), voxel(0), voxel_ml=0.5) == 1.0
    assert volume_error_ml(voxel(0), voxel(0, 1, 2), voxel_ml=0.5) == -1.0


def test_only_what_lies_farther_than_ten_millimetres_is_a_far_false_positive():
    found = voxel(0, 5, 6)  # at 2 mm a voxel: 0, 10 and 12 mm from the reference
    spacing_mm = (2.0, 1.0, 1.0)
    assert farther(voxels(found), surface_voxels(voxel(0)), spacing_mm, 10.0).tolist() == [False, False, True]
    assert farther(voxels(found), surface_voxels(NOTHING), spacing_mm, 10.0).tolist() == [True, True, True]


@pytest.mark.parametrize("spacing", [1.0, 1.00000002, 0.99999998, 1.000001])
def test_a_spacing_that_is_a_millimetre_but_for_rounding_is_a_millimetre(spacing: float):
    assert surface_dice(voxel(3), voxel(4), (spacing,) * 3, 1.0) == 1.0
    assert hd95_mm(voxel(3), voxel(4), (spacing,) * 3) == pytest.approx(1.0, rel=1e-5)
    assert not farther(voxels(voxel(6)), voxels(voxel(0)), (spacing,) * 3, 6.0).any()


def test_a_spacing_that_is_a_hundredth_more_than_the_tolerance_is_more():
    assert surface_dice(voxel(3), voxel(4), (1.01, 1.01, 1.01), 1.0) == 0.0
    assert farther(voxels(voxel(6)), voxels(voxel(0)), (1.01, 1.01, 1.01), 6.0).all()


def test_masks_of_two_shapes_are_not_compared():
    with pytest.raises(ValueError, match="one grid"):
        dice(np.ones((1, 3, 3), dtype=bool), np.ones((2, 3, 3), dtype=bool))


def test_the_sacrum_is_no_part_of_the_spine():
    labels = np.array([0, 1, 20, 25, 26, 27, 28], dtype=np.uint8).reshape(7, 1, 1)
    grid = Grid((7, 1, 1), np.eye(4))
    assert spine_voxels(LabelMap(labels, grid, "vertebrae")).ravel().tolist() == [0, 1, 1, 1, 0, 0, 1]
    assert spine_voxels(LabelMap(labels, grid, "spine")).ravel().tolist() == [0, 1, 0, 0, 0, 0, 0]


def batch(mask: Mask) -> torch.Tensor:
    return torch.from_numpy(mask)[None, None].float()


SPACINGS = pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.8, 2.5)])


@SPACINGS
def test_the_figures_are_monai_s(spacing_mm: tuple[float, float, float]):
    shape = (24, 20, 16)
    ours, theirs = ball(shape, (10, 9, 8), 5.5), ball(shape, (12, 10, 7), 6.2)
    ours[20, 16, 12] = True
    first, second = batch(ours), batch(theirs)
    confusion = get_confusion_matrix(first, second)
    assert dice(ours, theirs) == pytest.approx(compute_dice(first, second).item())
    assert precision(ours, theirs) == pytest.approx(compute_confusion_matrix_metric("precision", confusion).item())
    assert recall(ours, theirs) == pytest.approx(compute_confusion_matrix_metric("sensitivity", confusion).item())
    assert hd95_mm(ours, theirs, spacing_mm) == pytest.approx(
        compute_hausdorff_distance(first, second, percentile=95, spacing=list(spacing_mm)).item()
    )
    for tolerance_mm in (1.0, 3.0):
        assert surface_dice(ours, theirs, spacing_mm, tolerance_mm) == pytest.approx(
            compute_surface_dice(first, second, [tolerance_mm], spacing=list(spacing_mm)).item()
        )


@SPACINGS
def test_a_surface_between_the_voxels_gives_a_surface_dice_not_far_from_ours(spacing_mm: tuple[float, float, float]):
    shape = tuple(int(40 / s) + 2 for s in spacing_mm)
    index = [np.arange(n) * s - n * s / 2 for n, s in zip(shape, spacing_mm, strict=True)]
    x, y, z = np.meshgrid(*index, indexing="ij")
    ours, theirs = np.hypot(np.hypot(x, y), z) <= 13.3, np.hypot(np.hypot(x - 1.3, y - 1.3), z - 1.3) <= 14.2

    def monai_s(tolerance_mm: float) -> float:
        return compute_surface_dice(
            batch(ours), batch(theirs), [tolerance_mm], spacing=list(spacing_mm), use_subvoxels=True
        ).item()

    assert surface_dice(ours, theirs, spacing_mm, 3.0) == pytest.approx(monai_s(3.0), abs=0.01)
    assert 0 < monai_s(1.0) - surface_dice(ours, theirs, spacing_mm, 1.0) < 0.11


def test_of_empty_masks_monai_says_nothing_where_we_say_what_was_right():
    assert math.isnan(compute_dice(batch(NOTHING), batch(NOTHING)).item())
    for first, second in ((NOTHING, NOTHING), (NOTHING, voxel(1)), (voxel(1), NOTHING)):
        expected = compute_dice(batch(first), batch(second), ignore_empty=False).item()
        assert dice(first, second) == expected


def test_distances_are_those_of_a_distance_map():
    random = np.random.default_rng(5)
    first, second = ndimage.gaussian_filter(random.standard_normal((2, 20, 18, 16)), (0, 2, 2, 2)) > 0.05
    spacing_mm = (0.6, 0.3, 2.0)
    expected = ndimage.distance_transform_edt(~second, sampling=spacing_mm)[first]
    found, index = nearest(voxels(first), surface_voxels(second), spacing_mm)
    inside = second[first]
    assert found[~inside] == pytest.approx(expected[~inside], abs=1e-12)
    steps = (voxels(first) - surface_voxels(second)[index]) * spacing_mm
    assert np.linalg.norm(steps, axis=1) == pytest.approx(found)


def test_five_steps_of_six_tenths_are_three_millimetres_everywhere():
    points = np.array([[start, 0, 0] for start in range(200)], dtype=np.int32)
    for point in points:
        distance, _ = nearest(point[None], point[None] + np.array([[5, 0, 0]], dtype=np.int32), (0.6, 1.0, 1.0), 3.0)
        assert distance[0] == 3.0


def test_nothing_is_found_beyond_the_limit_and_nothing_among_nothing():
    points = voxels(voxel(0, 9))
    distance, index = nearest(points, voxels(voxel(2)), ISOTROPIC, within_mm=2.0)
    assert (distance.tolist(), index.tolist()) == ([2.0, math.inf], [0, 1])
    assert nearest(points, voxels(NOTHING), ISOTROPIC)[0].tolist() == [math.inf, math.inf]
    assert len(nearest(voxels(NOTHING), points, ISOTROPIC)[0]) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_agreement_is_symmetric_and_never_better_than_perfect(seed: int):
    random = np.random.default_rng(seed)
    first, second = random.random((2, 6, 5, 4)) > 0.7
    assert dice(first, second) == dice(second, first) <= 1
    assert surface_dice(first, second, ISOTROPIC, 1) == surface_dice(second, first, ISOTROPIC, 1) <= 1
    assert dice(first, first) == surface_dice(first, first, ISOTROPIC, 0) == 1
