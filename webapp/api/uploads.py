"""Routes of uploads, POST /api/v1/studies and /api/v1/imports: stream files to disk, then admit them to the store."""

from __future__ import annotations

import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from segmentation.core.errors import InputError, TooLarge
from segmentation.readers import SUFFIXES
from segmentation.readers.dicom.find_files import MAX_FILES
from segmentation.readers.several_files import HEADERS
from webapp.api.native import ApiRoute
from webapp.api.operations import Content, describe
from webapp.api.schemas import API, Answer, GroupQuery, Import, Study
from webapp.context import RequestContext
from webapp.http.background import in_background
from webapp.http.errors import WebError, answer, as_web_error
from webapp.http.multipart_form import drain, receive
from webapp.ingest.admission import Upload, shown_name, stored_name
from webapp.ingest.dicom_imports import FILES_FOLDER
from webapp.services import Services

FIELDS = {"file": "original", "reference": "reference"}
MAX_PARTS = 1000  # of one scan
_PART = re.compile(r"\.(nhdr|mhd|hdr|img|raw|zraw|bin|dat|data|txt|hex|bz2|gz)$", re.IGNORECASE)
Made = tuple[Answer, str]  # what was made, and its address


def _form(properties: dict[str, Any]) -> Content:
    return Content(("multipart/form-data",), {"type": "object", "properties": properties, "required": ["file"]})


_LOCATION = {"Location": "Address of what was made"}
_FILE = {"type": "string", "format": "binary"}
_STUDY_FORM = _form(
    {
        "file": {
            "type": "array",
            "items": _FILE,
            "minItems": 1,
            "description": "The CT: .nii, .nii.gz, .nrrd or .mha; or the parts of a .nhdr, .mhd or .hdr and its voxels",
        },
        "reference": {**_FILE, "description": "Reference mask on the same grid"},
        "alias": {"type": "string", "maxLength": 120, "description": "What to call the study; not a patient's name"},
    }
)
_DICOM_FORM = _form(
    {
        "file": {
            "type": "array",
            "items": _FILE,
            "minItems": 1,
            "description": "One part a DICOM file; or one zip. A scan of another format may come the same way, in"
            " a zip or as its files. File names are not kept.",
        }
    }
)


def upload_routes() -> list[BaseRoute]:
    """POST routes of uploads; native, because they go to the disk piece by piece."""
    return [
        Route(f"{API}/studies", upload_study, methods=["POST"]),  # Flask lists them at the same address
        ApiRoute(f"{API}/imports", upload_import, "POST"),
    ]


@describe(
    "studies",
    Study,
    201,
    (400, 404, 408, 413, 415, 422, 507),
    body=_STUDY_FORM,
    headers=_LOCATION,
    query=GroupQuery,
)
async def upload_study(request: Request) -> Response:
    """Upload a CT and, optionally, a reference mask; a refusal leaves nothing behind."""

    async def make(services: Services, folder: Path, who: str) -> Made:
        group = RequestContext.of(request).principal.group_for_new(request.query_params.get("group"))
        places = StudyFiles(folder)
        values = await receive(request, services.settings, places.place)
        upload = places.upload(values.get("alias", ""), group)
        study = await in_background(services.admission.admit, upload, who)
        return Study.of(services.store, study), f"{API}/studies/{study.id}"

    return await _answer(request, make)


@describe("imports", Import, 201, (400, 408, 413, 415, 422, 507), body=_DICOM_FORM, headers=_LOCATION)
async def upload_import(request: Request) -> Response:
    """Upload DICOM files, or zips of them, to choose a series of."""

    async def make(services: Services, folder: Path, who: str) -> Made:
        places = DicomFiles(folder)
        await receive(request, services.settings, places.place)
        places.check()
        waiting = await in_background(services.imports.open, folder, places.names)
        services.access.owners.claim("import", waiting.id, RequestContext.of(request).principal.owner)
        return Import.of(waiting), f"{API}/imports/{waiting.id}"

    return await _answer(request, make)


async def _answer(request: Request, make: Callable[[Services, Path, str], Awaitable[Made]]) -> Response:
    context = RequestContext.of(request)
    folder = context.services.store.stage()
    made = None
    try:
        made = await make(context.services, folder, context.who)
    except (WebError, InputError, OSError) as error:
        refusal = as_web_error(error)
        if refusal.status == 500:
            raise
        await drain(request)
        return answer(request, refusal)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it
    finally:
        if made is None:
            shutil.rmtree(folder, ignore_errors=True)
    return JSONResponse(made[0].to_json(context.language), 201, headers={"Location": made[1]})


class StudyFiles:
    """One CT, as one file or as a header and its voxels, and at most one reference mask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}  # field -> stored name
        self._parts: dict[str, str] = {}  # of a CT of several files: name that the user gave it -> stored name
        self._shown = ""

    def place(self, field: str, filename: str) -> Path:
        """Where a file goes. Raises WebError or UnsupportedFormat for one that is not expected."""
        if field == "file" and field not in self._names and self._is_part(filename):
            if filename in self._parts or len(self._parts) == MAX_PARTS:
                raise WebError(400, "bad_request", "upload.unexpected_field", field=shown_name(field))
            self._parts[filename] = f"part-{len(self._parts)}"
            return self._folder / self._parts[filename]
        if field not in FIELDS or field in self._names or (field == "file" and self._parts):
            raise WebError(400, "bad_request", "upload.unexpected_field", field=shown_name(field))
        self._names[field] = stored_name(FIELDS[field], filename)
        if field == "file":
            self._shown = shown_name(filename)
        return self._folder / self._names[field]

    def _is_part(self, filename: str) -> bool:
        """Tell whether a file is one of several; after a header its voxels may have any name."""
        if filename.lower().endswith(SUFFIXES):
            return False
        return bool(_PART.search(filename)) or any(name.lower().endswith(tuple(HEADERS)) for name in self._parts)

    def upload(self, alias: str = "", group: str | None = None) -> Upload:
        """Return what arrived. Raises WebError if there is no CT among it, InputError if it is one half of one."""
        if "file" not in self._names and not self._parts:
            raise WebError(400, "bad_request", "upload.no_ct")
        if len(self._parts) == 1:
            stored_name("", next(iter(self._parts)))  # says that it is one half, or no scan at all
        original, reference = self._names.get("file", ""), self._names.get("reference")
        return Upload(self._folder, self._shown, original, reference, alias=alias, group=group, parts=self._parts)


class DicomFiles:
    """Any number of files, numbered as they come: their names may be those of patients."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FILES_FOLDER
        self._folder.mkdir()
        self._count = 0
        self.names: dict[str, str] = {}
        """Of the first files, the names that the user gave, by the stored ones: a scan of several files needs them."""

    def place(self, field: str, filename: str) -> Path:
        """Where a file goes. Raises WebError or TooLarge."""
        if field != "file":
            raise WebError(400, "bad_request", "upload.unexpected_dicom_field", field=shown_name(field))
        self._count += 1
        if self._count > MAX_FILES:
            raise TooLarge("upload.too_many_files", limit=MAX_FILES)
        stored = f"{self._count:06d}"
        if len(self.names) < MAX_PARTS:
            self.names[stored] = filename
        return self._folder / stored

    def check(self) -> None:
        """Raise WebError if nothing came."""
        if not self._count:
            raise WebError(400, "bad_request", "upload.no_files")
