"""Read compressed bytes with a limit: memory follows what the file holds, never what its header promises."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from segmentation.core.errors import InputError, TooLarge, UnreadableFile
from segmentation.core.messages import Message

GZIP_MAGIC = b"\x1f\x8b"
MAX_DEFLATE_RATIO = 1032  # the most that deflate can expand (zlib's technical notes)
ZIP_MAGIC = b"PK\x03\x04"
_META_FIELD = re.compile(rb"\s*(ObjectType|NDims|ObjectSubType)\s*=")
_CHUNK = 1 << 20
_MAX_TRAILING = 1 << 20


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what can go wrong with a file's bytes into an ``InputError``."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise UnreadableFile("file.missing", name=name) from error
    except EOFError as error:
        raise UnreadableFile("file.ends_early", name=name) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile("file.not_unpacked", name=name) from error
    except OSError as error:
        raise UnreadableFile(
            "file.not_opened", name=name, reason=error.strerror or Message("file.read_error")
        ) from error
    except MemoryError as error:
        raise TooLarge("file.exceeds_memory", name=name) from error


def check_promise(stored_bytes: int, promised: int, compressed: bool, name: str) -> None:
    """Compare what the header promises with what so many bytes on disk can hold at most.

    Raises:
        UnreadableFile: it cannot be there.
    """
    most = stored_bytes * MAX_DEFLATE_RATIO if compressed else stored_bytes
    if promised > most:
        raise UnreadableFile("file.promises_too_much", name=name, promised=promised, most=max(most, 0))


def read_exactly(stream: IO[bytes], size: int, name: str) -> bytearray:
    """Read the next ``size`` bytes into a buffer that grows as they arrive.

    Raises:
        UnreadableFile: the stream ends before.
    """
    buffer = bytearray()
    while len(buffer) < size:
        chunk = stream.read(min(_CHUNK, size - len(buffer)))
        if not chunk:
            raise UnreadableFile("file.truncated", name=name, held=len(buffer), promised=size)
        buffer += chunk
    return buffer


def check_end(stream: IO[bytes], name: str) -> None:
    """Read on to the end, so that checksums are compared, but not for ever.

    Raises:
        UnreadableFile: much more follows than the header says.
    """
    trailing = 0
    while chunk := stream.read(_CHUNK):
        trailing += len(chunk)
        if trailing > _MAX_TRAILING:
            raise UnreadableFile("file.too_long", name=name)


def kind_of(path: Path) -> str:
    """Tell by its first bytes, unpacked if they are gzip, what a file holds.

    Returns ``"NRRD"``, ``"MetaImage"``, ``"NIfTI"`` (of one file), ``"DICOM"`` (zips, too), or nothing.
    """
    start = _start_of(path)
    if start[128:132] == b"DICM" or start[:4] == ZIP_MAGIC:
        return "DICOM"
    if start.startswith(b"NRRD000"):
        return "NRRD"
    if _META_FIELD.match(start):
        return "MetaImage"
    return "NIfTI" if start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0" else ""


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(512)
    if start[:2] == GZIP_MAGIC:
        with suppress(OSError, EOFError, zlib.error), gzip.open(path, "rb") as packed:
            return packed.read(512)
    return start


def file_size(path: Path) -> int:
    """Return the bytes of a file on disk."""
    return os.stat(path).st_size
