"""Results of measuring a spine: values with their uncertainty, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 1
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Quantity:
    """One measured value.

    Attributes:
        value: In the unit that its name ends in (``_mm``, ``_deg``, ``_hu`` …); None where there is none.
        uncertainty: Standard uncertainty (one standard deviation), in the same unit.
        reason: Code of the reason why there is no value; empty where there is one.
        edited_by: Who changed it, or a value that it follows from; empty for the program's own value.
        automatic: What the program had measured, of a value that somebody changed.
    """

    value: float | None
    uncertainty: float | None = None
    reason: str = ""
    edited_by: str = ""
    automatic: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON, rounded to what it can be trusted to and two digits more."""
        if self.value is None:
            return {"value": None, "reason": self.reason}
        if self.edited_by:
            automatic = None if self.automatic is None else _rounded(self.automatic)
            return {"value": _rounded(self.value), "edited_by": self.edited_by, "automatic": automatic}
        return {"value": _rounded(self.value), "uncertainty": _rounded(self.uncertainty or 0.0)}


def known(value: float, uncertainty: float) -> Quantity:
    """Make a value; what is no number becomes the reason ``not_found``."""
    return Quantity(value, uncertainty) if math.isfinite(value) else Quantity(None, reason="not_found")


def unknown(reason: str) -> Quantity:
    """Make a value that there is none of, with the code of its reason."""
    return Quantity(None, reason=reason)


@dataclass(frozen=True)
class VertebraMeasures:
    """Measures of one vertebra.

    Attributes:
        number, name: VerSe number, ``"L1"``.
        state: ``"measured"``, ``"partial"`` (some values are missing) or ``"not_measured"``.
        reasons: Codes, why values are missing or should be read with care.
        values: By name; the names end in the unit.
        genant_grade: 0 to 3; None where heights are missing.
        deformity: ``"none"``, ``"wedge"``, ``"biconcave"`` or ``"crush"``.
        axes: Right, anterior and superior, unit vectors in RAS+; None where no frame was found.
        landmarks: Points in RAS+ mm by name.
        confidence: Of the segmentation in this vertebra: ``"high"``, ``"medium"``, ``"low"``; empty where unknown.
        confidence_reasons: Codes of what lowered it.
    """

    number: int
    name: str
    state: str
    reasons: tuple[str, ...] = ()
    values: Mapping[str, Quantity] = field(default_factory=dict)
    genant_grade: int | None = None
    deformity: str = ""
    axes: tuple[Point, Point, Point] | None = None
    landmarks: Mapping[str, Point] = field(default_factory=dict)
    confidence: str = ""
    confidence_reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "label": self.number,
            "name": self.name,
            "state": self.state,
            "reasons": list(self.reasons),
            "values": {name: each.to_json() for name, each in self.values.items()},
            "genant_grade": self.genant_grade,
            "deformity": self.deformity or None,
            "axes": None if self.axes is None else [list(map(_rounded_unit, axis)) for axis in self.axes],
            "landmarks_mm": {name: list(map(_rounded, point)) for name, point in self.landmarks.items()},
            "confidence": self.confidence or None,
            "confidence_reasons": list(self.confidence_reasons),
        }


@dataclass(frozen=True)
class DiscMeasures:
    """Measures between two neighbours: the disc, and the slip of the upper against the lower vertebra.

    Attributes:
        upper, lower: Names.
        values: By name.
        meyerding_grade: 0 to 5; None where the slip is missing.
        slip_direction: ``"anterior"``, ``"posterior"`` or ``"none"``.
        landmarks: Points in RAS+ mm by name.
    """

    upper: str
    lower: str
    values: Mapping[str, Quantity]
    meyerding_grade: int | None = None
    slip_direction: str = ""
    landmarks: Mapping[str, Point] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "upper": self.upper,
            "lower": self.lower,
            "values": {name: each.to_json() for name, each in self.values.items()},
            "meyerding_grade": self.meyerding_grade,
            "slip_direction": self.slip_direction or None,
            "landmarks_mm": {name: list(map(_rounded, point)) for name, point in self.landmarks.items()},
        }


@dataclass(frozen=True)
class CoronalCurve:
    """One curve in the patient's coronal plane.

    Attributes:
        upper_end, lower_end: Names of the end vertebrae.
        apex: Name of the vertebra, or ``"T8/T9"`` for a disc, that lies farthest from the line between the ends.
        convexity: ``"left"`` or ``"right"`` of the patient.
        cobb: Between the upper endplate of the upper and the lower endplate of the lower end vertebra.
        apex_shift: Distance of the apex from that line.
        scoliosis: Whether the angle is at least 10 degrees, which is what scoliosis is called from.
        lines: The two endplates, each two points in RAS+ mm.
    """

    upper_end: str
    lower_end: str
    apex: str
    convexity: str
    cobb: Quantity
    apex_shift: Quantity
    scoliosis: bool
    lines: tuple[tuple[Point, Point], tuple[Point, Point]]

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "upper_end": self.upper_end,
            "lower_end": self.lower_end,
            "apex": self.apex,
            "convexity": self.convexity,
            "scoliosis": self.scoliosis,
            "values": {"cobb_deg": self.cobb.to_json(), "apex_shift_mm": self.apex_shift.to_json()},
            "lines_mm": [[list(map(_rounded, point)) for point in line] for line in self.lines],
        }


@dataclass(frozen=True)
class SagittalAngle:
    """An angle between two endplates in the patient's sagittal plane.

    Attributes:
        name: ``"lumbar_lordosis"``, ``"thoracic_kyphosis"``, ``"cervical_lordosis"``, ``"sacral_slope"``.
        upper, lower: The endplates, such as ``"L1 superior"``.
        value: Degrees; lordosis and kyphosis are positive where they are what their name says.
        lines: The endplates, each two points in RAS+ mm.
    """

    name: str
    upper: str
    lower: str
    value: Quantity
    lines: tuple[tuple[Point, Point], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "name": self.name,
            "upper": self.upper,
            "lower": self.lower,
            "values": {"angle_deg": self.value.to_json()},
            "lines_mm": [[list(map(_rounded, point)) for point in line] for line in self.lines],
        }


@dataclass(frozen=True)
class SpineMeasures:
    """Everything that was measured of one scan and its label map."""

    vertebrae: tuple[VertebraMeasures, ...]
    discs: tuple[DiscMeasures, ...]
    curves: tuple[CoronalCurve, ...]
    sagittal: tuple[SagittalAngle, ...]
    version: str
    spacing_mm: Point

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON, as the published schema describes it."""
        return {
            "schema": f"spineview-measures-{SCHEMA_VERSION}",
            "spineview": self.version,
            "convention": "RAS+ mm; angles in degrees; uncertainty is one standard deviation",
            "posture": "supine",
            "purpose": "research use only",
            "spacing_mm": list(map(_rounded, self.spacing_mm)),
            "vertebrae": [each.to_json() for each in self.vertebrae],
            "discs": [each.to_json() for each in self.discs],
            "coronal_curves": [each.to_json() for each in self.curves],
            "sagittal_angles": [each.to_json() for each in self.sagittal],
        }

    def of(self, name: str) -> VertebraMeasures:
        """Give the measures of a vertebra by its name."""
        return next(each for each in self.vertebrae if each.name == name)


def _rounded(value: float) -> float:
    return round(float(value), 3)


def _rounded_unit(value: float) -> float:
    return round(float(value), 6)
