"""REST of measures: what was measured of a mask, and values that readers change."""

from __future__ import annotations

from flask import Blueprint

from segmentation.morphometry.drawings import drawings
from webapp.api.measures.schemas import MeasureEdit, Measures, NewMeasureEdit
from webapp.api.operations import json_route
from webapp.context import services, who
from webapp.http.errors import WebError, not_found
from webapp.storage.tables import Mask

measures = Blueprint("measures", __name__)


@measures.get("/masks/<mask_id>/measures")
@json_route("measures", Measures, errors=(404,))
def get_measures(mask_id: str) -> Measures:
    """Read the measures of a mask, or how far measuring is."""
    mask, here = _mask(mask_id), services()
    run = here.measuring.look(mask)
    if run.measures is None:
        return Measures.of(mask, run, None, {}, [], [])
    edits = here.measure_edits
    shown = edits.applied(mask, run.measures).to_json()
    dropped = edits.dropped(mask, run.measures)
    return Measures.of(mask, run, shown, drawings(run.measures), edits.of(mask), dropped)


@measures.post("/masks/<mask_id>/measures/edits")
@json_route("measures", MeasureEdit, 201, errors=(404, 409, 422), body=NewMeasureEdit)
def edit_measure(mask_id: str, body: NewMeasureEdit) -> MeasureEdit:
    """Change one measure by its lines; the value follows from them, and an earlier change of it is replaced."""
    mask, here = _mask(mask_id), services()
    run = here.measuring.look(mask)
    if run.measures is None:
        raise WebError(409, "not_measured", "measure.not_ready")
    edit = here.measure_edits.add(mask, run.measures, body.target, body.lines(), who())
    here.store.audit.record(who(), "edit_measure", mask.study_id, f"{mask.id} {edit.target} {edit.value}")
    return MeasureEdit.of(mask, edit)


@measures.delete("/masks/<mask_id>/measures/edits/<name>")
@json_route("measures", None, 204, errors=(404,), path={"name": {"description": "Id of an edit"}})
def remove_measure_edit(mask_id: str, name: str) -> None:
    """Go back to the program's value of a measure."""
    mask, here = _mask(mask_id), services()
    removed = here.measure_edits.remove(mask, name)
    if removed is None:
        raise not_found("measure_edit")
    here.store.audit.record(who(), "delete", mask.study_id, f"{mask.id} {removed.target} {removed.value}")


def _mask(mask_id: str) -> Mask:
    mask = services().store.masks.get(mask_id)
    if mask is None:
        raise not_found("mask")
    return mask
