"""Read measures back from the JSON that ``SpineMeasures.to_json`` made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segmentation.morphometry.results import (
    CoronalCurve,
    DiscMeasures,
    Point,
    Quantity,
    SagittalAngle,
    SpineMeasures,
    VertebraMeasures,
)

Json = Mapping[str, Any]


def measures_from_json(content: Json) -> SpineMeasures:
    """Make measures of plain JSON.

    Raises:
        KeyError, TypeError, ValueError: it is not what ``to_json`` of this version writes.
    """
    return SpineMeasures(
        tuple(_vertebra(each) for each in content["vertebrae"]),
        tuple(_disc(each) for each in content["discs"]),
        tuple(_curve(each) for each in content["coronal_curves"]),
        tuple(_angle(each) for each in content["sagittal_angles"]),
        content["spineview"],
        _point(content["spacing_mm"]),
    )


def _vertebra(content: Json) -> VertebraMeasures:
    axes = content["axes"]
    return VertebraMeasures(
        content["label"],
        content["name"],
        content["state"],
        tuple(content["reasons"]),
        _values(content["values"]),
        content["genant_grade"],
        content["deformity"] or "",
        None if axes is None else (_point(axes[0]), _point(axes[1]), _point(axes[2])),
        _points(content["landmarks_mm"]),
        content["confidence"] or "",
        tuple(content["confidence_reasons"]),
    )


def _disc(content: Json) -> DiscMeasures:
    return DiscMeasures(
        content["upper"],
        content["lower"],
        _values(content["values"]),
        content["meyerding_grade"],
        content["slip_direction"] or "",
        _points(content["landmarks_mm"]),
    )


def _curve(content: Json) -> CoronalCurve:
    upper, lower = _lines(content["lines_mm"])
    values = _values(content["values"])
    return CoronalCurve(
        content["upper_end"],
        content["lower_end"],
        content["apex"],
        content["convexity"],
        values["cobb_deg"],
        values["apex_shift_mm"],
        content["scoliosis"],
        (upper, lower),
    )


def _angle(content: Json) -> SagittalAngle:
    value = _values(content["values"])["angle_deg"]
    return SagittalAngle(content["name"], content["upper"], content["lower"], value, _lines(content["lines_mm"]))


def _values(content: Json) -> dict[str, Quantity]:
    return {name: Quantity(**each) for name, each in content.items()}


def _points(content: Json) -> dict[str, Point]:
    return {name: _point(each) for name, each in content.items()}


def _lines(content: Sequence[Sequence[Sequence[float]]]) -> tuple[tuple[Point, Point], ...]:
    return tuple((_point(line[0]), _point(line[1])) for line in content)


def _point(content: Sequence[float]) -> Point:
    x, y, z = content
    return float(x), float(y), float(z)
