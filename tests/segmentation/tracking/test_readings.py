from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.registration import rigid
from segmentation.tracking.freshness import STALE_AFTER_S, Freshness
from segmentation.tracking.messages import (
    HEADER_BYTES,
    DamagedMessage,
    bytes_of,
    position_bytes,
    quaternions_bytes,
    transform_bytes,
)
from segmentation.tracking.readings import (
    DeviceStatus,
    ToolPose,
    TouchedPoints,
    pose_of,
    quaternion_of,
    read_as,
    rotation_of,
)
from segmentation.tracking.stream import MessageStream

QUARTER_ABOUT_S = np.array([[0.0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]])
"""A quarter of a turn that brings x onto y, then 10, 20, 30 mm."""

numbers = st.floats(-500, 500, width=32)
motions = st.builds(
    lambda vector, shift: rigid.compose(rigid.from_vector(np.array(vector)), np.array(shift)),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[numbers] * 3),
)


def test_a_transform_is_these_bytes():
    """Columns of the rotation, then the position, big-endian single precision: worked out by hand."""
    message = transform_bytes(ToolPose("T", QUARTER_ABOUT_S, True, 1.5))
    assert message[:2] == b"\x00\x01"
    assert message[2:14] == b"TRANSFORM\0\0\0"
    assert message[34:42] == b"\x00\x00\x00\x01\x80\x00\x00\x00"  # one second and a half
    one, minus, zero = b"\x3f\x80\0\0", b"\xbf\x80\0\0", b"\0\0\0\0"
    ten, twenty, thirty = b"\x41\x20\0\0", b"\x41\xa0\0\0", b"\x41\xf0\0\0"
    columns = zero + one + zero + minus + zero + zero + zero + zero + one
    content = message[HEADER_BYTES:]
    assert content == columns + ten + twenty + thirty


def test_a_position_is_the_place_and_then_the_quaternion():
    """A quarter about z is (0, 0, sin 45°, cos 45°)."""
    content = position_bytes(ToolPose("T", QUARTER_ABOUT_S, True, None))[HEADER_BYTES:]
    assert np.frombuffer(content, ">f4") == pytest.approx([10, 20, 30, 0, 0, 0.5**0.5, 0.5**0.5])


def test_lps_is_half_a_turn_and_leaves_the_tool_as_it_is():
    pose = read_as(ToolPose("T", QUARTER_ABOUT_S, True, None), "lps")
    assert isinstance(pose, ToolPose)
    wanted = [[0, 1, 0, -10], [-1, 0, 0, -20], [0, 0, 1, 30], [0, 0, 0, 1]]
    assert pose.tracker_from_tool.tolist() == wanted
    points = read_as(TouchedPoints("P", ("a",), np.array([[1.0, 2, 3]]), None), "lps")
    assert isinstance(points, TouchedPoints)
    assert points.points_mm.tolist() == [[-1, -2, 3]]
    assert read_as(points, "tracker") is points


@given(motions, st.integers(1, 60))
def test_every_rigid_motion_comes_back_in_pieces_of_any_size(motion: np.ndarray, size: int):
    pose = ToolPose("Pointer", motion, True, 1700000000.25)
    message = (
        transform_bytes(pose)
        + transform_bytes(pose, 2)
        + position_bytes(pose)
        + quaternions_bytes("Device", [pose], 1700000000.25)
    )
    stream = MessageStream()
    found = [r for start in range(0, len(message), size) for r in stream.feed(message[start : start + size])]
    assert stream.damaged == 0
    assert len(found) == 4
    for reading in found:
        assert isinstance(reading, ToolPose)
        assert reading.is_visible
        assert reading.tool == "Pointer"
        assert reading.sent_s == pytest.approx(1700000000.25)
        assert reading.tracker_from_tool == pytest.approx(motion, abs=2e-4)
        turn = reading.tracker_from_tool[:3, :3]
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-12)


@given(motions)
def test_quaternions_and_rotations_undo_each_other(motion: np.ndarray):
    assert rotation_of(7 * quaternion_of(motion[:3, :3])) == pytest.approx(motion[:3, :3], abs=1e-9)


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.0, 1, -1, 1]),  # mirrored
        np.diag([2.0, 2, 2, 1]),  # scaled
        np.zeros((4, 4)),  # what some trackers send for a tool that they lost
        np.full((4, 4), np.nan),
        QUARTER_ABOUT_S + np.array([[0, 0, 0, np.inf], [0] * 4, [0] * 4, [0] * 4]),
    ],
)
def test_what_is_no_rigid_motion_is_a_tool_that_is_not_seen(matrix: np.ndarray):
    assert not pose_of("T", matrix, None).is_visible


def test_points_and_status_come_back():
    points = TouchedPoints("Probe", ("a", "b"), np.array([[1.0, 2, 3], [4, 5, 6]]), 12.0)
    status = DeviceStatus("Camera", 13, -7, "Lost", "not seen", 12.0)
    found = MessageStream().feed(bytes_of(points) + bytes_of(status))
    assert found[1] == status
    assert not status.is_ok
    assert isinstance(found[0], TouchedPoints)
    assert found[0].names == ("a", "b")
    assert found[0].points_mm.tolist() == points.points_mm.tolist()


def test_a_tool_that_is_not_seen_says_so_over_the_wire():
    (found,) = MessageStream().feed(transform_bytes(ToolPose("T", np.eye(4), False, 3.0), 2))
    assert isinstance(found, ToolPose)
    assert not found.is_visible


def test_a_long_name_is_cut_at_a_whole_character():
    (found,) = MessageStream().feed(transform_bytes(ToolPose("针" * 9, np.eye(4), True, 3.0)))
    assert isinstance(found, ToolPose)
    assert found.tool == "针" * 6  # 18 of 20 bytes


def test_a_damaged_message_is_left_out_and_the_next_one_read():
    good = transform_bytes(ToolPose("T", QUARTER_ABOUT_S, True, 3.0))
    bad = bytearray(good)
    bad[HEADER_BYTES + 40] ^= 1
    stream = MessageStream()
    assert len(stream.feed(bytes(bad) + good)) == 1
    assert stream.damaged == 1


def test_what_is_no_openigtlink_ends_the_connection():
    with pytest.raises(DamagedMessage):
        MessageStream().feed(b"HTTP/1.1 400 Bad Request\r\nServer: something\r\nConnection: close\r\n\r\n" * 3)


def test_images_are_passed_over_without_being_held():
    image = bytearray(transform_bytes(ToolPose("T", QUARTER_ABOUT_S, True, 3.0)))
    image[2:14] = b"IMAGE\0\0\0\0\0\0\0"
    stream = MessageStream()
    assert len(stream.feed(bytes(image) + transform_bytes(ToolPose("T", QUARTER_ABOUT_S, True, 3.0)))) == 1


def test_a_pose_is_stale_when_no_news_comes():
    fresh = Freshness()
    assert not fresh.is_live(0)
    fresh.news(10.0, None)
    assert fresh.is_live(9.999 + STALE_AFTER_S)
    assert not fresh.is_live(10.001 + STALE_AFTER_S)
    assert STALE_AFTER_S < 0.2


def test_a_pose_that_was_held_up_on_its_way_is_stale_when_it_comes():
    """Clocks 1000 s apart; 20 ms between messages; the one of 0.04 s arrives with those of half a second later."""
    fresh = Freshness()
    fresh.news(1000.00, 0.00)
    fresh.news(1000.02, 0.02)
    fresh.news(1000.54, 0.04)
    assert not fresh.is_live(1000.54)
    fresh.news(1000.54, 0.54)
    assert fresh.is_live(1000.54)


def test_a_sender_that_repeats_itself_tells_nothing_new():
    fresh = Freshness()
    for arrived in np.arange(10.0, 10.5, 0.02):
        fresh.news(float(arrived), 5.0)
    assert not fresh.is_live(10.5)
