"""Write a multipart body to files, piece by piece: memory stays flat at any size, and no name becomes a path."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from anyio import to_thread
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from segmentation.core.errors import TooLarge
from webapp.http.errors import WebError
from webapp.settings import Settings

PIECE_BYTES = 1 << 20
_MOST_VALUES, _LONGEST_VALUE = 20, 1000
_LONGEST_BOUNDARY = 70  # RFC 2046 section 5.1.1
DRAIN_BYTES = 64 << 20  # of a refused upload read to its end, so that the browser hears the answer
DRAIN_S = 15.0
SILENT_S = 120.0
"""Longest that an upload may send nothing."""

Place = Callable[[str, str], Path]
"""(field, file name that the user gave) to where the file goes. Raises WebError or InputError to refuse it."""


class MultipartFiles:
    """Parse a multipart body and write each of its files where ``place`` says.

    Attributes:
        values: Of the fields that are no files, by their names; long ones are cut.
    """

    def __init__(self, boundary: bytes, place: Place) -> None:
        self._place = place
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
            "on_part_end": self._part_ends,
            "on_end": self._end,
        }
        self.values: dict[str, str] = {}
        self._value: tuple[str, bytearray] | None = None
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    def write(self, pieces: list[bytes]) -> None:
        """Take the next pieces of the body; blocks on the disk."""
        try:
            for piece in pieces:
                self._parser.write(piece)
        except MultipartParseError as error:
            raise WebError(400, "bad_request", "upload.malformed") from error

    def close(self) -> None:
        """Close the file being written, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def check_end(self) -> None:
        """Raise WebError if the body broke off."""
        if not self._ended:
            raise WebError(400, "bad_request", "upload.broken_off")

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
        if filename:  # without one it is an ordinary field, or a file input left empty
            self._file = self._place(field, filename).open("xb")
        elif len(self.values) < _MOST_VALUES:
            self._value = (field, bytearray())

    def _part_ends(self) -> None:
        self.close()
        if self._value is not None:
            self.values[self._value[0]] = self._value[1].decode("utf-8", "replace")
            self._value = None

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
        elif self._value is not None and len(self._value[1]) < _LONGEST_VALUE:
            self._value[1].extend(data[start:end][:_LONGEST_VALUE])

    def _end(self) -> None:
        self._ended = True


async def receive(request: Request, settings: Settings, place: Place) -> dict[str, str]:
    """Write the files of a request's body where ``place`` says; return the values of its other fields.

    Raises:
        WebError, InputError: not multipart, broken off, too large, no room on the disk; or what ``place`` raised.
    """
    length = int(request.headers.get("content-length") or 0)
    _refuse_size(length, settings.max_upload_bytes)
    free = shutil.disk_usage(settings.data_dir).free
    if length + settings.min_free_bytes > free:
        raise WebError(507, "disk_full", "upload.disk_full")
    sink = MultipartFiles(_boundary(request), place)
    received = 0
    try:
        async for pieces in _pieces(request):
            received += sum(len(piece) for piece in pieces)
            _refuse_size(received, settings.max_upload_bytes)
            await to_thread.run_sync(sink.write, pieces)
    finally:
        sink.close()
    sink.check_end()
    return sink.values


async def drain(request: Request, within_s: float = DRAIN_S) -> None:
    """Read a moderate rest of a refused body, for a moment: a browser that is still sending would miss the answer."""
    drained = 0
    with suppress(ClientDisconnect, RuntimeError, TimeoutError):  # gone, already read to its end, or too slow
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                drained += len(chunk)
                if drained > DRAIN_BYTES:
                    return


async def chunks_of(request: Request, silent_s: float = SILENT_S) -> AsyncIterator[bytes]:
    """Yield the body as it comes.

    Raises:
        WebError: 408, nothing came for too long.
        ClientDisconnect: the client left.
    """
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(silent_s):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise WebError(408, "request_timeout", "request.late") from None
        yield chunk


async def _pieces(request: Request) -> Any:
    """Yield the body in lists of chunks of about a megabyte together: few enough trips to a thread."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in chunks_of(request):
        chunks.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            yield chunks
            chunks, size = [], 0
    if chunks:
        yield chunks


def _refuse_size(size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge("upload.too_large", gib=limit / 1024**3)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise WebError(415, "unsupported_format", "upload.not_multipart")
    if len(boundary) > _LONGEST_BOUNDARY:
        raise WebError(400, "bad_request", "upload.malformed")
    return boundary
