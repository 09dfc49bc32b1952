"""Recordings of a tracker as files of JSON lines; ``docs/navigation.md`` describes the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TextIO

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from segmentation.core.errors import InputError, UnreadableFile
from segmentation.registration.register import RESEARCH_USE_ONLY
from segmentation.tracking.readings import DeviceStatus, Reading, ToolPose, TouchedPoints, pose_of

RECORDING_SCHEMA = "spineview.tracking/1"
_LARGEST_FILE = 2_000_000_000
_LONGEST_LINE = 1_000_000


class _Head(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)
    kind: Literal["spineview.tracking/1"] = Field(alias="schema")


class _Pose(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["pose"]
    t: FiniteFloat = Field(ge=0)
    tool: str = Field(max_length=200)
    sent: FiniteFloat | None = None
    tracker_from_tool: list[list[FiniteFloat]] | None

    def reading(self) -> Reading:
        if self.tracker_from_tool is None:
            return ToolPose(self.tool, np.eye(4), False, self.sent)
        matrix = np.array(self.tracker_from_tool, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise ValueError("no 4 x 4 matrix")
        return pose_of(self.tool, matrix, self.sent)


class _Points(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["points"]
    t: FiniteFloat = Field(ge=0)
    device: str = Field(max_length=200)
    sent: FiniteFloat | None = None
    names: list[str] = Field(max_length=20_000)
    points_mm: list[tuple[FiniteFloat, FiniteFloat, FiniteFloat]] = Field(max_length=20_000)

    def reading(self) -> Reading:
        points = np.array(self.points_mm, dtype=np.float64).reshape(-1, 3)
        if len(points) != len(self.names):
            raise ValueError("names and points differ in number")
        return TouchedPoints(self.device, tuple(self.names), points, self.sent)


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: Literal["status"]
    t: FiniteFloat = Field(ge=0)
    device: str = Field(max_length=200)
    sent: FiniteFloat | None = None
    code: int
    subcode: int = 0
    error: str = ""
    text: str = ""

    def reading(self) -> Reading:
        return DeviceStatus(self.device, self.code, self.subcode, self.error, self.text, self.sent)


_ROW: TypeAdapter[_Pose | _Points | _Status] = TypeAdapter(_Pose | _Points | _Status)


def to_row(reading: Reading, t: float) -> dict[str, Any]:
    """Represent a reading as a line's JSON; ``t`` is in seconds from the beginning of the recording."""
    row: dict[str, Any] = {"t": round(t, 6), "sent": reading.sent_s}
    if isinstance(reading, ToolPose):
        matrix = np.round(reading.tracker_from_tool, 6).tolist() if reading.is_visible else None
        return {"type": "pose", **row, "tool": reading.tool, "tracker_from_tool": matrix}
    if isinstance(reading, TouchedPoints):
        points = np.round(reading.points_mm, 6).tolist()
        return {"type": "points", **row, "device": reading.device, "names": list(reading.names), "points_mm": points}
    return {
        "type": "status", **row, "device": reading.device, "code": reading.code, "subcode": reading.subcode,
        "error": reading.error, "text": reading.text,
    }  # fmt: skip


class Recorder:
    """Writes a recording, line by line, so that what was recorded before a crash is there."""

    def __init__(self, path: Path, source: str) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._begun: float | None = None
        self._write({"schema": RECORDING_SCHEMA, "notice": RESEARCH_USE_ONLY, "source": source,
                     "convention": "mm of the tracker; matrices map column vectors of the tool's mm"})  # fmt: skip

    def take(self, reading: Reading, arrived_s: float) -> None:
        """Write one reading; the first one is at 0 s."""
        if self._begun is None:
            self._begun = arrived_s
        self._write(to_row(reading, max(0.0, arrived_s - self._begun)))

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_recording(path: Path) -> Iterator[tuple[float, Reading]]:
    """Read a recording: seconds from its beginning, and what was read then, in order.

    Raises:
        InputError: the file is missing, no recording, or a line is damaged. A last line that a crash cut is left out.
    """
    if not path.is_file():
        raise InputError("file.missing", name=path.name)
    if path.stat().st_size > _LARGEST_FILE:
        raise UnreadableFile("tracker.bad_recording", name=path.name, line=1)
    with path.open("rb") as file:
        _check_head(file.readline(_LONGEST_LINE), path)
        last = 0.0
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=2):
            if not line.endswith(b"\n"):
                return
            try:
                row = _ROW.validate_json(line)
                if row.t < last:
                    raise ValueError("time runs backwards")
                last = row.t
                reading = row.reading()
            except (ValidationError, ValueError):
                raise UnreadableFile("tracker.bad_recording", name=path.name, line=number) from None
            yield row.t, reading


def _check_head(line: bytes, path: Path) -> None:
    try:
        _Head.model_validate_json(line)
    except ValidationError:
        raise UnreadableFile("tracker.not_a_recording", name=path.name) from None
