from __future__ import annotations

import numpy as np
import pytest

from segmentation.registration import rigid
from segmentation.registration.uncertainty import CALIBRATION, TargetError, calibrated, with_alternatives


@pytest.mark.parametrize(("behind", "radius"), [(0.0, 30.0), (2.0, 30.0), (9.0, 1.0)])
def test_another_fit_widens_the_expected_error_only_where_it_is_likely(behind: float, radius: float):
    here = TargetError("body", np.array([5.0, 6, 7]), 0.5, 1.0, np.eye(3))
    motions = rigid.compose(np.eye(3), np.array([[0.0, 0, 0], [0, 30, 0]]))
    (found,) = with_alternatives([here], motions, np.array([40.0, 40.0 + behind]))
    chance = np.exp(-behind) / (1 + np.exp(-behind))
    assert found.radius95_mm == pytest.approx(radius)
    assert found.rms_mm == pytest.approx(np.sqrt(0.25 + chance * 900))


def test_the_expected_error_is_the_root_of_both_squares_and_ellipsoids_grow_with_it():
    here = TargetError("body", np.array([5.0, 6, 7]), 0.5, 3.0, np.eye(3))
    (found,) = calibrated([here], np.array([4.0, -4.0]) / 1.73)  # 4 mm as the linear model's 95 %
    assert found.radius95_mm == pytest.approx(5.0 * CALIBRATION)
    assert found.rms_mm == pytest.approx(0.5 * 5 / 3 * CALIBRATION)
    assert found.axes_mm == pytest.approx(np.eye(3) * 5 / 3 * CALIBRATION)
