"""Measures as a table: one line a value, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from segmentation.morphometry.results import Quantity, SpineMeasures, VertebraMeasures

COLUMNS = ("kind", "name", "measure", "value", "uncertainty", "unit", "reason", "note")
_UNITS = {"mm": "mm", "mm2": "mm2", "deg": "degree", "hu": "HU", "ml": "ml", "ratio": "1", "percent": "%", "grade": "1"}


def unit_of(measure: str) -> str:
    """Give the unit that the name of a measure ends in."""
    return _UNITS[measure.rsplit("_", 1)[1]]


def to_csv(measures: SpineMeasures) -> str:
    """Write every value of ``measures`` as comma-separated lines with a header."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    confidence = {v.name: v for v in measures.vertebrae if v.confidence in ("medium", "low")}
    for kind, name, measure, quantity in rows(measures):
        value = "" if quantity.value is None else f"{quantity.value:.3f}"
        error = "" if quantity.value is None or quantity.edited_by else f"{quantity.uncertainty or 0:.3f}"
        note = _note(quantity, confidence.get(name) if kind == "vertebra" else None)
        writer.writerow((kind, name, measure, value, error, unit_of(measure), quantity.reason, note))
    return stream.getvalue()


def _note(quantity: Quantity, vertebra: VertebraMeasures | None) -> str:
    """Say who changed a value, and how sure its vertebra is where that is less than high."""
    parts = []
    if quantity.edited_by:
        automatic = "none" if quantity.automatic is None else f"{quantity.automatic:.3f}"
        parts.append(f"edited by {quantity.edited_by}; automatic {automatic}")
    if vertebra is not None:
        parts.append(f"{vertebra.confidence} confidence: {' '.join(vertebra.confidence_reasons)}")
    return "; ".join(parts)


def rows(measures: SpineMeasures) -> Iterator[tuple[str, str, str, Quantity]]:
    """Yield kind, name, measure and value of everything measured."""
    for vertebra in measures.vertebrae:
        for measure, quantity in vertebra.values.items():
            yield "vertebra", vertebra.name, measure, quantity
        yield "vertebra", vertebra.name, "genant_grade", _grade(vertebra.genant_grade)
    for disc in measures.discs:
        for measure, quantity in disc.values.items():
            yield "disc", f"{disc.upper}-{disc.lower}", measure, quantity
        yield "disc", f"{disc.upper}-{disc.lower}", "meyerding_grade", _grade(disc.meyerding_grade)
    for curve in measures.curves:
        name = f"{curve.upper_end}-{curve.lower_end} {curve.convexity}, apex {curve.apex}"
        yield "coronal curve", name, "cobb_deg", curve.cobb
        yield "coronal curve", name, "apex_shift_mm", curve.apex_shift
    for angle in measures.sagittal:
        yield "sagittal angle", f"{angle.upper} to {angle.lower}", f"{angle.name}_deg", angle.value


def _grade(grade: int | None) -> Quantity:
    return Quantity(None, reason="not_found") if grade is None else Quantity(float(grade), 0.0)
