from __future__ import annotations

import math

import numpy as np
import pytest

from segmentation.evaluation.intervals import mean_with_interval


def test_the_interval_of_two_cases_is_the_cases():
    found = mean_with_interval([0.8, 0.9])
    assert found.mean == pytest.approx(0.85)
    assert (found.low, found.high, found.n) == (0.8, 0.9, 2)


def test_one_case_has_no_interval_and_none_has_no_mean():
    one = mean_with_interval([0.8, math.nan])
    assert (one.mean, one.n) == (0.8, 1)
    assert math.isnan(one.low)
    nothing = mean_with_interval([])
    assert nothing.n == 0
    assert math.isnan(nothing.mean)


def test_cases_that_agree_leave_no_doubt():
    assert mean_with_interval([1.0, 1.0, 1.0]).low == 1.0


def test_with_many_cases_it_is_the_normal_interval_and_the_same_each_time():
    values = np.random.default_rng(1).normal(10, 2, 400).tolist()
    found = mean_with_interval(values)
    half = 1.96 * np.std(values) / 20
    assert found.low == pytest.approx(found.mean - half, abs=0.02)
    assert found.high == pytest.approx(found.mean + half, abs=0.02)
    assert found == mean_with_interval(values)
