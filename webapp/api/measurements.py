"""REST of measurements: listed and added under a study, changed and removed by their own address."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.api import schemas
from webapp.api.operations import Content, json_route
from webapp.context import services, store_with, who
from webapp.http.errors import not_found
from webapp.storage.measurements import to_csv

_NAMED = {"Content-Disposition": "Name of the file"}
measurements = Blueprint("measurements", __name__)


@measurements.get("/studies/<study_id>/measurements")
@json_route("measurements", schemas.MeasurementList, errors=(404,))
def list_measurements(study_id: str) -> schemas.MeasurementList:
    """List all measurements of a study, oldest first."""
    found = store_with(study_id).measurements.of_study(study_id)
    return schemas.MeasurementList(measurements=[schemas.Measurement.of(each) for each in found])


@measurements.post("/studies/<study_id>/measurements")
@json_route("measurements", schemas.Measurement, 201, errors=(404,), body=schemas.NewMeasurement)
def create_measurement(study_id: str, body: schemas.NewMeasurement) -> schemas.Measurement:
    """Add a measurement to a study."""
    return schemas.Measurement.of(store_with(study_id).measurements.add(study_id, body.fields()))


@measurements.get("/studies/<study_id>/measurements.csv")
@json_route("measurements", Content(("text/csv",), {"type": "string"}), errors=(404, 507), headers=_NAMED)
def download_measurements(study_id: str) -> Response:
    """Download all measurements of a study as a table."""
    store = store_with(study_id)
    store.audit.record(who(), "download", study_id, "measurements.csv")
    text = to_csv(store.measurements.of_study(study_id))
    headers = {"Content-Disposition": f'attachment; filename="measurements-{study_id}.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)


@measurements.put("/measurements/<measurement_id>")
@json_route("measurements", schemas.Measurement, errors=(404,), body=schemas.NewMeasurement)
def replace_measurement(measurement_id: str, body: schemas.NewMeasurement) -> schemas.Measurement:
    """Change one measurement."""
    changed = services().store.measurements.replace(measurement_id, body.fields())
    if changed is None:
        raise not_found("measurement")
    return schemas.Measurement.of(changed)


@measurements.delete("/measurements/<measurement_id>")
@json_route("measurements", None, 204, errors=(404,))
def delete_measurement(measurement_id: str) -> None:
    """Remove one measurement."""
    if not services().store.measurements.delete(measurement_id):
        raise not_found("measurement")
