"""Messages of OpenIGTLink, to bytes and back.

Headers, metadata, checksums, TRANSFORM and POINT are pyigtl's. POSITION is not: it has one layout in the protocol and
in the C++ library (position, then quaternion), another in pyigtl 0.3.4, which has no STATUS, TDATA and QTDATA.
Definition: http://openigtlink.org/protocols/v2_header.html and the pages beside it. Numbers are big-endian, lengths mm.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pyigtl.messages import CRC64, MessageBase, PointMessage, TransformMessage

from segmentation.tracking.readings import (
    DeviceStatus,
    Reading,
    ToolPose,
    TouchedPoints,
    pose_of,
    quaternion_of,
    rotation_of,
)

Array = NDArray[np.float64]

HEADER_BYTES = int(MessageBase.IGTL_HEADER_SIZE)
NAME_BYTES = 20
"""Longest name of a device, in bytes; longer ones are cut, at a whole character."""

_STATUS = struct.Struct(">Hq20s")
_QUATERNION_ELEMENT = struct.Struct(">20sBB7f")
_MATRIX_ELEMENT = struct.Struct(">20sBB12f")
_SEEN = ("", "OK")  # of the metadata TransformStatus, as PLUS and IGSIO write it
_POINT_BYTES = 64 + 32 + 4 + 4 * 4 + 20


class DamagedMessage(ValueError):
    """Bytes that are no message, or not the one that its checksum was made of."""


class _Message(MessageBase):  # type: ignore[misc]  # pyigtl ships no annotations
    """A message of any type, whose content stays bytes."""

    content = b""

    def _pack_content(self) -> bytes:
        return self.content

    def _unpack_content(self, content: bytes) -> None:
        self.content = content


def parse_header(header: bytes) -> dict[str, Any]:
    """Read a header of 58 bytes: ``message_type``, ``device_name``, ``timestamp``, ``body_size``, ``crc``.

    Raises:
        DamagedMessage: it cannot be one.
    """
    try:
        fields = cast(dict[str, Any], MessageBase.parse_header(header))
    except (struct.error, UnicodeDecodeError) as error:
        raise DamagedMessage(str(error)) from None
    if not 1 <= fields["header_version"] <= 3 or not fields["message_type"].isascii():
        raise DamagedMessage("no header of OpenIGTLink")
    return fields | {"crc": struct.unpack(">Q", header[50:58])[0]}


def is_known(message_type: str) -> bool:
    """Whether messages of a type are read; others are passed over."""
    return message_type in _READERS


def readings_of(fields: dict[str, Any], body: bytes) -> list[Reading]:
    """Read a message of a known type.

    Args:
        fields: See ``parse_header``.
        body: All of it, with the extended header and the metadata of version 2.

    Raises:
        DamagedMessage: wrong checksum or length.
    """
    if CRC64(body) != fields["crc"]:
        raise DamagedMessage("wrong checksum")
    message = _Message()
    try:
        message.unpack(fields, body)
        sent = float(message.timestamp) or None
        is_seen = message.metadata.get("TransformStatus", "") in _SEEN
        return _READERS[fields["message_type"]](message.device_name, message.content, sent, is_seen)
    except (struct.error, ValueError, IndexError, TypeError) as error:
        raise DamagedMessage(str(error)) from None


def _read_transform(device: str, content: bytes, sent: float | None, is_seen: bool) -> list[Reading]:
    message = TransformMessage()
    message._unpack_content(content)
    return [pose_of(device, np.asarray(message.matrix, dtype=np.float64), sent, is_seen)]


def _read_position(device: str, content: bytes, sent: float | None, is_seen: bool) -> list[Reading]:
    """Read 3, 6 or 7 numbers: position, with a quaternion whose w is left out, or with all of it."""
    if len(content) not in (12, 24, 28):
        raise DamagedMessage(f"POSITION of {len(content)} bytes")
    values = np.array(struct.unpack(f">{len(content) // 4}f", content))
    quaternion = values[3:] if len(values) > 3 else np.array([0.0, 0.0, 0.0, 1.0])
    if len(quaternion) == 3:
        quaternion = np.append(quaternion, np.sqrt(max(0.0, 1.0 - float(quaternion @ quaternion))))
    return [pose_of(device, _matrix(values[:3], quaternion), sent, is_seen)]


def _read_quaternions(device: str, content: bytes, sent: float | None, is_seen: bool) -> list[Reading]:
    readings: list[Reading] = []
    for name, _kind, _, *values in _QUATERNION_ELEMENT.iter_unpack(content):
        matrix = _matrix(np.array(values[:3]), np.array(values[3:]))
        readings.append(pose_of(_text(name) or device, matrix, sent, is_seen))
    return readings


def _read_matrices(device: str, content: bytes, sent: float | None, is_seen: bool) -> list[Reading]:
    readings: list[Reading] = []
    for name, _kind, _, *values in _MATRIX_ELEMENT.iter_unpack(content):
        matrix = np.vstack([np.array(values).reshape(4, 3).T, [0.0, 0.0, 0.0, 1.0]])
        readings.append(pose_of(_text(name) or device, matrix, sent, is_seen))
    return readings


def _read_points(device: str, content: bytes, sent: float | None, _is_seen: bool) -> list[Reading]:
    if len(content) % _POINT_BYTES:
        raise DamagedMessage(f"POINT of {len(content)} bytes")
    message = PointMessage()
    message._unpack_content(content)
    points = np.array(message.positions, dtype=np.float64).reshape(-1, 3)
    good = np.isfinite(points.sum(axis=1))
    names = tuple(name for name, is_good in zip(message.names, good, strict=True) if is_good)
    return [TouchedPoints(device, names, points[good], sent)]


def _read_status(device: str, content: bytes, sent: float | None, _is_seen: bool) -> list[Reading]:
    code, subcode, error = _STATUS.unpack_from(content)
    return [DeviceStatus(device, code, subcode, _text(error), _text(content[_STATUS.size :]), sent)]


_Reader = Callable[[str, bytes, float | None, bool], list[Reading]]
_READERS: dict[str, _Reader] = {
    "TRANSFORM": _read_transform,
    "POSITION": _read_position,
    "QTDATA": _read_quaternions,
    "TDATA": _read_matrices,
    "POINT": _read_points,
    "STATUS": _read_status,
}


def _matrix(position: Array, quaternion: Array) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation_of(quaternion), position
    return matrix


def _text(content: bytes) -> str:
    return content.split(b"\0")[0].decode("utf-8", "replace").strip()


def transform_bytes(pose: ToolPose, version: int = 1) -> bytes:
    """Make a TRANSFORM.

    Args:
        pose: Of a tool that is seen; in version 2 of any.
        version: Of the header. Version 2 has the metadata ``TransformStatus`` that says whether the tool is seen; the
            C++ library's example programs cannot read it.
    """
    content = TransformMessage(matrix=pose.tracker_from_tool)._pack_content()
    metadata = {"TransformStatus": "OK" if pose.is_visible else "MISSING"}
    return _packed("TRANSFORM", pose.tool, content, pose.sent_s, metadata if version > 1 else None)


def position_bytes(pose: ToolPose) -> bytes:
    """Make a POSITION as the C++ library does; a tool that is not seen is left out by the sender."""
    content = struct.pack(">7f", *pose.tracker_from_tool[:3, 3], *quaternion_of(pose.tracker_from_tool[:3, :3]))
    return _packed("POSITION", pose.tool, content, pose.sent_s)


def quaternions_bytes(device: str, poses: list[ToolPose], sent_s: float | None) -> bytes:
    """Make a QTDATA of the poses that are seen."""
    content = b"".join(
        _QUATERNION_ELEMENT.pack(
            _name(pose.tool), 2, 0, *pose.tracker_from_tool[:3, 3], *quaternion_of(pose.tracker_from_tool[:3, :3])
        )
        for pose in poses
        if pose.is_visible
    )
    return _packed("QTDATA", device, content, sent_s)


def points_bytes(points: TouchedPoints) -> bytes:
    """Make a POINT."""
    message = PointMessage(positions=points.points_mm, names=list(points.names))
    return _packed("POINT", points.device, message._pack_content(), points.sent_s)


def status_bytes(status: DeviceStatus) -> bytes:
    """Make a STATUS."""
    content = _STATUS.pack(status.code, status.subcode, _name(status.error)) + status.text.encode() + b"\0"
    return _packed("STATUS", status.device, content, status.sent_s)


def start_bytes(kind: str, every_ms: int) -> bytes:
    """Ask a server for a stream: STT_TDATA or STT_QTDATA, a message every so many milliseconds."""
    return _packed(f"STT_{kind}", "SpineView", struct.pack(">i32s", every_ms, b""), None)


def bytes_of(reading: Reading) -> bytes:
    """Make the message that carries a reading best: TRANSFORM, POINT or STATUS."""
    if isinstance(reading, ToolPose):
        return transform_bytes(reading, 1 if reading.is_visible else 2)
    return points_bytes(reading) if isinstance(reading, TouchedPoints) else status_bytes(reading)


def _name(text: str) -> bytes:
    return text.encode()[:NAME_BYTES].decode("utf-8", "ignore").encode()


def _packed(
    message_type: str, device: str, content: bytes, sent_s: float | None, metadata: dict[str, str] | None = None
) -> bytes:
    message = _Message(timestamp=sent_s or 0.0, device_name=_name(device).decode())
    message._message_type = message_type
    message.content = content
    if metadata:
        message.header_version, message.metadata = 2, metadata
    return cast(bytes, message.pack())
