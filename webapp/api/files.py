"""Files of the store over HTTP that pages draw: voxels, meshes and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from segmentation.core.errors import InputError
from webapp.api.schemas import API, file_version
from webapp.display.volume_files import PREVIEW_FILE, VOLUME_FILE, read_display
from webapp.http.errors import from_input_error, not_found
from webapp.ingest.admission import THUMBNAIL_FILE
from webapp.services import Services
from webapp.storage.mask_files import distance_file, gzipped, mesh_file
from webapp.storage.tables import Mask, Study

_FOREVER = "private, max-age=31536000, immutable"


def file_routes() -> list[BaseRoute]:
    """GET routes of all files; native, because Flask behind WSGI would copy each through a thread."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/studies/{study_id}/volume.bin", volume),
        ("/studies/{study_id}/preview.bin", preview),
        ("/studies/{study_id}/thumbnail.png", thumbnail),
        ("/imports/{import_id}/thumbnails/{number:int}.png", series_thumbnail),
        ("/masks/{mask_id}/volume.bin", mask_volume),
        ("/masks/{mask_id}/meshes/{label:int}.stl", mesh),
        ("/masks/{mask_id}/distances/{reference_id}.bin", distances),
    ]
    return [Route(API + path, endpoint) for path, endpoint in pairs]


def volume(request: Request) -> Response:
    """HU of a study, as ``coding`` of its display.json says, gzip."""
    services, study = find_study(request)
    folder = services.store.folder(study.id)
    return cached(request, folder / VOLUME_FILE, read_display(folder).digest, "application/octet-stream", "gzip")


def preview(request: Request) -> Response:
    """HU of a study's small copy, coded as the volume, gzip."""
    services, study = find_study(request)
    folder = services.store.folder(study.id)
    return cached(request, folder / PREVIEW_FILE, read_display(folder).digest, "application/octet-stream", "gzip")


def thumbnail(request: Request) -> Response:
    """The list's picture of a study, PNG."""
    services, study = find_study(request)
    path = services.store.folder(study.id) / THUMBNAIL_FILE
    return cached(request, path, file_version(path), "image/png")


def series_thumbnail(request: Request) -> Response:
    """The picture of a series that can be chosen, PNG."""
    services: Services = request.app.state.services
    waiting = services.imports.get(request.path_params["import_id"])
    path = waiting.thumbnail(int(request.path_params["number"]))
    return cached(request, path, file_version(path), "image/png")


def mask_volume(request: Request) -> Response:
    """uint8 labels of a mask on the displayed grid, i fastest, gzip."""
    services, mask = find_mask(request)
    path = services.store.mask_folder(mask) / VOLUME_FILE
    return cached(request, path, mask.digest, "application/octet-stream", "gzip")


def mesh(request: Request) -> Response:
    """Surface of one label of a mask, binary STL in RAS+ mm."""
    services, mask = find_mask(request)
    label = int(request.path_params["label"])
    if label not in mask.labels:
        raise not_found("label in this mask")
    path = mesh_file(services.store, mask, label)
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer = cached(request, gzipped(path), f"{mask.digest}-{label}-gz", "model/stl", "gzip")
    else:
        answer = cached(request, path, f"{mask.digest}-{label}", "model/stl")
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def distances(request: Request) -> Response:
    """Surface of a mask with its distances to another mask of the same study."""
    services, mask = find_mask(request)
    reference = services.store.masks.get(request.path_params["reference_id"])
    if reference is None or reference.study_id != mask.study_id:
        raise not_found("other mask of this study")
    try:
        path = distance_file(services.store, mask, reference)
    except InputError as error:
        raise from_input_error(error) from error
    return cached(request, path, f"{mask.digest}-{reference.digest}", "application/octet-stream")


def cached(request: Request, path: Path, digest: str, kind: str, encoding: str = "") -> Response:
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


def find_study(request: Request) -> tuple[Services, Study]:
    """The study that the address names, or 404."""
    services: Services = request.app.state.services
    study = services.store.studies.get(request.path_params["study_id"])
    if study is None:
        raise not_found("study")
    return services, study


def find_mask(request: Request) -> tuple[Services, Mask]:
    """The mask that the address names, or 404."""
    services: Services = request.app.state.services
    mask = services.store.masks.get(request.path_params["mask_id"])
    if mask is None:
        raise not_found("mask")
    return services, mask
