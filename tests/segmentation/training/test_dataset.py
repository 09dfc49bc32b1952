from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.centreline import near_centreline
from segmentation.core.errors import GridMismatch
from segmentation.core.geometry import Grid, to_canonical
from segmentation.core.labels import SACRUM, is_spine
from segmentation.core.volume import LabelMap
from segmentation.phantom import Phantom
from segmentation.preprocessing.preprocess import InputSpec, nearest, prepare
from segmentation.training.dataset import (
    BELIEVED_MM,
    FULL,
    IGNORE,
    Item,
    beyond_the_spine,
    centreline_item,
    closed,
    closing_voxels,
    column,
    draw,
    inside_sacrum,
    known_beside,
    label_map_item,
    labelled_item,
    labelled_slab,
    negative_item,
    spine_share,
    to_bytes,
)
from segmentation.writers import write_nifti, write_volume

COARSE = InputSpec(4.0)
UNIT = np.eye(4)


def labels_of(array: NDArray[np.uint8], affine: NDArray[np.float64] = UNIT) -> LabelMap:
    return LabelMap(array, Grid(array.shape, affine), "vertebrae")  # type: ignore[arg-type]


def body_centres(phantom: Phantom) -> NDArray[np.float64]:
    return np.array([level["centre_mm"] for level in phantom.truth["levels"]])


def at(grid: Grid, array: NDArray[np.uint8], point_mm: NDArray[np.float64]) -> int:
    i, j, k = np.rint(grid.to_index(point_mm)).astype(int)
    return int(array[i, j, k])


# Closing


def plates(*layers: int) -> NDArray[np.bool_]:
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[list(layers)] = True
    return mask


def test_closing_fills_a_gap_of_one_between_plates():
    result = closed(plates(3, 5), 1)
    assert result[4, 1:-1, 1:-1].all()
    assert np.flatnonzero(result.any(axis=(1, 2))).tolist() == [3, 4, 5]


def test_closing_leaves_a_gap_wider_than_twice_the_radius():
    np.testing.assert_array_equal(closed(plates(2, 6), 1), plates(2, 6))


def test_closing_neither_grows_nor_shrinks_what_stands_alone():
    point = np.zeros((7, 7, 7), dtype=bool)
    point[0, 3, 6] = True
    np.testing.assert_array_equal(closed(point, 3), point)
    np.testing.assert_array_equal(closed(np.ones((4, 4, 4), bool), 2), np.ones((4, 4, 4), bool))
    assert not closed(np.zeros((4, 4, 4), bool), 2).any()


def test_closing_twice_is_closing_once():
    mask = np.random.default_rng(3).random((14, 14, 14)) < 0.05
    once = closed(mask, 2)
    assert (once >= mask).all()
    np.testing.assert_array_equal(closed(once, 2), once)


@pytest.mark.parametrize(("spacing_mm", "voxels"), [(1.0, 10), (2.0, 5), (4.0, 2), (8.0, 1), (30.0, 1)])
def test_the_closing_is_10_mm_whatever_the_voxel(spacing_mm, voxels):
    assert closing_voxels(spacing_mm) == voxels


def test_the_column_joins_vertebrae_across_the_disc():
    spine = np.zeros((20, 20, 24), dtype=bool)
    spine[5:15, 5:15, 2:9] = True
    spine[5:15, 5:15, 13:20] = True  # a disc of 4 voxels of 2 mm
    result = column(spine, 2.0)
    assert result.dtype == np.uint8
    assert result[10, 10, 2:20].all()
    assert not result[:, :, :2].any()
    assert not result[:, :, 20:].any()


# Slab and centreline


def three_levels() -> NDArray[np.uint8]:
    numbers = np.zeros((6, 6, 20), dtype=np.uint8)
    numbers[2:4, 2:4, 16:19] = 20  # L1, centroid at 17
    numbers[2:4, 2:4, 9:12] = 21
    numbers[2:4, 2:4, 2:5] = 22  # L3, centroid at 3
    numbers[:, :, 0:2] = 26  # the sacrum is no vertebra
    return numbers


def test_the_slab_reaches_from_the_lowest_centroid_to_the_highest():
    labels = labels_of(three_levels())
    assert labelled_slab(labels, Grid((6, 6, 20), UNIT)) == (3, 17)
    assert labelled_slab(labels, Grid((3, 3, 10), np.diag([2.0, 2.0, 2.0, 1.0]))) == (1, 9)


def test_the_slab_is_the_same_for_a_scan_stored_feet_last():
    turned = labels_of(np.ascontiguousarray(three_levels()[:, :, ::-1]), np.diag([1.0, 1.0, -1.0, 1.0]))
    assert labelled_slab(turned, Grid((6, 6, 20), UNIT)) == (3, 17)


def test_inside_the_sacrum_by_hand():
    grid = Grid((30, 30, 30), np.diag([2.0, 2.0, 2.0, 1.0]))
    line = {"sacrum_points_mm": [[30, 30, 50], [30, 20, 20], [30, 20, -20]]}  # the last point is outside the scan
    inside = inside_sacrum(grid, line)
    assert inside[15, 15, 25]
    assert inside[15, 10, 0]
    assert inside[15 + 7, 10, 5]
    assert not inside[15 + 8, 10, 5]
    assert not inside_sacrum(grid, {}).any()
    assert not inside_sacrum(grid, {"sacrum_points_mm": [[900, 0, 0], [900, 0, 9]]}).any()


def test_the_sacrum_is_known_not_to_be_spine(case, small_phantom):
    upper, middle, lower = body_centres(small_phantom).tolist()
    line = {"points_mm": [upper, middle, lower], "sacrum_points_mm": [lower, [*lower[:2], lower[2] - 30]]}
    item = centreline_item(case / "ct.nii.gz", line, COARSE, "segment")
    sacrum = inside_sacrum(prepare(small_phantom.volume, COARSE).grid, line)
    assert (item.valid_mask[sacrum] == FULL).all()
    assert not item.target[sacrum].any()


# Resampling of labels


def test_nearest_takes_the_voxel_under_each_centre():
    row = np.array([1, 2, 3, 4], dtype=np.uint8)[:, None, None]
    assert nearest(row, (2, 1, 1))[:, 0, 0].tolist() == [2, 4]
    assert nearest(row, (8, 1, 1))[:, 0, 0].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    np.testing.assert_array_equal(nearest(row, (4, 1, 1)), row)


def test_the_sacrum_is_not_spine():
    numbers = np.full((4, 4, 4), 26, dtype=np.uint8)
    numbers[:2] = 24
    assert spine_share(labels_of(numbers), (4, 4, 4)).sum() == 32
    assert spine_share(labels_of(numbers), (2, 2, 2))[:, 0, 0].tolist() == [1, 0]


def test_a_coarser_voxel_keeps_how_much_of_it_is_spine():
    numbers = np.zeros((8, 4, 4), dtype=np.uint8)
    numbers[:3] = 20
    share = spine_share(labels_of(numbers), (2, 1, 1))
    assert share[:, 0, 0].tolist() == [0.75, 0]
    assert to_bytes(share)[:, 0, 0].tolist() == [191, 0]
    assert to_bytes(np.array([0.0, 0.5, 1.0], np.float32)).tolist() == [0, 128, FULL]


# Items


def test_a_labelled_case_for_the_second_pass(case, small_phantom):
    item = labelled_item(case, InputSpec(2.0), "segment", partial=False, weight=3.0)
    assert item.image is not None
    assert item.image.dtype == item.target.dtype == np.uint8
    assert item.image.shape == item.target.shape == (60, 60, 66)
    expected = to_canonical(small_phantom.labels.labels, small_phantom.labels.grid)
    np.testing.assert_array_equal(item.target, FULL * is_spine(expected))  # 2 mm to 2 mm: no voxel is shared
    assert item.valid_mask.dtype == np.uint8
    assert (item.valid_mask == FULL).all()
    assert item.bone is None
    assert item.weight == 3.0
    sacrum = expected == SACRUM
    assert ((item.target >= 128) | sacrum)[tuple(item.focus.T)].all()
    assert 1000 < len(item.focus) <= 8000
    assert item.image[item.target == FULL].mean() > 3 * item.image[item.target == 0].mean()


def test_a_target_coarser_than_its_reference_keeps_partial_volumes(case):
    fine, coarse = (labelled_item(case, InputSpec(mm), "segment", partial=False).target for mm in (2.0, 4.0))
    shared = (coarse > 0) & (coarse < FULL)
    assert 0.1 < shared.sum() / (coarse > 0).sum() < 0.9
    assert coarse.mean() == pytest.approx(fine.mean(), rel=0.01)
    threshold = (coarse >= 128).sum() * 8
    assert threshold != pytest.approx((fine >= 128).sum(), rel=0.005)  # which is what a hard target would lose


def test_the_locator_s_target_fills_the_discs(case, small_phantom):
    fine = labelled_item(case, COARSE, "segment", partial=False)
    coarse = labelled_item(case, COARSE, "locate", partial=False)
    grid = prepare(small_phantom.volume, COARSE).grid
    upper, middle, _ = body_centres(small_phantom)
    disc = (upper + middle) / 2
    assert at(grid, fine.target, disc) == 0
    assert at(grid, coarse.target, disc) == FULL
    assert set(np.unique(coarse.target)) == {0, FULL}
    assert (coarse.target >= FULL * (fine.target >= 128)).all()


def test_outside_the_labelled_slab_only_what_is_labelled_is_known(case, small_phantom):
    item = labelled_item(case, COARSE, "segment", partial=True)
    grid = prepare(small_phantom.volume, COARSE).grid
    low, high = labelled_slab(small_phantom.labels, grid)
    assert 2 < low < 10 < 22 < high < 30
    assert set(np.unique(item.valid_mask)) == {0, FULL}
    spine = item.target >= 128
    inside = np.zeros(spine.shape, dtype=bool)
    inside[:, :, low : high + 1] = True
    np.testing.assert_array_equal(item.valid_mask == FULL, spine | inside)
    whole = labelled_item(case, COARSE, "segment", partial=False)
    np.testing.assert_array_equal(item.target, whole.target)


def test_a_label_map_of_another_grid_is_refused(case, small_phantom, tmp_path):
    write_volume(small_phantom.volume, tmp_path / "ct.nii.gz")
    moved = small_phantom.labels.grid.affine.copy()
    moved[0, 3] += 5
    shifted = LabelMap(small_phantom.labels.labels, Grid(small_phantom.labels.grid.shape, moved), "vertebrae")
    write_nifti(shifted, tmp_path / "vert.nii.gz")
    with pytest.raises(GridMismatch, match="do not lie on the same grid"):
        labelled_item(tmp_path, COARSE, "segment", partial=False)


def test_a_case_with_only_a_centreline(case, small_phantom):
    line = {"points_mm": body_centres(small_phantom).tolist()}
    grid = prepare(small_phantom.volume, COARSE).grid
    middle = body_centres(small_phantom)[1]

    locate = centreline_item(case / "ct.nii.gz", line, COARSE, "locate")
    assert at(grid, locate.target, middle) == at(grid, locate.valid_mask, middle) == FULL
    assert at(grid, locate.valid_mask, middle + np.array([30, 0, 0])) == 0
    far = middle + np.array([54, 0, 0])
    assert (at(grid, locate.target, far), at(grid, locate.valid_mask, far)) == (0, FULL)

    segment = centreline_item(case / "ct.nii.gz", line, COARSE, "segment")
    assert not segment.target.any()
    assert at(grid, segment.valid_mask, middle) == 0
    assert segment.image is not None
    assert (segment.valid_mask[segment.image == 0] == FULL).mean() > 0.5  # air and fat are no bone


def test_an_earlier_model_s_opinion_counts_near_the_line_only(case, small_phantom, tmp_path):
    labels = np.full(small_phantom.labels.labels.shape, 1, dtype=np.uint8)
    write_nifti(LabelMap(labels, small_phantom.labels.grid, "spine"), tmp_path / "ct.nii.gz")
    line = {"points_mm": body_centres(small_phantom)[1:].tolist()}
    item = centreline_item(case / "ct.nii.gz", line, COARSE, "segment", pseudo=tmp_path / "ct.nii.gz")
    grid, points = prepare(small_phantom.volume, COARSE).grid, np.array(line["points_mm"])
    near, _ = near_centreline(grid, points)
    x = grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1))[..., 0]
    believed = near & (np.abs(x - points[0, 0]) <= BELIEVED_MM)  # the phantom's column is straight
    assert not near.all()
    assert (near & ~believed).any()
    np.testing.assert_array_equal(item.target, FULL * believed)
    assert (item.valid_mask[~near] == FULL).all()
    assert (item.valid_mask[near & ~believed] == 0).any()
    missing = centreline_item(case / "ct.nii.gz", line, COARSE, "segment", pseudo=tmp_path / "none.nii.gz")
    assert not missing.target.any()


def test_what_an_earlier_model_doubted_stays_unknown(case, small_phantom, tmp_path):
    doubt = np.full(small_phantom.labels.labels.shape, IGNORE, dtype=np.uint8)
    write_nifti(LabelMap(doubt, small_phantom.labels.grid, "spine"), tmp_path / "ct.nii.gz")
    line = {"points_mm": body_centres(small_phantom).tolist()}
    doubted, alone = (
        centreline_item(case / "ct.nii.gz", line, COARSE, "segment", pseudo=pseudo)
        for pseudo in (tmp_path / "ct.nii.gz", None)
    )
    assert not doubted.target.any()
    np.testing.assert_array_equal(doubted.valid_mask, alone.valid_mask)
    assert (doubted.valid_mask == 0).any()


def test_a_scan_without_spine(case):
    item = negative_item(case / "ct.nii.gz", COARSE, weight=0.5)
    assert not item.target.any()
    assert (item.valid_mask == FULL).all()
    assert len(item.focus) == 0
    assert item.weight == 0.5


def test_a_bare_label_map_knows_its_spine_and_all_of_its_bone(tmp_path):
    path = tmp_path / "map.nii.gz"
    write_nifti(LabelMap(three_levels(), Grid((6, 6, 20), np.diag([4.0, 4.0, 4.0, 1.0])), "vertebrae"), path)
    item = label_map_item(path, COARSE)
    assert item.image is None
    assert item.bone is not None
    np.testing.assert_array_equal(item.bone, FULL * (three_levels() > 0))
    np.testing.assert_array_equal(item.target, FULL * is_spine(three_levels()))
    assert 0 < item.target.sum() < item.bone.sum()  # the sacrum is bone
    assert (item.valid_mask == FULL).all()
    assert (item.bone[tuple(item.focus.T)] == FULL).all()
    looked_at = item.target[tuple(item.focus.T)]
    assert (looked_at == FULL).any()
    assert (looked_at == 0).any()  # the sacrum


def test_a_map_of_all_bones_has_its_own_ribs_and_no_drawn_ones(case, small_phantom, tmp_path):
    thorax = small_phantom.labels.labels.copy()
    present = [n for n in np.unique(thorax) if n]
    for number, new in zip(present, range(9, 9 + len(present)), strict=True):
        thorax[small_phantom.labels.labels == number] = new
    write_nifti(LabelMap(thorax, small_phantom.labels.grid, "vertebrae"), tmp_path / "vertebrae.nii.gz")
    thorax[2:6, 2:6, 2:20] = 78  # a hip bone
    write_nifti(LabelMap(thorax, small_phantom.labels.grid, "vertebrae"), tmp_path / "bones.nii.gz")
    vertebrae, bones = (
        label_map_item(tmp_path / name, InputSpec(2.0)) for name in ("vertebrae.nii.gz", "bones.nii.gz")
    )
    assert vertebrae.ribs is not None
    assert bones.ribs is None
    assert bones.bone is not None
    assert bones.bone.sum() > (vertebrae.bone.sum() if vertebrae.bone is not None else 0)
    np.testing.assert_array_equal(bones.target, vertebrae.target)


def test_each_vertebra_is_looked_at_equally_often_whatever_its_size(tmp_path):
    labels = np.zeros((30, 30, 60), dtype=np.uint8)
    labels[5:15, 5:15, 5:10] = 8
    labels[2:28, 2:28, 20:50] = 20
    write_nifti(LabelMap(labels, Grid(labels.shape, np.diag([4.0, 4.0, 4.0, 1.0])), "vertebrae"), tmp_path / "m.nii.gz")
    item = label_map_item(tmp_path / "m.nii.gz", COARSE)
    looked_at = labels[tuple(item.focus.T)]
    assert (looked_at == 8).sum() == 500  # every voxel of the small one
    assert (looked_at == 20).sum() == 2000  # a tenth of the large one's: half of the most that are kept


def test_a_bare_label_map_keeps_partial_volumes(case):
    item = label_map_item(case / "vert.nii.gz", COARSE)
    assert item.target.shape == (30, 30, 33)
    assert item.bone is not None
    assert (item.bone >= item.target).all()
    assert ((item.target > 0) & (item.target < FULL)).any()


def test_items_are_drawn_by_weight():
    def item(name: str, weight: float) -> Item:
        nothing = np.zeros((1, 1, 1), np.uint8)
        return Item(name, None, nothing, nothing, np.zeros((0, 3), np.int32), weight)

    rng = np.random.default_rng(0)
    names = [draw([item("a", 3.0), item("b", 1.0)], rng).name for _ in range(2000)]
    assert names.count("a") == pytest.approx(1500, abs=100)


def test_below_a_last_l5_and_above_a_whole_c1_nothing_is_spine():
    numbers = np.zeros((12, 12, 40), np.uint8)
    numbers[4:8, 4:8, 12:18] = 24
    numbers[4:8, 4:8, 24:30] = 23
    known = known_beside(numbers, (15, 27), 1.0)
    assert known[:, :, 15:28].all()
    assert known[:, :, :10].all()  # the sacrum
    assert not known[5, 5, 11]  # within the margin of L5
    assert known[0, 0, 11]
    assert not known[:, :, 28:].any()  # what follows L4 above is a vertebra
    above = np.where(numbers == 23, 1, np.where(numbers == 24, 2, 0)).astype(np.uint8)
    known = known_beside(above, (15, 27), 1.0)
    assert not known[:, :, :15].any()
    assert known[:, :, 32:].all()
    assert not known[5, 5, 31]
    above[5, 5, 30:] = 1  # cut by the border
    assert not known_beside(above, (15, 27), 1.0)[:, :, 28:].any()


def test_a_curve_in_the_sagittal_plane_tells_the_sacrum_and_the_skull_from_the_spine():
    grid = Grid((4, 10, 20), np.diag([2.0, 2.0, 2.0, 1.0]))
    line = {"sacrum_below_mm": [[18, 4], [10, 10], [0, 10]], "skull_above_mm": [[18, 30], [0, 30]]}
    beyond = beyond_the_spine(grid, line)
    assert beyond[:, 2, :5].all()  # y 4, below 10 mm
    assert not beyond[:, 2, 5:16].any()
    assert beyond[:, 9, :2].all()
    assert not beyond[:, 9, 2:16].any()
    assert beyond[:, :, 16:].all()
    assert not beyond_the_spine(grid, {}).any()
