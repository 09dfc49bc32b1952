from __future__ import annotations

import numpy as np
import pytest

from segmentation.phantom.measured import CASES, Level, SpineSpec, make_measured
from segmentation.phantom.measured.make import canal_section, truth_of
from segmentation.phantom.measured.spec import place


def test_there_are_twenty_cases_with_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) == 20


def test_two_level_bodies_stand_a_disc_apart():
    upper, lower = place(SpineSpec("two", (Level("L4", disc=8.0), Level("L5"))))
    assert upper.centre_mm - lower.centre_mm == pytest.approx([0, 0, 27 / 2 + 8 + 27 / 2])
    truth = truth_of([upper, lower])
    assert truth["discs"]["L4-L5"]["middle_height_mm"] == pytest.approx(8)
    assert truth["discs"]["L4-L5"]["slip_mm"] == pytest.approx(0)


def test_a_slip_and_a_lean_are_what_was_asked_for():
    levels = (Level("L4", slip=6.0), Level("L5", coronal_tilt=9.0, sagittal_tilt=20.0, rotation=0.0))
    placed = place(SpineSpec("slip", levels))
    truth = truth_of(placed)
    assert truth["discs"]["L4-L5"]["slip_mm"] == pytest.approx(6, abs=0.1)
    assert truth["levels"]["L5"]["coronal_tilt_deg"] == pytest.approx(9)
    assert truth["levels"]["L5"]["sagittal_tilt_deg"] == pytest.approx(20)


def test_the_endplates_of_a_wedge_meet_at_its_angle():
    (wedge,) = place(SpineSpec("wedge", (Level("L1", 20.0, 28.0),)))
    cosine = wedge.normal(True) @ wedge.normal(False)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(2 * np.degrees(np.arctan(4 / 33)), abs=0.01)


def test_the_canal_is_as_deep_and_wide_as_asked_for():
    (vertebra,) = place(SpineSpec("one", (Level("L3"),)))
    area, width, depth = canal_section(vertebra)
    assert (width, depth) == pytest.approx((23, 17), abs=0.15)
    assert 17 * 23 < area < 1.25 * 17 * 23  # the body's curved back leaves room at both sides


def test_voxels_and_values_are_those_of_the_body():
    phantom = make_measured(SpineSpec("one", (Level("L3", core_hu=130.0),), (1.5, 1.5, 3.0), noise_hu=0.0))
    middle = phantom.labels.grid.to_index(np.zeros((1, 3)))[0]
    assert phantom.labels.labels[tuple(np.rint(middle).astype(int))] == 22
    assert phantom.volume.hu[tuple(np.rint(middle).astype(int))] == 130
    assert phantom.volume.hu[0, 0, 0] == 55
