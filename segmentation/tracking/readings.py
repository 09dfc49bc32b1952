"""What a tracker tells: poses of tools, touched points, its status. Plain values, without the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AXES = ("tracker", "lps")
"""How a server's coordinates are to be read: as they are, or as LPS of the image, which becomes RAS."""

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_RIGID_TOLERANCE = 1e-2  # of the products of a rotation's columns; single precision is far below


@dataclass(frozen=True, eq=False)
class ToolPose:
    """Place of one tool at one time.

    Attributes:
        tool: Its name.
        tracker_from_tool: (4, 4) rigid, maps column vectors of the tool's mm to the tracker's; identity if not visible.
        is_visible: False where the tracker says that it does not see the tool, or what it sent is no rigid motion.
        sent_s: Seconds since 1970 by the sender's clock; None where it sent no time.
    """

    tool: str
    tracker_from_tool: Array
    is_visible: bool
    sent_s: float | None


@dataclass(frozen=True, eq=False)
class TouchedPoints:
    """Points of one message: (N, 3) in mm of the tracker, with a name each."""

    device: str
    names: tuple[str, ...]
    points_mm: Array
    sent_s: float | None


@dataclass(frozen=True)
class DeviceStatus:
    """Status of a device; ``code`` 1 is well, see the protocol for the others."""

    device: str
    code: int
    subcode: int
    error: str
    text: str
    sent_s: float | None

    @property
    def is_ok(self) -> bool:
        """Whether the device calls itself well."""
        return self.code == 1


Reading = ToolPose | TouchedPoints | DeviceStatus


def pose_of(tool: str, matrix: Array, sent_s: float | None, is_visible: bool = True) -> ToolPose:
    """Make a pose of a (4, 4) matrix; one that is not rigid (NaN, scaled, mirrored) becomes a tool that is not seen."""
    turn = matrix[:3, :3]
    is_rigid = bool(
        np.isfinite(matrix).all()
        and np.abs(turn @ turn.T - np.eye(3)).max() < _RIGID_TOLERANCE
        and np.linalg.det(turn) > 0
    )
    if not (is_visible and is_rigid):
        return ToolPose(tool, np.eye(4), False, sent_s)
    left, _, right = np.linalg.svd(turn)
    exact = np.eye(4)
    exact[:3, :3], exact[:3, 3] = left @ right, matrix[:3, 3]
    return ToolPose(tool, exact, True, sent_s)


def rotation_of(quaternion: Array) -> Array:
    """Make the (3, 3) rotation of a quaternion x, y, z, w of any length; NaN of one without length."""
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y, z, w = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_of(rotation: Array) -> Array:
    """Give the quaternion x, y, z, w (w >= 0) of a (3, 3) rotation."""
    # Of the four ways to write it the one with the largest component loses no digits: Shepperd 1978.
    trace = np.trace(rotation)
    squares = np.array([*(1 + 2 * np.diag(rotation) - trace), 1 + trace])
    most = int(np.argmax(squares))
    r = rotation
    rows = np.array(
        [
            [squares[0], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[2, 1] - r[1, 2]],
            [r[0, 1] + r[1, 0], squares[1], r[1, 2] + r[2, 1], r[0, 2] - r[2, 0]],
            [r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], squares[2], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], squares[3]],
        ]
    )
    found = rows[most] / np.linalg.norm(rows[most])
    return np.asarray(found if found[3] >= 0 else -found)


def read_as(reading: Reading, axes: str) -> Reading:
    """Convert what a server sent to the program's coordinates: the one place where LPS becomes RAS.

    Args:
        reading: As it came.
        axes: One of ``AXES``. Right and left, front and back are exchanged for ``"lps"``, which is half a turn about
            the axis of the body: a pose stays rigid, and the tool's own axes stay as they are.
    """
    if axes != "lps" or isinstance(reading, DeviceStatus):
        return reading
    if isinstance(reading, TouchedPoints):
        points = reading.points_mm @ _LPS[:3, :3]
        return TouchedPoints(reading.device, reading.names, points, reading.sent_s)
    if not reading.is_visible:
        return reading
    return ToolPose(reading.tool, _LPS @ reading.tracker_from_tool, True, reading.sent_s)
