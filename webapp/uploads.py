"""POST /api/v1/studies: multipart straight to disk, in pieces, so that memory stays flat at any size."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from anyio import to_thread
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from segmentation.errors import InputError, TooLarge
from webapp.errors import WebError, body, from_input_error
from webapp.intake import Upload, shown_name, stored_name
from webapp.services import Services
from webapp.views import study_view

PIECE_BYTES = 1 << 20
DRAIN_BYTES = 64 << 20  # of a refused upload read to its end, so that the browser hears the answer
FIELDS = {"file": "original", "reference": "reference"}


async def upload_study(request: Request) -> Response:
    """Receive ``file`` and, optionally, ``reference``; 201 with the study, or a refusal that leaves none."""
    services: Services = request.app.state.services
    who = request.client.host if request.client else ""
    folder = services.store.stage()
    try:
        upload = await _receive(request, folder, services)
        study = await to_thread.run_sync(services.intake.admit, upload, who)
    except (WebError, InputError) as refusal:
        error = from_input_error(refusal) if isinstance(refusal, InputError) else refusal
        await _drain(request)
        answer = body(error.code, error.message, error.hint)
        return JSONResponse(answer, error.status)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it
    finally:
        if folder.exists():  # after a study was made of it, it has moved
            shutil.rmtree(folder, ignore_errors=True)
    view = study_view(services.store, study)
    return JSONResponse(view, 201, headers={"Location": f"/api/v1/studies/{study.id}"})


async def _receive(request: Request, folder: Path, services: Services) -> Upload:
    limit = services.settings.max_upload_bytes
    length = int(request.headers.get("content-length") or 0)
    _refuse_size(length, limit)
    free = shutil.disk_usage(services.settings.data_dir).free
    if length + services.settings.min_free_bytes > free:
        raise WebError(
            507,
            "disk_full",
            "The server has no room left for this scan.",
            "Delete studies that are done with.",
        )
    sink = MultipartSink(folder, _boundary(request))
    received = 0
    try:
        async for pieces in _pieces(request):
            received += sum(len(piece) for piece in pieces)
            _refuse_size(received, limit)
            await to_thread.run_sync(sink.write, pieces)
    finally:
        sink.close()
    return sink.upload()


async def _pieces(request: Request) -> Any:
    """The body in lists of chunks of about a megabyte together: few enough trips to a thread."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            yield chunks
            chunks, size = [], 0
    if chunks:
        yield chunks


async def _drain(request: Request) -> None:
    """Read a moderate rest of a refused body: a browser that is still sending would miss the answer."""
    drained = 0
    with suppress(ClientDisconnect, RuntimeError):  # gone, or already read to its end
        async for chunk in request.stream():
            drained += len(chunk)
            if drained > DRAIN_BYTES:
                return


def _refuse_size(size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(
            f"This upload is larger than the {limit / 1024**3:.3g} GiB that this server accepts.",
            "Crop the scan to the spine, or have SPINEVIEW_MAX_UPLOAD_BYTES raised.",
        )


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise WebError(
            415,
            "unsupported_format",
            "An upload must be sent as multipart/form-data.",
            "Send the CT in the field 'file' and, if there is one, the reference mask in 'reference'.",
        )
    return boundary


class MultipartSink:
    """Parses a multipart body piece by piece and writes its files into ``folder``."""

    def __init__(self, folder: Path, boundary: bytes) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}  # field -> stored name
        self._shown = ""
        self._ended = False
        self._file: BinaryIO | None = None
        self._header = (b"", b"")
        self._headers: dict[bytes, bytes] = {}
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._part_opens,
            "on_part_data": self._part_data,
            "on_part_end": self.close,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    def write(self, pieces: list[bytes]) -> None:
        """Take the next pieces of the body; blocks on the disk."""
        try:
            for piece in pieces:
                self._parser.write(piece)
        except MultipartParseError as error:
            raise WebError(400, "bad_request", "The upload is not well-formed multipart/form-data.") from error

    def close(self) -> None:
        """Close the file being written, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def upload(self) -> Upload:
        """What arrived.

        Raises:
            WebError: the body broke off, or holds no CT.
        """
        if not self._ended:
            raise WebError(400, "bad_request", "The upload broke off before its end.", "Try again.")
        if "file" not in self._names:
            raise WebError(400, "bad_request", "The upload holds no CT.", "Send it as a file in the field 'file'.")
        return Upload(self._folder, self._shown, self._names["file"], self._names.get("reference"))

    def _part_begin(self) -> None:
        self._headers, self._header = {}, (b"", b"")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = (b"", b"")

    def _part_opens(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename", b"").decode("utf-8", "replace")
        if not filename:  # an ordinary field, or a file input left empty
            return
        if field not in FIELDS or field in self._names:
            raise WebError(
                400,
                "bad_request",
                f"The upload holds a file in the field '{shown_name(field)}' that is not expected there.",
                "Send one CT in 'file' and at most one mask in 'reference'.",
            )
        self._names[field] = stored_name(FIELDS[field], filename)
        if field == "file":
            self._shown = shown_name(filename)
        self._file = (self._folder / self._names[field]).open("xb")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._ended = True
