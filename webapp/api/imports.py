"""REST under /api/v1/imports: DICOM files that wait for the choice of a series. Their upload is in uploads.py."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from webapp.api.schemas import import_view, study_view
from webapp.context import services, who
from webapp.http.errors import WebError

imports = Blueprint("imports", __name__, url_prefix="/imports")


@imports.get("/<import_id>")
def get_import(import_id: str) -> Response:
    """The series to choose from."""
    return jsonify(import_view(services().imports.get(import_id)))


@imports.delete("/<import_id>")
def delete_import(import_id: str) -> tuple[str, int]:
    """Remove the files."""
    services().imports.discard(import_id)
    return "", 204


@imports.post("/<import_id>/studies")
def choose_series(import_id: str) -> tuple[Response, int]:
    """Make a study of one series."""
    asked: Any = request.get_json(silent=True) if request.data else {}
    series = asked.get("series", "") if isinstance(asked, dict) else None
    if not isinstance(series, str):
        raise WebError(400, "bad_request", "The body must be a JSON object.", 'Send {"series": "its key"}.')
    study = services().imports.choose(import_id, series, who())
    return jsonify(study_view(services().store, study)), 201
