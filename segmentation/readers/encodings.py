"""Voxels behind a text header: raw, gzip, zlib, bzip2, hexadecimal or decimal text, after bytes to be skipped.

The bytes are read here: a library might allocate what a header promises.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from segmentation.core.errors import UnreadableFile
from segmentation.core.geometry import Shape3
from segmentation.readers.imagefile import Voxels, check_size
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import (
    GZIP_MAGIC,
    MAX_DEFLATE_RATIO,
    check_end,
    check_promise,
    file_size,
    read_exactly,
    reading,
)

FROM_THE_END = -1
"""As ``Payload.skip``: the voxels are the last bytes of the file."""

_CHUNK = 1 << 18
_LONGEST_NUMBER = 64
_COMPRESSED = ("gzip", "zlib", "bzip2")


@dataclass(frozen=True)
class Payload:
    """Where the voxels are and how they are encoded, as a header describes it.

    Attributes:
        files: Those that hold them, each the same share in their order and itself gzip-compressed or not, with the
            bytes before its encoded voxels.
        name: File name of the header, for messages.
        shape, stored_type: Of the voxels, the first axis fastest.
        encoding: ``"raw"``, ``"gzip"``, ``"zlib"``, ``"bzip2"``, ``"hex"`` or ``"ascii"``.
        skip: Decoded bytes before the voxels of each file, or ``FROM_THE_END`` (of raw ones).
        detached: Whether the files are others than the header's.
    """

    files: tuple[tuple[Path, int], ...]
    name: str
    shape: Shape3
    stored_type: np.dtype[Any]
    encoding: str = "raw"
    skip: int = 0
    detached: bool = False

    def checked(self, limits: ReadLimits) -> Callable[[], Voxels]:
        """Compare the promise with the limits and the files; return what reads the voxels.

        Raises:
            TooLarge, UnreadableFile: too much is promised.
        """
        share = self._share(limits)
        for path, offset in self.files:
            self._check(path, offset, share)

        def load() -> Voxels:
            pieces = self.pieces(limits)
            data = next(pieces)  # nearly always the only one
            for piece in pieces:
                data += piece
            return Voxels(np.frombuffer(data, dtype=self.stored_type).reshape(self.shape, order="F"))

        return load

    def pieces(self, limits: ReadLimits) -> Iterator[bytearray]:
        """Yield the voxels of each file, decoded, as they are in memory. Raises as ``checked``, or UnreadableFile."""
        share = self._share(limits)
        for path, offset in self.files:
            start, packed = self._check(path, offset, share)
            with reading(self.name), opened(path, packed) as file:
                file.seek(start)
                stream = _decoded(file, self)
                for skipped in range(0, self.skip, _CHUNK):
                    read_exactly(stream, min(_CHUNK, self.skip - skipped), self.name)
                data = read_exactly(stream, share, self.name)
                if self.encoding in _COMPRESSED:
                    check_end(stream, self.name)
                elif packed:
                    check_end(file, self.name)
            yield data

    def _share(self, limits: ReadLimits) -> int:
        """Bytes of voxels in each file."""
        return check_size(self.shape, self.stored_type.itemsize, limits, self.name) // len(self.files)

    def _check(self, path: Path, offset: int, share: int) -> tuple[int, bool]:
        """Compare the promise with a file; return where its encoded voxels begin, and whether it must be unpacked."""
        packed = is_packed(path, self.encoding, self.detached)
        held = file_size(path) * (MAX_DEFLATE_RATIO if packed else 1) - offset
        most = _most_decoded(self.encoding, held, self.stored_type.itemsize)
        if most is not None:
            check_promise(most - max(self.skip, 0), share, False, self.name)
        if self.skip != FROM_THE_END:
            return offset, packed
        if packed or self.encoding != "raw":
            raise UnreadableFile("header.contradicts_itself", name=self.name)
        return file_size(path) - share, packed


def is_gzip(path: Path) -> bool:
    """Whether the whole file is gzip-compressed, whatever its name: servers leave such files."""
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def is_packed(path: Path, encoding: str, detached: bool) -> bool:
    """Whether a file must be unpacked before its voxels are decoded: not where its header says that they are packed."""
    return is_gzip(path) and not (detached and encoding in ("gzip", "zlib"))


def opened(path: Path, packed: bool | None = None) -> IO[bytes]:
    """Open a file for reading, unpacking it if it is ``packed`` (unless told: if it is gzip-compressed as a whole)."""
    packed = is_gzip(path) if packed is None else packed
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _most_decoded(encoding: str, held: int, itemsize: int) -> int | None:
    """Bytes that so many bytes can decode to at most; None where there is no useful bound."""
    if encoding == "ascii":
        return (held + 1) // 2 * itemsize
    return {"raw": held, "hex": held // 2, "bzip2": None}.get(encoding, held * MAX_DEFLATE_RATIO)


def _decoded(file: IO[bytes], payload: Payload) -> IO[bytes]:
    if payload.encoding == "raw":
        return file
    if payload.encoding == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    pieces = {
        "zlib": lambda: _inflated(file),
        "bzip2": lambda: _bunzipped(file, payload.name),
        "hex": lambda: _from_hex(file, payload.name),
        "ascii": lambda: _from_text(file, payload.stored_type, payload.name),
    }
    return cast("IO[bytes]", _Pieces(pieces[payload.encoding]()))


class _Pieces:
    """Pieces of bytes, read as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # with the frame of zlib or of gzip, as MetaIO reads it
    while not inflate.eof:
        packed = inflate.unconsumed_tail or file.read(_CHUNK)
        if not packed:
            raise EOFError
        yield inflate.decompress(packed, _CHUNK)


def _bunzipped(file: IO[bytes], name: str) -> Iterator[bytes]:
    bunzip = bz2.BZ2Decompressor()
    while not bunzip.eof:
        packed = file.read(_CHUNK) if bunzip.needs_input else b""
        if bunzip.needs_input and not packed:
            raise EOFError
        try:
            data = bunzip.decompress(packed, _CHUNK)
        except OSError as error:
            raise UnreadableFile("file.not_unpacked", name=name) from error
        yield data


def _from_hex(file: IO[bytes], name: str) -> Iterator[bytes]:
    rest = b""
    while chunk := file.read(_CHUNK):
        digits = rest + b"".join(chunk.split())
        even = len(digits) // 2 * 2
        rest = digits[even:]
        try:
            yield bytes.fromhex(digits[:even].decode("ascii"))
        except ValueError as error:
            raise UnreadableFile("file.not_text", name=name) from error


def _from_text(file: IO[bytes], stored_type: np.dtype[Any], name: str) -> Iterator[bytes]:
    rest, chunk = b"", b" "
    while chunk:
        chunk = file.read(_CHUNK)
        text = (rest + chunk).replace(b",", b" ")
        words = text.split()
        rest = words.pop() if chunk and words and not text[-1:].isspace() else b""
        if max(map(len, (*words, rest)), default=0) > _LONGEST_NUMBER:
            raise UnreadableFile("file.not_text", name=name)
        if words:
            yield _stored(words, stored_type, name).tobytes()


def _stored(words: list[bytes], stored_type: np.dtype[Any], name: str) -> np.ndarray[Any, Any]:
    try:
        values = np.array(words).astype(np.float64)
    except ValueError as error:
        raise UnreadableFile("file.not_text", name=name) from error
    if stored_type.kind in "iu":
        ends = np.iinfo(stored_type)
        if not (np.isfinite(values).all() and values.min() >= ends.min and values.max() <= ends.max):
            raise UnreadableFile("file.not_text", name=name)
    with np.errstate(over="ignore"):
        return values.astype(stored_type)
