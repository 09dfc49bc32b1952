"""Files of the store over HTTP that pages draw: voxels, meshes and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from segmentation.core.errors import InputError
from webapp.api.native import ApiRoute
from webapp.api.operations import Content, Details, describe
from webapp.api.schemas import API, VersionQuery
from webapp.display.volume_files import PREVIEW_FILE, VOLUME_FILE, read_display
from webapp.http.errors import from_input_error, not_found
from webapp.services import Services
from webapp.storage.database import is_full
from webapp.storage.folders import THUMBNAIL_FILE
from webapp.storage.mask_files import MeshSuffix, distance_file, gzipped, mesh_file
from webapp.storage.studies import file_version
from webapp.storage.tables import Mask, Study

_FOREVER = "private, max-age=31536000, immutable"
_SMALL_BYTES = 1 << 18  # read at once: cheaper than in pieces, and whole whatever is deleted meanwhile
_PLACE = {"description": "Place of the series in the list, from 0", "schema": {"type": "integer", "minimum": 0}}
_LABEL = {"description": "Number of a label", "schema": {"type": "integer", "minimum": 0}}
BYTES, PNG = Content(("application/octet-stream",)), Content(("image/png",))
FILE: Details = {"query": VersionQuery, "cached": True}


def file_routes() -> list[BaseRoute]:
    """GET routes of all files; native, because Flask behind WSGI would copy each through a thread."""
    pairs: list[tuple[str, Callable[[Request], Response]]] = [
        ("/studies/{study_id}/volume.bin", get_volume),
        ("/studies/{study_id}/preview.bin", get_preview),
        ("/studies/{study_id}/thumbnail.png", get_thumbnail),
        ("/imports/{import_id}/thumbnails/{number:short}.png", get_series_thumbnail),
        ("/masks/{mask_id}/volume.bin", get_mask_volume),
        ("/masks/{mask_id}/meshes/{label:short}.bin", get_indexed_mesh),
        ("/masks/{mask_id}/meshes/{label:short}.stl", get_mesh),
        ("/masks/{mask_id}/distances/{reference_id}.bin", get_distances),
    ]
    return [ApiRoute(API + path, endpoint) for path, endpoint in pairs]


@describe("studies", BYTES, errors=(404,), **FILE)
def get_volume(request: Request) -> Response:
    """Read the HU of a study, slice after slice, gzip; ``coding`` of display.json names the form."""
    services, study = find_study(request)
    folder = services.store.folder(study.id)
    return cached(request, folder / VOLUME_FILE, read_display(folder).digest, "application/octet-stream", "gzip")


@describe("studies", BYTES, errors=(404,), **FILE)
def get_preview(request: Request) -> Response:
    """Read the HU of a study's small copy, coded as the volume, gzip."""
    services, study = find_study(request)
    folder = services.store.folder(study.id)
    return cached(request, folder / PREVIEW_FILE, read_display(folder).digest, "application/octet-stream", "gzip")


@describe("studies", PNG, errors=(404,), **FILE)
def get_thumbnail(request: Request) -> Response:
    """Read the sagittal picture of a study."""
    services, study = find_study(request)
    path = services.store.folder(study.id) / THUMBNAIL_FILE
    return cached(request, path, file_version(path), "image/png")


@describe("imports", PNG, errors=(404,), path={"number": _PLACE}, query=VersionQuery, cached=True)
def get_series_thumbnail(request: Request) -> Response:
    """Read the picture of a series that can be chosen."""
    services: Services = request.app.state.services
    waiting = services.imports.get(request.path_params["import_id"])
    path = waiting.thumbnail(int(request.path_params["number"]))
    return cached(request, path, file_version(path), "image/png")


@describe("masks", BYTES, errors=(404,), **FILE)
def get_mask_volume(request: Request) -> Response:
    """Read the uint8 labels of a mask on the displayed grid, i fastest, gzip."""
    services, mask = find_mask(request)
    path = services.store.mask_folder(mask) / VOLUME_FILE
    return cached(request, path, mask.digest, "application/octet-stream", "gzip")


@describe("masks", Content(("model/stl",)), errors=(404,), path={"label": _LABEL}, query=VersionQuery, cached=True)
def get_mesh(request: Request) -> Response:
    """Read the surface of one label of a mask, binary STL in RAS+ mm."""
    return _mesh(request, ".stl", "model/stl")


@describe("masks", BYTES, errors=(404,), path={"label": _LABEL}, query=VersionQuery, cached=True)
def get_indexed_mesh(request: Request) -> Response:
    """Read the surface of one label of a mask in RAS+ mm, each vertex once.

    Little-endian: uint32 N, uint32 T, float32 vertices (N x 3), uint32 triangles (T x 3).
    """
    return _mesh(request, ".bin", "application/octet-stream")


def _mesh(request: Request, suffix: MeshSuffix, kind: str) -> Response:
    services, mask = find_mask(request)
    label = int(request.path_params["label"])
    if label not in mask.labels:
        raise not_found("label")
    return _packed(request, mesh_file(services.store, mask, label, suffix), f"{mask.digest}-{label}{suffix}", kind)


def _packed(request: Request, path: Path, digest: str, kind: str) -> Response:
    """Answer with a file, in gzip to whoever takes it so."""
    packed = _gzipped(path) if "gzip" in request.headers.get("accept-encoding", "") else None
    if packed is not None:
        answer = cached(request, packed, f"{digest}-gz", kind, "gzip")
    else:
        answer = cached(request, path, digest, kind)
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _gzipped(path: Path) -> Path | None:
    """Return the file in gzip, or None while a full disk has no room for it."""
    try:
        return gzipped(path)
    except OSError as error:
        if is_full(error):
            return None
        raise


@describe("masks", BYTES, errors=(404, 422), **FILE)
def get_distances(request: Request) -> Response:
    """Read the surface of a mask in RAS+ mm, each vertex with its distance in mm to another mask's surface.

    Little-endian: uint32 N, uint32 T, float32 vertices (N x 3), float32 distances (N), uint32 triangles (T x 3).
    """
    services, mask = find_mask(request)
    reference = services.store.masks.get(request.path_params["reference_id"])
    if reference is None or reference.study_id != mask.study_id:
        raise not_found("other_mask")
    try:
        path = distance_file(services.store, mask, reference)
    except InputError as error:
        raise from_input_error(error) from error
    return _packed(request, path, f"{mask.digest}-{reference.digest}", "application/octet-stream")


def cached(request: Request, path: Path, digest: str, kind: str, encoding: str = "") -> Response:
    """Send the file with its ETag; an address that names its content (``?v=``) may be kept for ever."""
    etag = f'"{digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": _FOREVER if "v" in request.query_params else "private, no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    try:
        if path.stat().st_size <= _SMALL_BYTES:
            return Response(path.read_bytes(), media_type=kind, headers=headers)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise not_found("file") from error
    return _StoredFile(path, media_type=kind, headers=headers)


class _StoredFile(FileResponse):
    """A file that may be deleted before it is sent: 404 then, like one that was not there at all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except RuntimeError as error:
            if Path(self.path).exists():
                raise
            raise not_found("file") from error


def find_study(request: Request) -> tuple[Services, Study]:
    """Look up the study that the address names, or 404."""
    services: Services = request.app.state.services
    study = services.store.studies.get(request.path_params["study_id"])
    if study is None:
        raise not_found("study")
    return services, study


def find_mask(request: Request) -> tuple[Services, Mask]:
    """Look up the mask that the address names, or 404."""
    services: Services = request.app.state.services
    mask = services.store.masks.get(request.path_params["mask_id"])
    if mask is None:
        raise not_found("mask")
    return services, mask
