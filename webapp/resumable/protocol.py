"""The tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload) at ``/uploads``.

Core, and the extensions creation, creation-with-upload, expiration, checksum and termination.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from typing import BinaryIO, Protocol

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from segmentation.core.errors import TooLarge
from webapp.context import RequestContext
from webapp.http.errors import WebError, answer, as_web_error
from webapp.http.multipart_form import PIECE_BYTES, chunks_of, drain
from webapp.ingest.upload_parts import Part, Parts
from webapp.settings import Settings

ADDRESS = "/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = ("sha1", "sha256", "md5")
MISMATCH = 460
"""The protocol's own status of a piece whose checksum is wrong."""
_CONTENT_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}")
_LONGEST_METADATA = 4096
Endpoint = Callable[[Request], Awaitable[Response]]


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None:
        """Take more."""
        ...

    def digest(self) -> bytes:
        """Finish."""
        ...


class Tus:
    """The protocol's methods on the uploads of one application."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._writing: dict[str, asyncio.Task[int]] = {}

    async def collection(self, request: Request) -> Response:
        """OPTIONS and POST of all uploads."""
        methods: dict[str, Endpoint] = {"OPTIONS": self._options, "POST": self._create}
        return await self._answer(request, methods)

    async def single(self, request: Request) -> Response:
        """OPTIONS, HEAD, PATCH and DELETE of one upload."""
        methods: dict[str, Endpoint] = {
            "OPTIONS": self._options,
            "HEAD": self._head,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        return await self._answer(request, methods)

    async def _answer(self, request: Request, methods: dict[str, Endpoint]) -> Response:
        method = request.headers.get("x-http-method-override", request.method).upper()
        endpoint = methods.get(method)
        try:
            if endpoint is None:
                raise WebError(405, "method_not_allowed", "status.405")
            if method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
                raise WebError(412, "tus_version", "upload.tus_version", version=VERSION)
            response = await endpoint(request)
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody is left to read it
        except Exception as error:
            refusal = as_web_error(error)
            if refusal.status == 500:
                raise
            await drain(request)
            response = answer(request, refusal)
            if refusal.status == 405:
                response.headers["Allow"] = ", ".join(methods)
            if refusal.status == 412:
                response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Resumable"] = VERSION
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    async def _options(self, _request: Request) -> Response:
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(self._settings.max_upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
        return Response(status_code=204, headers=headers)

    async def _create(self, request: Request) -> Response:
        length = _number(request, "upload-length")
        if length > self._settings.max_upload_bytes:
            raise TooLarge("upload.too_large", gib=self._settings.max_upload_bytes / 1024**3)
        if length + self._settings.min_free_bytes > shutil.disk_usage(self._settings.data_dir).free:
            raise WebError(507, "disk_full", "upload.disk_full")
        metadata = request.headers.get("upload-metadata", "")
        if len(metadata) > _LONGEST_METADATA or not _is_metadata(metadata):
            raise WebError(400, "bad_request", "upload.tus_metadata")
        who = RequestContext.of(request).who
        part = await to_thread.run_sync(self._parts.create, length, who, metadata)
        headers = {"Location": f"{ADDRESS}/{part.id}", **_expiry(part)}
        if request.headers.get("content-type") == _CONTENT_TYPE:
            headers["Upload-Offset"] = str(await self._append(request, part, 0))
        return Response(status_code=201, headers=headers)

    async def _head(self, request: Request) -> Response:
        part = self._part(request)
        await self._take_over(part)  # who asks where to go on sends nothing any more
        headers = {"Upload-Offset": str(part.offset), "Upload-Length": str(part.length), **_expiry(part)}
        if part.metadata:
            headers["Upload-Metadata"] = part.metadata
        return Response(status_code=200, headers=headers)

    async def _patch(self, request: Request) -> Response:
        if request.headers.get("content-type") != _CONTENT_TYPE:
            raise WebError(415, "unsupported_format", "upload.tus_type", kind=_CONTENT_TYPE)
        part, offset = self._part(request), _number(request, "upload-offset")
        await self._take_over(part)
        if offset != part.offset:
            raise WebError(409, "wrong_offset", "upload.tus_offset", offset=part.offset)
        reached = await self._append(request, part, offset)
        return Response(status_code=204, headers={"Upload-Offset": str(reached), **_expiry(part)})

    async def _delete(self, request: Request) -> Response:
        part = self._part(request)
        await self._take_over(part)
        await to_thread.run_sync(self._parts.remove, part)
        return Response(status_code=204)

    def _part(self, request: Request) -> Part:
        part = self._parts.get(request.path_params["upload_id"], RequestContext.of(request).who)
        if part.result is not None:
            raise WebError(410, "gone", "upload.done_with")
        return part

    async def _take_over(self, part: Part) -> None:
        """End a transfer of the same upload: its client has lost that connection, and comes by another one."""
        before = self._writing.pop(part.id, None)
        if before is not None:
            before.cancel()
            await asyncio.wait([before])

    async def _append(self, request: Request, part: Part, offset: int) -> int:
        """Write what the request holds; return how far the upload has come.

        Raises:
            WebError: 460, the checksum is wrong, and nothing was added; 400 or 413, it has more than was announced.
            ClientDisconnect: the connection is gone; what came without a checksum is kept.
        """
        copy = asyncio.create_task(self._copy(request, part, offset))
        self._writing[part.id] = copy
        try:
            return await copy
        except asyncio.CancelledError:
            raise ClientDisconnect from None
        finally:
            if self._writing.get(part.id) is copy:
                del self._writing[part.id]

    async def _copy(self, request: Request, part: Part, offset: int) -> int:
        expected = _checksum(request)
        is_whole = False
        try:
            with part.data.open("r+b") as file:
                file.seek(offset)
                await _write(request, file, part.length - offset, expected and expected[0])
            if expected is not None and expected[0].digest() != expected[1]:
                raise WebError(MISMATCH, "checksum_mismatch", "upload.tus_checksum")
            is_whole = True
        except WebError as error:
            if error.status == 413:
                await to_thread.run_sync(part.cut, offset)
            raise
        finally:
            with suppress(FileNotFoundError):
                if expected is not None and not is_whole:
                    await to_thread.run_sync(part.cut, offset)  # bytes that were never checked do not stay
                else:
                    await to_thread.run_sync(part.sync)
        return part.offset


async def _write(request: Request, file: BinaryIO, most: int, hashed: _Hash | None) -> None:
    """Append a request's body, at most ``most`` bytes of it, in pieces of a megabyte."""
    waiting = bytearray()

    def flush() -> None:
        if hashed is not None:
            hashed.update(bytes(waiting))
        file.write(waiting)
        waiting.clear()

    received = 0
    try:
        async for chunk in chunks_of(request):
            received += len(chunk)
            if received > most:
                raise WebError(413, "too_large", "upload.tus_too_much")
            waiting += chunk
            if len(waiting) >= PIECE_BYTES:
                await _uninterrupted(flush)
    finally:
        flush()
        file.flush()


async def _uninterrupted(work: Callable[[], None]) -> None:
    """Run ``work`` in a thread; if this task is cancelled meanwhile, wait for its end first."""
    running = asyncio.ensure_future(to_thread.run_sync(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise WebError(400, "bad_request", "upload.tus_number", header=name.title())
    return int(text)


def _checksum(request: Request) -> tuple[_Hash, bytes] | None:
    """Read the header of the checksum extension: the algorithm, begun, and what must come out."""
    if "upload-checksum" not in request.headers:
        return None
    algorithm, _, encoded = request.headers["upload-checksum"].partition(" ")
    try:
        wanted = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        wanted = b""
    if algorithm not in ALGORITHMS or not wanted:
        raise WebError(400, "bad_request", "upload.tus_algorithm", algorithms=ALGORITHMS)
    return hashlib.new(algorithm, usedforsecurity=False), wanted


def _is_metadata(text: str) -> bool:
    """Tell whether it is a list of keys, each with a value in base64 or without one."""
    pairs = [pair.split(" ") for pair in text.split(",")] if text else []
    return all(len(pair) <= 2 and pair[0].isascii() and pair[0] and _is_base64("".join(pair[1:])) for pair in pairs)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _expiry(part: Part) -> dict[str, str]:
    return {"Upload-Expires": formatdate(part.expires_at, usegmt=True)}
