from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.registration import rigid

SMALL = st.floats(-3.0, 3.0)
MM = st.floats(-300.0, 300.0)
VECTOR = st.tuples(SMALL, SMALL, SMALL).map(np.array)
SHIFT = st.tuples(MM, MM, MM).map(np.array)
SQUARE = np.array([[0.0, 0, 0], [10, 0, 0], [0, 20, 0], [0, 0, 30]])


def test_a_quarter_turn_about_s_takes_r_to_a():
    turn = rigid.from_vector(np.array([0, 0, np.pi / 2]))
    assert np.allclose(turn @ [1, 0, 0], [0, 1, 0])
    assert rigid.angle_deg(turn) == pytest.approx(90)


def test_a_motion_turns_about_its_centre_and_then_shifts():
    half = rigid.from_vector(np.array([0, 0, np.pi]))
    motion = rigid.about(half, np.array([10.0, 0, 0]), np.array([0.0, 0, 5]))
    assert np.allclose(rigid.apply(motion, np.array([[12.0, 1, 0]])), [[8, -1, 5]])


@given(VECTOR, SHIFT)
def test_the_inverse_undoes_a_motion(vector: np.ndarray, shift: np.ndarray):
    motion = rigid.compose(rigid.from_vector(vector), shift)
    assert np.allclose(rigid.inverse(motion) @ motion, np.eye(4), atol=1e-9)


@given(VECTOR, SHIFT)
def test_pairs_give_back_the_motion_that_moved_them(vector: np.ndarray, shift: np.ndarray):
    motion = rigid.compose(rigid.from_vector(vector), shift)
    assert np.allclose(rigid.paired_fit(SQUARE, rigid.apply(motion, SQUARE)), motion, atol=1e-6)


def test_three_pairs_are_enough_and_nothing_is_scaled_or_mirrored():
    fit = rigid.paired_fit(SQUARE[:3], SQUARE[:3] * 2)
    assert np.linalg.det(fit[:3, :3]) == pytest.approx(1)
    flipped = SQUARE * [-1, 1, 1]
    assert np.linalg.det(rigid.paired_fit(SQUARE, flipped)[:3, :3]) == pytest.approx(1)
    mirrored = rigid.paired_fit(SQUARE, flipped, mirrored=True)
    assert np.allclose(rigid.apply(mirrored, SQUARE), flipped)


def test_rotations_are_spread_over_all_directions():
    rotations = rigid.spread_rotations(500)
    assert np.allclose(rotations @ np.swapaxes(rotations, 1, 2), np.eye(3))
    wanted = rigid.from_vector(np.array([1.0, 2.0, -1.0]))
    assert min(rigid.angle_deg(wanted.T @ each) for each in rotations) < 30
