from __future__ import annotations

import numpy as np
import pytest

from segmentation.morphometry.anatomy.frame import Frame
from segmentation.morphometry.anatomy.surface_fit import Endplate
from segmentation.morphometry.curves import coronal_curves, coronal_tilt, sagittal_tilt, turning_points
from segmentation.morphometry.drawings import value_of
from segmentation.morphometry.segments import Plate, measure_disc, meyerding_grade


def plates(tilts_deg: list[float], x_mm: list[float]) -> dict[str, tuple[Plate, Plate]]:
    """Bodies of 20 mm above each other, each leaning by a tilt to the right."""
    names = [f"T{number}" for number in range(1, 1 + len(tilts_deg))]
    made = {}
    for place, (name, tilt, x) in enumerate(zip(names, tilts_deg, x_mm, strict=True)):
        up = np.array([np.sin(np.radians(tilt)), 0.0, np.cos(np.radians(tilt))])
        frame = Frame.of(np.array([x, 0.0, -25.0 * place]), up, np.array([0.0, 1.0, 0.0]))
        made[name] = (plate(name, frame, 10.0), plate(name, frame, -10.0))
    return made


def plate(name: str, frame: Frame, z: float) -> Plate:
    flat = Endplate(np.array([z, 0.0, 0.0]), np.array([-15.0, 0.0, 15.0]), np.zeros(3), 0.1, 500, 1.0)
    return Plate(name, frame, flat, 0.0, 15.0, -15.0, 20.0, 0.1, 0.2)


def test_a_curve_convex_to_the_right():
    # Heads lean to the left above (its right side is higher: negative) ... the row bulges to the patient's right.
    found = coronal_curves(plates([-15.0, -8.0, 0.0, 8.0, 15.0], [0.0, 6.0, 9.0, 6.0, 0.0]))
    assert [(c.upper_end, c.lower_end, c.apex, c.convexity) for c in found] == [("T1", "T5", "T3", "right")]
    assert found[0].cobb.value == pytest.approx(30)
    assert value_of("cobb", found[0].lines) == pytest.approx(30)
    assert found[0].apex_shift.value == pytest.approx(9, abs=0.01)
    assert found[0].scoliosis


def test_two_curves_share_an_end_vertebra():
    tilts = [8.0, 2.0, -6.0, -10.0, -4.0, 3.0, 9.0]
    found = coronal_curves(plates(tilts, [0.0, -3.0, -5.0, -2.0, 3.0, 3.0, 0.0]))
    assert [(c.upper_end, c.lower_end, c.convexity) for c in found] == [("T1", "T4", "left"), ("T4", "T7", "right")]
    assert [c.cobb.value for c in found] == pytest.approx([18, 19])


def test_lines_are_as_steep_in_the_patients_planes_as_their_endplate():
    up = np.array([0.2, 0.3, 0.9])
    turned = plate("T1", Frame.of(np.array([5.0, 0.0, 0.0]), up, np.array([0.5, 1.0, 0.0])), 10.0)
    (left, right), (back, front) = turned.line("coronal"), turned.line("sagittal")
    assert np.degrees(np.arctan2(left[2] - right[2], right[0] - left[0])) == pytest.approx(coronal_tilt(turned.normal))
    assert np.degrees(np.arctan2(back[2] - front[2], front[1] - back[1])) == pytest.approx(sagittal_tilt(turned.normal))
    assert (left[1] - right[1], back[0] - front[0]) == pytest.approx((0, 0))


def test_a_straight_spine_has_no_curve():
    assert coronal_curves(plates([1.0, -1.0, 0.5, -2.0], [0.0, 0.5, 0.0, 0.0])) == []


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0, 4, 8], [0, 2]),
        ([8, 4, 0], [0, 2]),
        ([0, 10, 0], [0, 1, 2]),
        ([3, 0, 10, 7, 12, 2, 3], [1, 4, 5]),
        ([0, 1, 2], []),
    ],
)
def test_turning_points_ignore_less_than_five(values: list[float], places: list[int]):
    assert turning_points(np.array(values, dtype=float), 5.0) == places


def test_tilts_are_positive_to_the_right_and_to_the_front():
    assert coronal_tilt(np.array([1.0, 0.0, 1.0])) == pytest.approx(45)
    assert sagittal_tilt(np.array([0.0, -1.0, 1.0])) == pytest.approx(-45)


@pytest.mark.parametrize(
    ("slip", "percent", "grade"),
    [(1.9, 6.0, 0), (-1.9, -6, 0), (5.0, 24.9, 1), (-9.0, -30.0, 2), (20, 60, 3), (30, 90, 4), (35, 100, 5)],
)
def test_meyerding(slip: float, percent: float, grade: int):
    assert meyerding_grade(slip, percent) == grade


def test_a_disc_between_parallel_endplates():
    upper = Frame.of(np.array([0.0, 4.0, 14.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    lower = Frame.of(np.array([0.0, 0.0, -14.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    disc = measure_disc(plate("L4", upper, -10.0), plate("L5", lower, 10.0))
    heights = [disc.values[f"{place}_height_mm"].value for place in ("anterior", "middle", "posterior")]
    assert heights == pytest.approx([8, 8, 8])
    assert disc.values["slip_mm"].value == pytest.approx(4)
    assert disc.values["slip_percent"].value == pytest.approx(100 * 4 / 30)
    assert (disc.meyerding_grade, disc.slip_direction) == (1, "anterior")
