"""Make a study, or a choice of series, of an upload that is whole; asked again, give the same answer again."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

from anyio import to_thread
from pydantic import Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from segmentation.core.errors import InputError
from webapp.api.bodies import read_body
from webapp.api.schemas import API, Answer, Import, Study
from webapp.api.schemas.base import Request as Body
from webapp.api.uploads import DicomFiles, StudyFiles
from webapp.context import RequestContext
from webapp.http.background import in_background
from webapp.http.bounded_body import MOST_BYTES
from webapp.http.errors import WebError, answer, as_web_error, not_found
from webapp.http.multipart_form import chunks_of
from webapp.ingest.upload_parts import Part, Parts
from webapp.services import Services

Size = int
Kind = Literal["study", "import"]


class File(Body):
    """One of the files that an upload holds, one behind the other."""

    field: Literal["file", "reference"] = "file"
    name: str = Field("", max_length=1000)
    size: int = Field(ge=0, le=1 << 50)


class Contents(Body):
    """What the bytes of an upload are."""

    files: list[File] = Field(min_length=1, max_length=100_000)
    alias: str = Field("", max_length=120)
    group: str | None = Field(None, max_length=60)


class Finish:
    """``POST /uploads/<id>/study`` and ``/import``: the answers of ``POST /api/v1/studies`` and ``/imports``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._running: dict[str, asyncio.Task[dict[str, str]]] = {}

    async def study(self, request: Request) -> Response:
        """Make a study of a CT and, optionally, a reference."""
        return await self._answer(request, "study")

    async def series(self, request: Request) -> Response:
        """List the series of DICOM files."""
        return await self._answer(request, "import")

    async def _answer(self, request: Request, kind: Kind) -> Response:
        context = RequestContext.of(request)
        try:
            contents = await _contents(request)
            part = self._parts.get(request.path_params["upload_id"], context.who)
            result = part.result or await self._once(part, contents, kind, context)
            if kind not in result:
                raise not_found("upload")
            made, address = await to_thread.run_sync(_made, context.services, kind, result[kind])
        except ClientDisconnect:
            return Response(status_code=400)
        except (WebError, InputError, OSError) as error:
            refusal = as_web_error(error)
            if refusal.status == 500:
                raise
            return answer(request, refusal)
        return JSONResponse(made.to_json(context.language), 201, headers={"Location": address})

    async def _once(self, part: Part, contents: Contents, kind: Kind, context: RequestContext) -> dict[str, str]:
        """Begin, or join what has begun: whoever asks again after a dropped connection must not make a second one."""
        if part.offset != part.length or sum(file.size for file in contents.files) != part.length:
            raise WebError(409, "not_whole", "upload.not_whole", came=part.offset, announced=part.length)
        task = self._running.get(part.id)
        if task is None:
            task = self._running[part.id] = asyncio.create_task(
                in_background(self._make, part, contents, kind, context)
            )
            task.add_done_callback(lambda _: self._running.pop(part.id, None))
        return await asyncio.shield(task)

    def _make(self, part: Part, contents: Contents, kind: Kind, context: RequestContext) -> dict[str, str]:
        """Make it, and remember what it is; a refused upload is removed, one that met a full disk stays."""
        services = context.services
        folder = services.store.stage()
        made = ""
        try:
            if kind == "study":
                made = _admit(services, folder, part, contents, context)
            else:
                made = _list(services, folder, part, contents)
                services.access.owners.claim("import", made, context.principal.owner)
        except InputError:
            self._parts.remove(part)
            raise
        finally:
            if not made:
                shutil.rmtree(folder, ignore_errors=True)
        part.keep_result(**{kind: made})
        return {kind: made}


def _admit(services: Services, folder: Path, part: Part, contents: Contents, context: RequestContext) -> str:
    group = context.principal.group_for_new(contents.group)
    places = StudyFiles(folder)
    _split(part, contents, places.place)
    return services.admission.admit(places.upload(contents.alias, group), context.who).id


def _list(services: Services, folder: Path, part: Part, contents: Contents) -> str:
    places = DicomFiles(folder)
    _split(part, contents, places.place)
    places.check()
    return services.imports.open(folder, places.names).id


def _split(part: Part, contents: Contents, place: Callable[[str, str], Path]) -> None:
    """Write the files of an upload where ``place`` says; a single one is linked, which copies nothing."""
    targets = [(place(file.field, file.name), file.size) for file in contents.files]
    if len(targets) == 1:
        os.link(part.data, targets[0][0])
        return
    with part.data.open("rb") as source:
        for path, size in targets:
            with path.open("xb") as target:
                _copy(source, target, size)


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size > 0:
        piece = source.read(min(size, 1 << 20))
        if not piece:
            raise WebError(409, "not_whole", "upload.broken_off")
        target.write(piece)
        size -= len(piece)


def _made(services: Services, kind: Kind, made: str) -> tuple[Answer, str]:
    if kind == "import":
        return Import.of(services.imports.get(made)), f"{API}/imports/{made}"
    study = services.store.studies.get(made)
    if study is None:
        raise not_found("study")
    return Study.of(services.store, study), f"{API}/studies/{made}"


async def _contents(request: Request) -> Contents:
    """Read the body. Raises WebError: 400, 408 or 413."""
    data = bytearray()
    async for chunk in chunks_of(request, 30.0):
        data += chunk
        if len(data) > MOST_BYTES:
            raise WebError(413, "too_large", "request.too_large", limit=MOST_BYTES)
    is_json = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    found = read_body(bytes(data), is_json, Contents, optional=False)
    assert found is not None
    return found
