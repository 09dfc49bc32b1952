"""Schemas of measurements. Positions are RAS+ mm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from webapp.api.schemas.base import API, Address, Answer, Request, Timestamp, Triple
from webapp.enumerations import POINTS, MeasurementKind, Plane, StatisticName, Unit
from webapp.storage import measurements

LARGEST = 1e7  # of any number: far above every length in mm, HU and count
Number = Annotated[float, Field(gt=-LARGEST, lt=LARGEST)]
Point = Annotated[list[Number], Field(min_length=3, max_length=3, description="RAS+ mm")]


def _points_by_kind(schema: dict[str, Any]) -> None:
    """Say in the description how many points each kind has."""
    schema["oneOf"] = [
        {"properties": {"kind": {"const": kind}, "points_mm": {"minItems": count, "maxItems": count}}}
        for kind, count in POINTS.items()
    ]


class NewMeasurement(Request):
    """What is measured; the value follows from the points."""

    model_config = ConfigDict(json_schema_extra=_points_by_kind)

    kind: MeasurementKind
    plane: Plane = Field(description="The plane it was drawn on")
    points_mm: list[Point] = Field(
        min_length=min(POINTS.values()),
        max_length=max(POINTS.values()),
        description="As many as the kind has: distance 2; angle 3, the vertex in the middle; cobb 4, two lines; "
        "ellipse 3, the centre and the ends of two half axes",
    )
    label: str = Field("", max_length=measurements.LONGEST_LABEL)
    statistics: dict[StatisticName, Number] | None = Field(
        None, description="Of an ellipse, as the viewer read them from the slice"
    )

    @model_validator(mode="after")
    def _has_the_points_of_its_kind(self) -> NewMeasurement:
        count = POINTS[self.kind]
        if len(self.points_mm) != count:
            raise PydanticCustomError("points", "{kind} {count}", {"kind": self.kind, "count": count})
        return self

    def fields(self) -> measurements.Fields:
        """Convert to what the store keeps."""
        points = list(self.points_mm)
        return measurements.Fields(self.kind, self.plane, points, self.label, dict(self.statistics or {}))


class Measurement(Answer):
    """One measurement on a slice."""

    id: str
    study_id: str
    kind: MeasurementKind
    plane: Plane
    points_mm: Sequence[Triple]
    label: str = Field(description="What the user called it; may hold anything, escape it")
    statistics: dict[StatisticName, float] = Field(description="Of an ellipse, where they are known")
    value: float = Field(description="Length in mm, angle in degrees (0 to 180; Cobb 0 to 90), or area in mm²")
    unit: Unit
    created_at: Timestamp
    url: Address

    @classmethod
    def of(cls, measurement: measurements.Measurement) -> Measurement:
        """Make the answer from a measurement of the store."""
        return cls(
            id=measurement.id,
            study_id=measurement.study_id,
            kind=measurement.kind,
            plane=measurement.plane,
            points_mm=measurement.points_mm,
            label=measurement.label,
            statistics=measurement.statistics,
            value=round(measurement.value, 3),
            unit=measurement.unit,
            created_at=measurement.created_at,
            url=f"{API}/measurements/{measurement.id}",
        )


class MeasurementList(Answer):
    """Measurements of a study, oldest first."""

    measurements: list[Measurement]
