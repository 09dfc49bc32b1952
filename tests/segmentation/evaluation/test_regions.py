from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.labels import spine_voxels
from segmentation.core.volume import LabelMap
from segmentation.evaluation.regions import LEVELS, head_foot_axis, labelled_slab, nearest_vertebra
from segmentation.evaluation.scores import score_regions
from tests.segmentation.evaluation.support import GRID, cubes, three_vertebrae


def test_the_labelled_slab_runs_from_the_first_to_the_last_centroid():
    slab = labelled_slab(three_vertebrae())
    assert slab == (slice(0, 24), slice(0, 24), slice(8, 25))


def test_the_slab_follows_the_axis_that_runs_head_to_foot():
    upright = three_vertebrae()
    lying = LabelMap(
        np.ascontiguousarray(upright.labels.transpose(2, 0, 1)[::-1]),
        Grid((30, 24, 24), np.array([[0, 2, 0, 0], [0, 0, 2, 0], [-2, 0, 0, 58], [0, 0, 0, 1.0]])),
        "vertebrae",
    )
    assert lying.grid.orientation == "IRA"
    assert head_foot_axis(lying.grid) == 0
    assert labelled_slab(lying) == (slice(6, 23), slice(0, 24), slice(0, 24))


def test_there_is_no_slab_without_two_vertebrae():
    one = np.where(three_vertebrae().labels == 20, 20, 0).astype(np.uint8)
    assert labelled_slab(LabelMap(one, GRID, "vertebrae")) is None
    binary = (three_vertebrae().labels > 0).astype(np.uint8)
    assert labelled_slab(LabelMap(binary, GRID, "spine")) is None


def test_the_levels_share_the_vertebrae_out():
    assert {"C": tuple(range(1, 8)), "T": (*range(8, 20), 28), "L": tuple(range(20, 26))} == LEVELS


def test_a_false_positive_belongs_to_the_vertebra_nearest_to_it():
    reference = cubes({7: 20, 8: 12})  # C7 at k = 20..23, T1 at k = 12..15
    wrong = np.zeros_like(reference.labels, dtype=bool)
    wrong[2, 11, 19] = wrong[2, 11, 16] = True
    owner = nearest_vertebra(wrong | spine_voxels(reference), reference.labels, (2.0, 2.0, 2.0))
    assert (owner[2, 11, 19], owner[2, 11, 16]) == (7, 8)
    assert (owner[11, 11, 21], owner[11, 11, 13], owner[0, 0, 0]) == (7, 8, 0)


def test_a_rib_beside_the_thoracic_spine_costs_the_thoracic_precision_alone():
    reference = cubes({6: 25, 7: 20, 8: 15, 9: 10, 20: 5})
    mask = spine_voxels(reference)
    mask[1, 10:14, 11:17] = True  # 18 mm to the side, at the height of T1 and T2
    found = score_regions(mask, reference)
    assert found["T"].precision < 1
    assert found["T"].far_ml == found["labelled"].far_ml == pytest.approx(24 * 0.008)
    assert (found["C"].dice, found["L"].dice, found["C"].far_ml) == (1.0, 1.0, 0.0)


def test_a_region_that_cuts_a_vertebra_brings_no_surface_of_its_own():
    reference = three_vertebrae()
    mask = spine_voxels(reference)
    mask[:, :, 25] = False  # L1's top layer, just above the slab, which is k = 8..24
    found = score_regions(mask, reference)["labelled"]
    assert (found.dice, found.hd95_mm) == (1.0, 0.0)
    # Surface voxels in the slab: of L1 16 + 12 + 12, and 4 more on top for the mask; L2 56; L3 12 + 16.
    # Those 4 lie one voxel under the surface of the reference, and the slab's own planes count nowhere.
    assert found.nsd_1mm == pytest.approx((124 + 128 - 4) / (124 + 128))


def test_a_binary_reference_has_only_the_scan():
    reference = LabelMap((three_vertebrae().labels > 0).astype(np.uint8), GRID)
    assert list(score_regions(spine_voxels(reference), reference)) == ["scan"]


def test_regions_do_not_depend_on_how_the_array_is_stored():
    reference = cubes({6: 25, 7: 20, 8: 15, 9: 10, 20: 5})
    mask = spine_voxels(reference)
    mask[1, 10:14, 11:17] = True
    turned = LabelMap(
        np.ascontiguousarray(reference.labels.transpose(2, 0, 1)),
        Grid((30, 24, 24), GRID.affine[:, [2, 0, 1, 3]]),
        "vertebrae",
    )
    assert score_regions(mask.transpose(2, 0, 1), turned) == score_regions(mask, reference)
