"""Downloads of plans: JSON, a table, screws with their vertebrae as surfaces, and a DICOM report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from segmentation.core.volume import LabelMap
from segmentation.planning.export import plan_table, rod_surface, screw_surface
from segmentation.planning.plan import CONVENTION, PLAN_SCHEMA
from segmentation.planning.screw import Screw, rods_of
from segmentation.writers import write_surfaces
from segmentation.writers.mesh import Axes
from webapp.api.bodies import read_query
from webapp.api.downloads import MESH_TYPES, file_stem
from webapp.api.native import ApiRoute
from webapp.api.navigation.schemas import PlanFileQuery
from webapp.api.navigation.work import vertebrae_of
from webapp.api.operations import Content, describe
from webapp.api.schemas import API
from webapp.context import RequestContext
from webapp.http.errors import WebError, not_found
from webapp.storage.dicom.objects import sources_of
from webapp.storage.folders import scratch_folder
from webapp.storage.mask_files import label_map_of
from webapp.storage.navigation.documents import document

if TYPE_CHECKING:
    from segmentation.writers.dicom import Sources

PlanKind = Literal["json", "csv", "stl", "obj", "ply", "glb", "dcm"]
_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "dcm": "application/dicom",
    **{str(kind): media for kind, media in MESH_TYPES.items()},
}
_KIND = {"description": "File format", "schema": {"type": "string", "enum": list(get_args(PlanKind))}}
_NUMBER = {"description": "Of the plan", "schema": {"type": "integer", "minimum": 1, "maximum": 999}}
_NAMED = {"Content-Disposition": "Name of the file: letters and digits of the study's name, and what it holds"}


def plan_download_routes() -> list[BaseRoute]:
    """GET route of plans as files."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/studies/{study_id}/plans/{number:short}.{kind}", download_plan)
    ]
    return [ApiRoute(API + path, endpoint) for path, endpoint in pairs]


@describe(
    "navigation",
    Content(tuple(kind.split(";")[0] for kind in dict.fromkeys(_TYPES.values()))),
    errors=(400, 404, 409, 507),
    path={"kind": _KIND, "number": _NUMBER},
    query=PlanFileQuery,
    headers=_NAMED,
)
def download_plan(request: Request) -> Response:
    """Download a plan: all of it, as a table, screws, rods and their vertebrae as a surface in mm, or as DICOM (SR)."""
    context = RequestContext.of(request)
    store, study_id = context.services.store, request.path_params["study_id"]
    number, kind = request.path_params["number"], request.path_params["kind"]
    study = store.studies.get(study_id)
    if study is None:
        raise not_found("study")
    if kind not in _TYPES:
        raise not_found("format")
    asked = read_query(request.query_params, PlanFileQuery)
    plan = document(store, study_id, "plan", number)
    name = f"plan-{number}"
    if kind == "json":
        content = {"schema": PLAN_SCHEMA, "convention": CONVENTION, **plan}
        data = json.dumps(content, indent=1, ensure_ascii=False).encode()
    elif kind == "csv":
        data = ("\ufeff" + plan_table(plan["screws"])).encode()
    elif kind == "dcm":
        data = _dicom(plan["screws"], sources_of(store, vertebrae_of(store, study_id, plan["mask_id"])))
    else:
        label_map = label_map_of(store, vertebrae_of(store, study_id, plan["mask_id"]))
        data = _meshes(plan["screws"], label_map, kind, asked.axes)
        name += f"_{asked.axes.upper()}"
    store.deferred_audit.record(context.who, "download", study_id, f"{name}.{kind}")
    headers = {"Content-Disposition": f'attachment; filename="{file_stem(study.name)}_{name}.{kind}"'}
    return Response(data, media_type=_TYPES[kind], headers=headers)


def _dicom(rows: Sequence[dict[str, Any]], sources: Sources) -> bytes:
    """Raises WebError: 409, the plan has no screw."""
    from segmentation.report.plan_object import write_plan_object  # highdicom takes a second to import

    if not rows:
        raise WebError(409, "empty_plan", "navigation.empty_plan")
    with scratch_folder() as folder:
        write_plan_object(rows, sources, folder / "plan.dcm")
        return (folder / "plan.dcm").read_bytes()


def _meshes(rows: Sequence[dict[str, Any]], label_map: LabelMap, kind: str, axes: Axes) -> bytes:
    from segmentation.analysis.surface import surfaces  # VTK takes a second to import

    screws = [
        Screw(row["label"], row["side"], np.array(row["entry_ras_mm"]), np.array(row["tip_ras_mm"]), row["diameter_mm"])
        for row in rows
    ]
    bones = surfaces(label_map, sorted({screw.label for screw in screws}))
    made = [*bones, *map(screw_surface, screws), *map(rod_surface, rods_of(screws))]
    with scratch_folder() as folder:
        path = folder / f"plan.{kind}"
        write_surfaces(made, path, axes)
        return path.read_bytes()
