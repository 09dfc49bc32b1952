"""Panoptic quality, Dice and names of vertebrae against figures that are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.labels import NUMBERS, SACRUM
from segmentation.evaluation.vertebra_scores import score_vertebrae, vertebra_table

L1, L2, L3 = (NUMBERS[name] for name in ("L1", "L2", "L3"))


def stacked(*numbers: int) -> np.ndarray:
    labels = np.zeros((10, 10, 10 * len(numbers)), np.uint8)
    for row, number in enumerate(numbers):
        labels[:, :, 10 * row : 10 * row + 8] = number
    return labels


def test_the_same_map_is_perfect():
    scores = score_vertebrae("same", stacked(L1, L2), stacked(L1, L2), True, {L1: "high", L2: "medium"})
    assert (scores.panoptic_quality, scores.dice, scores.named_right, scores.vertebrae) == (1.0, 1.0, 2, 2)
    assert (scores.high, scores.high_right, scores.wrong_and_sure) == (1, 1, False)


def test_a_shift_of_all_names_is_right_in_place_and_wrong_in_name():
    scores = score_vertebrae("shifted", stacked(L1, L2), stacked(L2, L3), True, {L2: "high"})
    assert (scores.panoptic_quality, scores.named_right, scores.naming) == (1.0, 0, "L2-L3")
    assert scores.wrong_and_sure
    assert (scores.high, scores.high_right) == (1, 0)


def test_two_vertebrae_in_one_cost_quality():
    scores = score_vertebrae("merged", stacked(L1, L2), stacked(L1, L1))
    assert scores.panoptic_quality == 0.0  # an IoU of one half is no match
    assert scores.dice == pytest.approx(2 / 3)


def test_half_a_vertebra_is_matched_by_what_overlaps_more_than_half():
    found = stacked(L1, L2)
    found[:, :, 6:8] = 0
    assert score_vertebrae("smaller", stacked(L1, L2), found).panoptic_quality == pytest.approx((0.75 + 1) / 2)


def test_the_sacrum_is_no_vertebra():
    scores = score_vertebrae("sacrum", stacked(L1, SACRUM), stacked(L1, 0))
    assert (scores.vertebrae, scores.panoptic_quality) == (1, 1.0)


def test_nothing_found_scores_nothing_and_the_table_sums_up():
    nothing = score_vertebrae("nothing", stacked(L1), stacked(0))
    assert (nothing.panoptic_quality, nothing.dice, nothing.found) == (0.0, 0.0, 0)
    text = vertebra_table([nothing, score_vertebrae("same", stacked(L1), stacked(L1))], "vertebrae").text()
    assert "0.500" in text
    assert "1/2" in text
    assert "wrong and sure: none" in text
