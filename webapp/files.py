"""Files of the store over HTTP: voxels, meshes, pictures and the masks that users take home."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from webapp.display import VOLUME_FILE, read_display
from webapp.errors import not_found
from webapp.intake import THUMBNAIL_FILE
from webapp.masks import NIFTI_FILE, mesh_file
from webapp.records import Mask, Study
from webapp.services import Services
from webapp.views import API, file_version

_FOREVER = "private, max-age=31536000, immutable"


def file_routes() -> list[BaseRoute]:
    """GET routes of all files; native, because Flask behind WSGI would copy each through a thread."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/studies/{study_id}/volume.bin", volume),
        ("/studies/{study_id}/thumbnail.png", thumbnail),
        ("/masks/{mask_id}/volume.bin", mask_volume),
        ("/masks/{mask_id}/meshes/{label:int}.stl", mesh),
        ("/masks/{mask_id}.nii.gz", nifti),
    ]
    return [Route(API + path, endpoint) for path, endpoint in pairs]


def volume(request: Request) -> Response:
    """int16 little-endian HU of a study, i fastest, gzip."""
    services, study = _study(request)
    folder = services.store.folder(study.id)
    return _cached(request, folder / VOLUME_FILE, read_display(folder).digest, "application/octet-stream", "gzip")


def thumbnail(request: Request) -> Response:
    """The list's picture of a study, PNG."""
    services, study = _study(request)
    path = services.store.folder(study.id) / THUMBNAIL_FILE
    return _cached(request, path, file_version(path), "image/png")


def mask_volume(request: Request) -> Response:
    """uint8 labels of a mask on the displayed grid, i fastest, gzip."""
    services, mask = _mask(request)
    path = services.store.mask_folder(mask) / VOLUME_FILE
    return _cached(request, path, mask.digest, "application/octet-stream", "gzip")


def mesh(request: Request) -> Response:
    """Surface of one label of a mask, binary STL in RAS+ mm."""
    services, mask = _mask(request)
    label = int(request.path_params["label"])
    if label not in mask.labels:
        raise not_found("label in this mask")
    path = mesh_file(services.store, mask, label)
    return _cached(request, path, f"{mask.digest}-{label}", "model/stl")


def nifti(request: Request) -> Response:
    """The mask as NIfTI on the original grid, to keep."""
    services, mask = _mask(request)
    study = services.store.study(mask.study_id)
    if study is None:
        raise not_found("mask")
    who = request.client.host if request.client else ""
    services.store.audit(who, "download", study.id, mask.id)
    path = services.store.mask_folder(mask) / NIFTI_FILE
    response = _cached(request, path, mask.digest, "application/gzip")
    ending = "reference" if mask.kind == "reference" else "spine"
    response.headers["Content-Disposition"] = f'attachment; filename="{_stem(study.name)}_{ending}.nii.gz"'
    return response


def _stem(name: str) -> str:
    """ASCII letters and digits of a study's name, for a file name that no system trips over."""
    stem = re.sub(r"\.(nii\.gz|nii|nrrd|mha)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")[:60] or "study"


def _cached(request: Request, path: Path, digest: str, kind: str, encoding: str = "") -> Response:
    """The file with its ETag; an address that names its content (``?v=``) may be kept for ever."""
    etag = f'"{digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": _FOREVER if "v" in request.query_params else "private, no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not path.is_file():
        raise not_found("file")
    if encoding:
        headers["Content-Encoding"] = encoding
    return FileResponse(path, media_type=kind, headers=headers)


def _study(request: Request) -> tuple[Services, Study]:
    services: Services = request.app.state.services
    study = services.store.study(request.path_params["study_id"])
    if study is None:
        raise not_found("study")
    return services, study


def _mask(request: Request) -> tuple[Services, Mask]:
    services: Services = request.app.state.services
    mask = services.store.mask(request.path_params["mask_id"])
    if mask is None:
        raise not_found("mask")
    return services, mask
