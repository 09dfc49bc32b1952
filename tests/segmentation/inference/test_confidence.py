"""Confidence on answers made by hand, and what the engine says of scans that it gets right and wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.inference.confidence import (
    HIGH,
    MEDIUM,
    REASONS,
    Confidence,
    ConfidenceFeatures,
    Reason,
    level_of,
    measure,
    score,
)
from tests.segmentation.inference.test_engine import BONE, cubes, engine_of, threshold

SHAPE = (40, 40, 60)
GRID = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))
GOOD = ConfidenceFeatures(0.95, 0.98, 200.0, 0.0, 15.0, 300.0, 250.0, 1.0)


def block(low: int, high: int, logit: float = 9.0) -> NDArray[np.float32]:
    """A bar of 10 x 10 voxels of 2 mm, which is 4 ml a centimetre."""
    logits = np.full(SHAPE, -9.0, dtype=np.float32)
    logits[15:25, 15:25, low:high] = logit
    return logits


def column(low: int, high: int) -> NDArray[np.bool_]:
    """The same bar on voxels of 4 mm."""
    found = np.zeros((20, 20, 30), dtype=bool)
    found[7:13, 7:13, low:high] = True
    return found


def codes(confidence: Confidence) -> list[str]:
    return [reason.code for reason in confidence.reasons]


# Measuring


def test_the_expected_dice_by_hand():
    logits = np.full(SHAPE, -20.0, dtype=np.float32)
    logits[0, 0, :3] = math.log(0.8 / 0.2)  # in the mask
    logits[0, 0, 3:5] = math.log(0.3 / 0.7)  # not in it
    features = measure(logits, GRID, GRID, None)
    assert features.expected_dice == pytest.approx(2 * 3 * 0.8 / (3 * 0.8 + 2 * 0.3 + 3))


@given(st.floats(0.5, 5.0), st.floats(0.1, 4.0))
def test_the_surer_the_network_the_higher_the_expected_dice(logit, more):
    less, sure = (measure(block(10, 50, value), GRID, GRID, None) for value in (logit, logit + more))
    assert 0.5 < less.expected_dice < sure.expected_dice < 1


def test_volume_and_length_by_hand():
    features = measure(block(10, 50), GRID, GRID, column(5, 25))
    assert features.volume_ml == pytest.approx(10 * 10 * 40 * 0.008)
    assert features.ml_per_cm == pytest.approx(4.0)
    assert features.column_mm == pytest.approx(80.0)
    assert (features.inside, features.gap_mm) == (1.0, 0.0)
    assert (features.view_mm, features.slice_mm) == (80.0, 2.0)


def test_a_gap_is_measured_along_the_column_its_ends_included():
    logits = np.maximum(block(10, 20), block(35, 50))
    assert measure(logits, GRID, GRID, column(5, 25)).gap_mm == 15 * 2
    assert measure(block(10, 30), GRID, GRID, column(5, 25)).gap_mm == 20 * 2
    assert measure(logits, GRID, GRID, None).gap_mm == 15 * 2  # between the mask's own ends
    assert measure(block(10, 20), GRID, GRID, None).gap_mm == 0


def test_what_lies_beside_the_column_is_counted():
    logits = block(10, 50)
    logits[0:5, 15:25, 10:50] = 9.0  # half as much again
    assert measure(logits, GRID, GRID, column(5, 25)).inside == pytest.approx(2 / 3)
    assert measure(logits, GRID, GRID, None).inside == 1.0


def test_slices_and_view_are_those_of_the_file():
    source = Grid((100, 20, 12), np.diag([0.8, 2.0, 5.0, 1.0]))
    features = measure(block(10, 50), GRID, source, None)
    assert (features.slice_mm, features.view_mm) == (5.0, 40.0)


@pytest.mark.parametrize("found", [None, np.zeros((20, 20, 30), dtype=bool), column(3, 9)])
def test_nothing_can_be_measured(found):
    features = measure(np.full(SHAPE, -9.0, dtype=np.float32), GRID, GRID, found)
    assert (features.expected_dice, features.volume_ml) == (0, 0)
    assert math.isnan(features.ml_per_cm)
    assert score(features) == Confidence(0.0, "low", (Reason("nothing"),))


# Judging


def test_without_any_sign_the_value_is_the_expected_dice():
    assert score(GOOD) == Confidence(0.95, "high", ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expected_dice": 0.8}, "unsure"),
        ({"gap_mm": 30.0}, "gap"),
        ({"inside": 0.5}, "beside"),
        ({"ml_per_cm": 3.0}, "lean"),
        ({"ml_per_cm": 40.0}, "stout"),
        ({"volume_ml": 8.0}, "little"),
        ({"view_mm": 40.0}, "small_view"),
        ({"slice_mm": 5.0}, "thick_slices"),
        ({"volume_ml": 0.0}, "nothing"),
    ],
)
def test_each_sign_lowers_the_value_and_is_named(changes, code):
    confidence = score(replace(GOOD, **changes))
    assert codes(confidence) == [code]
    assert confidence.value < score(GOOD).value
    assert confidence.reasons[0].sentence in str(confidence)


def test_signs_add_up():
    bad = score(replace(GOOD, expected_dice=0.7, inside=0.4, gap_mm=60.0, slice_mm=6.0))
    assert codes(bad) == ["unsure", "gap", "beside", "thick_slices"]
    assert bad.level == "low"
    assert bad.value < 0.3


evidences = st.builds(
    ConfidenceFeatures,
    expected_dice=st.floats(0, 1),
    inside=st.floats(0, 1),
    column_mm=st.floats(100, 900),
    gap_mm=st.floats(0, 100),
    ml_per_cm=st.floats(0, 60) | st.just(math.nan),
    volume_ml=st.floats(0, 2000),
    view_mm=st.floats(20, 600),
    slice_mm=st.floats(0.3, 8),
)


@given(evidences)
def test_a_value_is_always_between_0_and_1_and_one_that_is_not_high_says_why(features):
    confidence = score(features)
    assert 0 <= confidence.value <= 1
    assert confidence.level == level_of(confidence.value)
    assert confidence.level == "high" or confidence.reasons


@given(evidences, st.floats(0, 1))
def test_less_inside_the_column_is_never_more_trusted(features, less):
    assert score(replace(features, inside=features.inside * less)).value <= score(features).value


def test_levels_begin_where_they_say():
    assert [level_of(v) for v in (1.0, HIGH, HIGH - 0.001, MEDIUM, MEDIUM - 0.001, 0.0)] == [
        "high", "high", "medium", "medium", "low", "low",
    ]  # fmt: skip


def test_one_line_for_people():
    assert str(Confidence(0.912, "high")) == "high (0.91)"
    assert str(Confidence(0.4, "low", (Reason("nothing"),))) == "low (0.40): No spine was found."
    assert all(Reason(code).sentence.endswith(".") for code in REASONS)


def test_what_is_written_is_read_again():
    for confidence in (Confidence(0.912, "high"), score(replace(GOOD, inside=0.2, slice_mm=5.0))):
        assert Confidence.from_json(confidence.to_json()) == confidence
    assert Reason("of a newer version").sentence == "of a newer version"


# The engine


def test_the_engine_trusts_a_column_and_not_what_is_missing_from_it(tmp_path: Path):
    engine = engine_of(tmp_path, locate=threshold(250, 4.0), segment=threshold(450))
    assert engine.confidence is None
    engine.segment(cubes(BONE))
    whole = engine.confidence
    assert whole is not None
    upper, lower = (
        (slice(15, 25), slice(12, 24), slice(10, 20), 800),
        (slice(15, 25), slice(12, 24), slice(40, 50), 800),
    )
    weak = (slice(15, 25), slice(12, 24), slice(20, 40), 400)  # located, and not segmented
    engine.segment(cubes(upper, weak, lower))
    holed = engine.confidence
    assert holed is not None
    assert "gap" in codes(holed)
    assert "gap" not in codes(whole)
    assert holed.value < 0.8 * whole.value


@pytest.mark.parametrize("mode", ["patch", "whole"])
def test_the_engine_trusts_no_empty_mask(tmp_path: Path, mode):
    engine = engine_of(tmp_path, locate=threshold(600, 4.0), segment=threshold(300))
    engine.segment(cubes(BONE), mode=mode)
    assert engine.confidence is not None
    assert engine.confidence.value > 0.3  # 15 ml and 4 ml a centimetre are little for a spine
    engine.segment(cubes(), mode=mode)
    assert engine.confidence == Confidence(0.0, "low", (Reason("nothing"),))


def test_dust_that_was_cleaned_away_is_not_a_spine(tmp_path: Path):
    engine = engine_of(tmp_path, segment=threshold(300))
    engine.segment(cubes((slice(40, 43), slice(30, 33), slice(50, 53), 800)))
    assert engine.confidence == Confidence(0.0, "low", (Reason("nothing"),))
