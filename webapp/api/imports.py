"""REST under /api/v1/imports: DICOM files that wait for the choice of a series. Their upload is in uploads.py."""

from __future__ import annotations

from flask import Blueprint

from webapp.api import schemas
from webapp.api.operations import json_route
from webapp.context import principal, services, who

imports = Blueprint("imports", __name__, url_prefix="/imports")


@imports.get("/<import_id>")
@json_route("imports", schemas.Import, errors=(404,))
def get_import(import_id: str) -> schemas.Import:
    """Read the series to choose from."""
    return schemas.Import.of(services().imports.get(import_id))


@imports.delete("/<import_id>")
@json_route("imports", None, 204, errors=(404,))
def delete_import(import_id: str) -> None:
    """Remove the files."""
    services().imports.discard(import_id)


@imports.post("/<import_id>/studies")
@json_route(
    "imports",
    schemas.Study,
    201,
    errors=(404, 415, 422),
    body=schemas.ChosenSeries,
    body_required=False,
)
def choose_series(import_id: str, body: schemas.ChosenSeries | None) -> schemas.Study:
    """Make a study of one series; the other files are removed."""
    asked = body or schemas.ChosenSeries(series="", alias="", group=None)
    group = principal().group_for_new(asked.group)
    study = services().imports.choose(import_id, asked.series, who(), asked.alias, group)
    return schemas.Study.of(services().store, study)
