"""Downloads of masks: NIfTI, NRRD, the label table, and surfaces for printing and planning."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from segmentation.writers import label_table, write_nrrd, write_surfaces
from webapp.api.bodies import read_query
from webapp.api.files import BYTES, cached, find_mask
from webapp.api.native import ApiRoute
from webapp.api.operations import Content, describe
from webapp.api.schemas import API, SurfaceQuery, VersionQuery
from webapp.context import RequestContext
from webapp.enumerations import DICOM_KINDS, MeshFormat
from webapp.http.errors import not_found
from webapp.services import Services
from webapp.storage.dicom.objects import dicom_object, sources_of
from webapp.storage.folders import NIFTI_FILE, scratch_folder
from webapp.storage.mask_files import label_map_of
from webapp.storage.tables import Mask

MESH_TYPES: dict[MeshFormat, str] = {
    "stl": "model/stl",
    "obj": "model/obj",
    "ply": "application/octet-stream",
    "glb": "model/gltf-binary",
}
_NAMED = {"Content-Disposition": "Name of the file: letters and digits of the study's name, and what it holds"}
_MESH_FORMAT = {"description": "File format", "schema": {"type": "string", "enum": list(MESH_TYPES)}}
_DICOM_KIND = {
    "description": "seg: segmentation; rtstruct: structure set; capture: comparison pictures",
    "schema": {"type": "string", "enum": list(DICOM_KINDS)},
}


def download_routes() -> list[BaseRoute]:
    """GET routes of what is made when it is asked for."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/masks/{mask_id}/surface.{kind}", download_surface),
        ("/masks/{mask_id}/labels.txt", download_label_table),
        ("/masks/{mask_id}.seg.nrrd", download_nrrd),
        ("/masks/{mask_id}.nii.gz", download_nifti),
        ("/masks/{mask_id}/{kind}.dcm", download_dicom),
    ]
    return [ApiRoute(API + path, endpoint) for path, endpoint in pairs]


@describe("masks", Content(("application/gzip",)), errors=(404, 507), cached=True, query=VersionQuery, headers=_NAMED)
def download_nifti(request: Request) -> Response:
    """Download a mask as NIfTI on the grid of the CT."""
    services, mask = find_mask(request)
    path = services.store.mask_folder(mask) / NIFTI_FILE
    response = cached(request, path, mask.digest, "application/gzip")
    return _named(request, services, mask, response, "nii.gz")


@describe("masks", BYTES, errors=(404, 507), headers=_NAMED)
def download_nrrd(request: Request) -> Response:
    """Download a mask as NRRD with names and colours, which 3D Slicer opens as segments."""
    services, mask = find_mask(request)
    label_map = label_map_of(services.store, mask)
    data = _made("mask.seg.nrrd", lambda path: write_nrrd(label_map, path))
    return _named(request, services, mask, Response(data, media_type="application/octet-stream"), "seg.nrrd")


@describe(
    "masks",
    Content(("application/dicom",)),
    errors=(404, 409, 422, 507),
    path={"kind": _DICOM_KIND},
    headers=_NAMED,
)
def download_dicom(request: Request) -> Response:
    """Download a mask of a DICOM study as segmentation, structure set or comparison pictures."""
    services, mask = find_mask(request)
    kind = request.path_params["kind"]
    if kind not in DICOM_KINDS:
        raise not_found("format")
    with dicom_object(services.store, mask, sources_of(services.store, mask), kind) as path:
        response = Response(path.read_bytes(), media_type="application/dicom")
    return _named(request, services, mask, response, f"{kind}.dcm")


@describe("masks", Content(("text/plain",), {"type": "string"}), errors=(404, 507), headers=_NAMED)
def download_label_table(request: Request) -> Response:
    """Download names and colours of the labels as ITK-SNAP reads them."""
    services, mask = find_mask(request)
    response = Response(label_table(label_map_of(services.store, mask)), media_type="text/plain; charset=utf-8")
    return _named(request, services, mask, response, "labels.txt")


@describe(
    "masks",
    Content(tuple(MESH_TYPES.values())),
    errors=(400, 404, 507),
    path={"kind": _MESH_FORMAT},
    query=SurfaceQuery,
    headers=_NAMED,
)
def download_surface(request: Request) -> Response:
    """Download all labels of a mask, or one, as a surface in mm.

    The file's name and header say the axes.
    """
    from segmentation.analysis.surface import MAX_TRIANGLES, surfaces  # VTK takes a second to import

    services, mask = find_mask(request)
    kind = request.path_params["kind"]
    if kind not in MESH_TYPES:
        raise not_found("format")
    asked = read_query(request.query_params, SurfaceQuery)
    if asked.label is not None and asked.label not in mask.labels:
        raise not_found("label")
    wanted = mask.labels if asked.label is None else [asked.label]
    found = surfaces(label_map_of(services.store, mask), wanted, asked.triangles or MAX_TRIANGLES)
    data = _made(f"surface.{kind}", lambda path: write_surfaces(found, path, asked.axes))
    part = found[0].name + "_" if asked.label is not None and found else ""
    return _named(
        request, services, mask, Response(data, media_type=MESH_TYPES[kind]), f"{part}{asked.axes.upper()}.{kind}", "_"
    )


def _made(name: str, write: Callable[[Path], None]) -> bytes:
    """Return what ``write`` puts into a file of that name, which is removed afterwards."""
    with scratch_folder() as folder:
        path = folder / name
        write(path)
        return path.read_bytes()


def _named(
    request: Request, services: Services, mask: Mask, response: Response, ending: str, dot: str = "."
) -> Response:
    """``response`` as a download with a harmless name, noted in the audit trail."""
    study = services.store.studies.get(mask.study_id)
    if study is None:
        raise not_found("mask")
    services.store.deferred_audit.record(RequestContext.of(request).who, "download", study.id, f"{mask.id} {ending}")
    part = "reference" if mask.kind == "reference" else "spine"
    name = f"{file_stem(study.name)}_{part}{dot}{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_stem(name: str) -> str:
    """ASCII letters and digits of a study's name, for a file name that no system trips over."""
    stem = re.sub(r"\.(nii\.gz|nii|nrrd|mha)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")[:60] or "study"
