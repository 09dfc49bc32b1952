"""Read and write multipart/related bodies (RFC 2387) of DICOMweb: parts to files, files to parts, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

_PIECE_BYTES = 1 << 20


def related_boundary(content_type: str) -> bytes:
    """Find the boundary of a body.

    Raises:
        ValueError: it is no multipart/related body.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/related" or not boundary:
        raise ValueError("not multipart/related")
    return boundary


class PartsToFiles:
    """Write each part of a body into a file of its own, as it comes. Close it, also after an error.

    Attributes:
        paths: Files begun so far.
    """

    def __init__(self, folder: Path, boundary: bytes) -> None:
        self.paths: list[Path] = []
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self.close,
                "on_end": self._end,
            },
        )

    def write(self, piece: bytes) -> None:
        """Take the next piece of the body. Raises ValueError if it is malformed."""
        try:
            self._parser.write(piece)
        except MultipartParseError as error:
            raise ValueError("malformed multipart body") from error

    def finished(self) -> list[Path]:
        """Return the files. Raises ValueError if the body broke off."""
        if not self._ended:
            raise ValueError("the body broke off")
        return self.paths

    def close(self) -> None:
        """Close the file being written, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self.paths.append(self._folder / f"{len(self.paths) + 1:06d}.dcm")
        self._file = self.paths[-1].open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._ended = True


def related_body(paths: list[Path], boundary: str) -> Iterator[bytes]:
    """Yield a multipart/related body of DICOM files, piece by piece."""
    for path in paths:
        yield f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode("ascii")
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")
