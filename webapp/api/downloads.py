"""The masks that users take home: NIfTI, NRRD, the label table, and surfaces for printing and planning."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from segmentation.writers import label_table, write_nrrd, write_surfaces
from segmentation.writers.mesh import AXES
from webapp.api.files import cached, find_mask
from webapp.api.schemas import API
from webapp.http.errors import WebError, not_found
from webapp.services import Services
from webapp.storage.dicom_objects import KINDS, dicom_object, sources_of
from webapp.storage.mask_files import NIFTI_FILE, label_map_of
from webapp.storage.tables import Mask

MESH_TYPES = {"stl": "model/stl", "obj": "model/obj", "ply": "application/octet-stream", "glb": "model/gltf-binary"}
TRIANGLES = (500, 2_000_000)  # of a label, fewest and most that may be asked for


def download_routes() -> list[BaseRoute]:
    """GET routes of what is made when it is asked for."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/masks/{mask_id}/surface.{kind}", surface),
        ("/masks/{mask_id}/labels.txt", labels),
        ("/masks/{mask_id}.seg.nrrd", nrrd),
        ("/masks/{mask_id}.nii.gz", nifti),
        ("/masks/{mask_id}/{kind}.dcm", dicom),
    ]
    return [Route(API + path, endpoint) for path, endpoint in pairs]


def nifti(request: Request) -> Response:
    """The mask as NIfTI on the original grid."""
    services, mask = find_mask(request)
    path = services.store.mask_folder(mask) / NIFTI_FILE
    response = cached(request, path, mask.digest, "application/gzip")
    return _named(request, services, mask, response, "nii.gz")


def nrrd(request: Request) -> Response:
    """The mask as NRRD with names and colours, which 3D Slicer opens as segments."""
    services, mask = find_mask(request)
    label_map = label_map_of(services.store, mask)
    data = _made("mask.seg.nrrd", lambda path: write_nrrd(label_map, path))
    return _named(request, services, mask, Response(data, media_type="application/octet-stream"), "seg.nrrd")


def dicom(request: Request) -> Response:
    """The mask as DICOM segmentation, structure set or comparison pictures, of a study that came as DICOM."""
    services, mask = find_mask(request)
    kind = request.path_params["kind"]
    if kind not in KINDS:
        raise not_found("format")
    with dicom_object(services.store, mask, sources_of(services.store, mask), kind) as path:
        response = Response(path.read_bytes(), media_type="application/dicom")
    return _named(request, services, mask, response, f"{kind}.dcm")


def labels(request: Request) -> Response:
    """Names and colours of the labels as ITK-SNAP reads them."""
    services, mask = find_mask(request)
    response = Response(label_table(label_map_of(services.store, mask)), media_type="text/plain; charset=utf-8")
    return _named(request, services, mask, response, "labels.txt")


def surface(request: Request) -> Response:
    """All labels (or ``?label=``) as a surface: STL, OBJ, PLY or GLB, in mm along ``?axes=`` ras or lps.

    ``?triangles=`` decimates each label to about that many. The file's name and header say the axes.
    """
    from segmentation.analysis.surface import MAX_TRIANGLES, surfaces  # VTK takes a second to import

    services, mask = find_mask(request)
    kind = request.path_params["kind"]
    if kind not in MESH_TYPES:
        raise not_found("format")
    axes = request.query_params.get("axes", "ras")
    if axes not in AXES:
        raise WebError(400, "bad_request", "Surfaces come in the axes ras or lps.", "Send ?axes=ras or ?axes=lps.")
    wanted = _number(request, "label", None, (1, 255))
    if wanted is not None and wanted not in mask.labels:
        raise not_found("label in this mask")
    most = _number(request, "triangles", MAX_TRIANGLES, TRIANGLES) or MAX_TRIANGLES
    found = surfaces(label_map_of(services.store, mask), mask.labels if wanted is None else [wanted], most)
    data = _made(f"surface.{kind}", lambda path: write_surfaces(found, path, axes))
    part = found[0].name + "_" if wanted is not None and found else ""
    return _named(
        request, services, mask, Response(data, media_type=MESH_TYPES[kind]), f"{part}{axes.upper()}.{kind}", "_"
    )


def _number(request: Request, name: str, default: int | None, bounds: tuple[int, int]) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return default
    low, high = bounds
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise WebError(400, "bad_request", f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _made(name: str, write: Callable[[Path], None]) -> bytes:
    """What ``write`` puts into a file of that name, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _named(
    request: Request, services: Services, mask: Mask, response: Response, ending: str, dot: str = "."
) -> Response:
    """``response`` as a download with a harmless name, noted in the audit trail."""
    study = services.store.studies.get(mask.study_id)
    if study is None:
        raise not_found("mask")
    who = request.client.host if request.client else ""
    services.store.audit.record(who, "download", study.id, f"{mask.id} {ending}")
    part = "reference" if mask.kind == "reference" else "spine"
    name = f"{file_stem(study.name)}_{part}{dot}{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_stem(name: str) -> str:
    """ASCII letters and digits of a study's name, for a file name that no system trips over."""
    stem = re.sub(r"\.(nii\.gz|nii|nrrd|mha)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")[:60] or "study"
