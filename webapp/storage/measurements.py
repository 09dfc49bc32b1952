"""Measurements of a study: what may be stored, their values, and all of them as CSV.

Positions are RAS+ mm, so that a measurement means the same on any grid and in any program.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.enumerations import STATISTICS, MeasurementKind, Plane, StatisticName, Unit
from webapp.http.errors import WebError
from webapp.storage.database import Database, new_id
from webapp.storage.folders import Folders
from webapp.storage.recovery.records import write_annotations
from webapp.storage.tables import MeasurementRow

MOST_PER_STUDY = 500
LONGEST_LABEL = 120
_UNITS: dict[MeasurementKind, Unit] = {"distance": "mm", "angle": "deg", "cobb": "deg", "ellipse": "mm2"}
COLUMNS = ("id", "kind", "label", "plane", "value", "unit", *STATISTICS, "points_ras_mm", "created_at")


@dataclass(frozen=True)
class Fields:
    """Fields of a measurement that a user gives, as in ``Measurement``."""

    kind: MeasurementKind
    plane: Plane
    points_mm: list[list[float]]
    label: str
    statistics: dict[StatisticName, float]


@dataclass(frozen=True)
class Measurement:
    """One measurement on a slice.

    Attributes:
        kind: A key of ``webapp.enumerations.POINTS``.
        plane: The plane it was drawn on.
        points_mm: Its points, RAS+ mm, as many as the kind has.
        label: What the user called it; hostile text.
        statistics: Of an ellipse, as the viewer read them from the slice: ``mean_hu``, ``sd_hu``, ``voxels``.
    """

    id: str
    study_id: str
    kind: MeasurementKind
    plane: Plane
    points_mm: list[list[float]]
    label: str
    statistics: dict[StatisticName, float]
    created_at: datetime

    @property
    def value(self) -> float:
        """Length in mm, angle in degrees (0 to 180; Cobb 0 to 90), or area in mm²."""
        return value_of(self.kind, self.points_mm)

    @property
    def unit(self) -> Unit:
        """Of ``value``."""
        return _UNITS[self.kind]


def value_of(kind: str, points_mm: Sequence[Sequence[float]]) -> float:
    """Compute what the points of a measurement amount to, see ``Measurement.value``."""
    points = np.asarray(points_mm, dtype=float)
    if kind == "distance":
        return float(np.linalg.norm(points[1] - points[0]))
    if kind == "ellipse":
        return math.pi * float(np.linalg.norm(points[1] - points[0]) * np.linalg.norm(points[2] - points[0]))
    if kind == "angle":
        return _angle_deg(points[0] - points[1], points[2] - points[1])
    angle = _angle_deg(points[1] - points[0], points[3] - points[2])
    return min(angle, 180 - angle)  # a line has no direction


def _angle_deg(a: Any, b: Any) -> float:
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.degrees(math.acos(max(-1.0, min(1.0, float(np.dot(a, b)) / length)))) if length else 0.0


class Measurements:
    """The table of measurements."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def of_study(self, study_id: str) -> list[Measurement]:
        """All measurements of a study, oldest first."""
        with self._database.reading() as session:
            rows = session.query(MeasurementRow).filter_by(study_id=study_id).order_by(MeasurementRow.sequence)
            return [to_measurement(row) for row in rows]

    def add(self, study_id: str, fields: Fields) -> Measurement:
        """Store a new one; The study must exist.

        Raises:
            WebError: the study has ``MOST_PER_STUDY`` already.
        """
        with self._database.transaction() as session:
            if session.query(MeasurementRow).filter_by(study_id=study_id).count() >= MOST_PER_STUDY:
                raise WebError(400, "bad_request", "measurement.too_many", count=MOST_PER_STUDY)
            row = MeasurementRow(
                id=new_id(), study_id=study_id, created_at=datetime.now(UTC).timestamp(), **asdict(fields)
            )
            session.add(row)
            self._write_record(session, row.study_id)
            return to_measurement(row)

    def replace(self, measurement_id: str, fields: Fields) -> Measurement | None:
        """Replace the fields of one; None if there is none."""
        with self._database.transaction() as session:
            row = session.scalar(select(MeasurementRow).where(MeasurementRow.id == measurement_id))
            if row is None:
                return None
            for name, value in asdict(fields).items():
                setattr(row, name, value)
            self._write_record(session, row.study_id)
            return to_measurement(row)

    def delete(self, measurement_id: str) -> bool:
        """Remove one; False if there is none."""
        with self._database.transaction() as session:
            row = session.scalar(select(MeasurementRow).where(MeasurementRow.id == measurement_id))
            if row is None:
                return False
            session.delete(row)
            self._write_record(session, row.study_id)
            return True

    def _write_record(self, session: Session, study_id: str) -> None:
        write_annotations(session, self._folders.study(study_id), study_id)


def to_csv(measurements: Iterable[Measurement]) -> str:
    """One row each, columns as in ``COLUMNS``; starts with a byte order mark, for Excel."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for m in measurements:
        points = "; ".join(" ".join(f"{x:.3f}" for x in point) for point in m.points_mm)
        figures = [f"{m.statistics[name]:.6g}" if name in m.statistics else "" for name in STATISTICS]
        row = [m.id, m.kind, _harmless(m.label), m.plane, f"{m.value:.3f}", m.unit, *figures, points]
        writer.writerow([*row, m.created_at.isoformat(timespec="seconds")])
    return "\ufeff" + out.getvalue()


def _harmless(text: str) -> str:
    """Change a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def to_measurement(row: MeasurementRow) -> Measurement:
    """Make the value of a measurement's row."""
    return Measurement(
        id=row.id,
        study_id=row.study_id,
        kind=cast(MeasurementKind, row.kind),
        plane=cast(Plane, row.plane),
        points_mm=[list(point) for point in row.points_mm],
        label=row.label,
        statistics=cast(dict[StatisticName, float], dict(row.statistics)),
        created_at=datetime.fromtimestamp(row.created_at, UTC),
    )
