"""REST of measurements: listed and added under a study, changed and removed by their own address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from webapp.api.schemas import API
from webapp.context import services, store_with, who
from webapp.http.errors import not_found
from webapp.storage.measurements import (
    Measurement,
    checked,
    to_csv,
)

measurements = Blueprint("measurements", __name__)


def measurement_view(measurement: Measurement) -> dict[str, Any]:
    """One measurement as JSON."""
    return {
        "id": measurement.id,
        "study_id": measurement.study_id,
        "kind": measurement.kind,
        "plane": measurement.plane,
        "points_mm": measurement.points_mm,
        "label": measurement.label,
        "statistics": measurement.statistics,
        "value": round(measurement.value, 3),
        "unit": measurement.unit,
        "created_at": measurement.created_at.isoformat(),
        "url": f"{API}/measurements/{measurement.id}",
    }


@measurements.get("/studies/<study_id>/measurements")
def list_measurements(study_id: str) -> Response:
    """All measurements of a study, oldest first."""
    found = store_with(study_id).measurements.of_study(study_id)
    return jsonify({"measurements": [measurement_view(m) for m in found]})


@measurements.post("/studies/<study_id>/measurements")
def create_measurement(study_id: str) -> tuple[Response, int]:
    """Add a measurement to a study."""
    store = store_with(study_id)
    made = store.measurements.add(study_id, checked(request.get_json(silent=True)))
    return jsonify(measurement_view(made)), 201


@measurements.get("/studies/<study_id>/measurements.csv")
def download_measurements(study_id: str) -> Response:
    """All measurements of a study as a table."""
    store = store_with(study_id)
    store.audit.record(who(), "download", study_id, "measurements.csv")
    text = to_csv(store.measurements.of_study(study_id))
    headers = {"Content-Disposition": f'attachment; filename="measurements-{study_id}.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)


@measurements.put("/measurements/<measurement_id>")
def replace_measurement(measurement_id: str) -> Response:
    """Change one measurement."""
    changed = services().store.measurements.replace(measurement_id, checked(request.get_json(silent=True)))
    if changed is None:
        raise not_found("measurement")
    return jsonify(measurement_view(changed))


@measurements.delete("/measurements/<measurement_id>")
def remove_measurement(measurement_id: str) -> tuple[str, int]:
    """Remove one measurement."""
    if not services().store.measurements.delete(measurement_id):
        raise not_found("measurement")
    return "", 204
