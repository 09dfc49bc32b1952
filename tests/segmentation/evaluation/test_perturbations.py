from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.metrics import dice
from segmentation.evaluation.perturbations import (
    AIR_HU,
    METAL_HU,
    PERTURBATIONS,
    noisy,
    stored_otherwise,
    thick_slices,
    three_vertebrae,
    turned,
    upside_down,
    with_screw,
)
from segmentation.phantom import Phantom
from tests.segmentation.evaluation.support import cubes


def middle_mm(labels: LabelMap, number: int) -> np.ndarray:
    return labels.grid.to_mm(np.argwhere(labels.labels == number).astype(float)).mean(axis=0)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_every_perturbation_is_pure_and_keeps_ct_and_labels_together(name: str, small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    before = volume.hu.copy(), labels.labels.copy(), volume.grid.affine.copy()
    changed, reference = PERTURBATIONS[name](volume, labels)
    assert changed.grid.matches(reference.grid)
    assert reference.kind == "vertebrae"
    assert changed.hu.dtype == np.int16
    assert np.array_equal(volume.hu, before[0])
    assert np.array_equal(labels.labels, before[1])
    assert np.array_equal(volume.grid.affine, before[2])
    again, _ = PERTURBATIONS[name](volume, labels)
    assert np.array_equal(again.hu, changed.hu)
    # Bone stays where its label is: brighter by far than what surrounds it.
    bone = changed.hu[reference.labels > 0].mean()
    assert bone > changed.hu[reference.labels == 0].mean() + 100


def test_thick_slices_are_means_of_five_millimetres_in_place(small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    changed, reference = thick_slices(volume, labels)
    assert changed.grid.spacing_mm == pytest.approx((2, 2, 5))
    assert changed.grid.shape == (60, 60, 26)  # 132 mm
    assert middle_mm(reference, 22) == pytest.approx(middle_mm(labels, 22), abs=0.7)
    assert reference.volume_ml == pytest.approx(labels.volume_ml, rel=0.05)
    assert changed.hu.std() < volume.hu.std()


def test_a_ramp_along_the_column_keeps_its_height_in_thick_slices():
    grid = Grid((8, 8, 40), np.diag([1.0, 1.0, 1.0, 1.0]))
    ramp = np.broadcast_to(np.arange(40, dtype=np.int16) * 10, (8, 8, 40))
    changed, _ = thick_slices(Volume(ramp, grid), LabelMap(np.zeros((8, 8, 40), np.uint8), grid, "vertebrae"))
    assert changed.hu[4, 4].tolist() == [20, 70, 120, 170, 220, 270, 320, 370]
    assert changed.grid.to_mm(np.array([0.0, 0, 0]))[2] == 2.0


def test_slices_that_are_thick_already_are_left_alone():
    labels = cubes({20: 4})
    grid = Grid(labels.grid.shape, np.diag([1.0, 1.0, 5.0, 1.0]))
    with pytest.raises(InputError, match=r"5\.0 mm already"):
        thick_slices(Volume(np.zeros(grid.shape, np.int16), grid), LabelMap(labels.labels, grid, "vertebrae"))


def test_the_patient_leans_to_the_side_by_twenty_degrees(small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    changed, reference = turned(volume, labels)
    assert changed.grid.matches(volume.grid)
    before, after = (middle_mm(m, 21) - middle_mm(m, 23) for m in (labels, reference))
    angle = np.degrees(np.arctan2(after[0], after[2]) - np.arctan2(before[0], before[2]))
    assert angle == pytest.approx(20, abs=0.5)
    assert changed.hu[0, 30, 0] == AIR_HU or changed.hu[-1, 30, 0] == AIR_HU
    assert reference.volume_ml == pytest.approx(labels.volume_ml, rel=0.03)


def test_the_middle_three_vertebrae_are_whole_in_the_crop():
    labels = cubes({19: 26, 20: 20, 21: 14, 22: 8, 23: 2})
    volume = Volume((labels.labels * 20).astype(np.int16), labels.grid)
    changed, reference = three_vertebrae(volume, labels)
    assert changed.grid.shape == (24, 24, 16)
    assert np.unique(reference.labels).tolist() == [0, 20, 21, 22]
    assert np.array_equal(changed.hu, volume.hu[:, :, 8:24])
    assert middle_mm(reference, 21) == pytest.approx(middle_mm(labels, 21))


def test_fewer_than_three_vertebrae_cannot_be_cropped_to_three():
    labels = cubes({20: 20, 21: 14})
    with pytest.raises(InputError, match="fewer than three"):
        three_vertebrae(Volume(labels.labels.astype(np.int16), labels.grid), labels)


def test_noise_has_the_width_it_says(small_phantom: Phantom):
    changed, _ = noisy(small_phantom.volume, small_phantom.labels)
    added = changed.hu.astype(float) - small_phantom.volume.hu
    assert added.std() == pytest.approx(60, rel=0.02)
    assert added.mean() == pytest.approx(0, abs=1)


def test_the_screw_is_metal_in_one_vertebra_and_no_spine(small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    changed, reference = with_screw(volume, labels)
    metal = changed.hu == METAL_HU
    assert metal.sum() * volume.grid.voxel_ml == pytest.approx(np.pi * 0.3**2 * 5, rel=0.15)  # 6 x 50 mm
    assert not reference.labels[metal].any()
    lost = labels.labels[labels.labels != reference.labels]
    assert np.unique(lost).tolist() == [22]
    assert 0.3 < len(lost) / metal.sum() <= 1
    assert np.array_equal(changed.hu[~metal], volume.hu[~metal])


def test_storing_otherwise_moves_no_voxel_in_the_patient(small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    changed, reference = stored_otherwise(volume, labels)
    assert changed.grid.orientation != volume.grid.orientation
    assert changed.grid.shape != volume.grid.shape
    for index in ((0, 0, 0), (5, 40, 60), (59, 3, 7)):
        there = np.rint(changed.grid.to_index(volume.grid.to_mm(np.array(index, dtype=float)))).astype(int)
        assert changed.hu[tuple(there)] == volume.hu[index]
        assert reference.labels[tuple(there)] == labels.labels[index]


def test_the_header_that_lies_turns_the_patient_upside_down(small_phantom: Phantom):
    volume, labels = small_phantom.volume, small_phantom.labels
    changed, reference = upside_down(volume, labels)
    assert (volume.grid.orientation, changed.grid.orientation) == ("LPS", "LPI")
    assert np.array_equal(changed.hu, volume.hu)
    assert middle_mm(reference, 21)[2] < middle_mm(reference, 23)[2]
    assert reference.volume_ml == pytest.approx(labels.volume_ml)


@pytest.mark.parametrize("change", [three_vertebrae, with_screw])
def test_a_binary_reference_has_no_vertebra_to_choose(change: Callable, small_phantom: Phantom):
    binary = LabelMap((small_phantom.labels.labels > 0).astype(np.uint8), small_phantom.labels.grid)
    with pytest.raises(InputError):
        change(small_phantom.volume, binary)


def test_a_turn_there_and_back_is_nearly_the_same(small_phantom: Phantom):
    labels = small_phantom.labels
    _, once = turned(small_phantom.volume, labels)
    assert dice(once.labels > 0, labels.labels > 0) < 0.9
