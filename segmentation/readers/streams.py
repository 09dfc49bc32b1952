"""Compressed bytes, read with a limit: memory follows what the file holds, never what its header promises."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from segmentation.core.errors import InputError, TooLarge, UnreadableFile

GZIP_MAGIC = b"\x1f\x8b"
MAX_DEFLATE_RATIO = 1032  # the most that deflate can expand (zlib's technical notes)
_CHUNK = 1 << 20
_MAX_TRAILING = 1 << 20
_AGAIN = "Copy or export the file again; the transfer may have been cut short."


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what can go wrong with a file's bytes into an :class:`InputError`."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise UnreadableFile(f"There is no file {name}.", "Check the path.") from error
    except EOFError as error:
        raise UnreadableFile(f"{name} is truncated: its compressed data ends too early.", _AGAIN) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile(f"{name} is damaged: its compressed data cannot be unpacked.", _AGAIN) from error
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be opened: {error.strerror or 'read error'}.", _AGAIN) from error
    except MemoryError as error:
        raise TooLarge(f"{name} does not fit in memory.", "Crop the scan to the spine and try again.") from error


def check_promise(stored_bytes: int, promised: int, compressed: bool, name: str) -> None:
    """Compare what the header promises with what so many bytes on disk can hold at most.

    Raises:
        UnreadableFile: it cannot be there.
    """
    most = stored_bytes * MAX_DEFLATE_RATIO if compressed else stored_bytes
    if promised > most:
        raise UnreadableFile(
            f"The header of {name} promises {promised:,} bytes of voxels, but the file is cut short "
            f"and can hold at most {max(most, 0):,}.",
            _AGAIN,
        )


def read_exactly(stream: IO[bytes], size: int, name: str) -> bytearray:
    """The next ``size`` bytes, in a buffer that grows as they arrive.

    Raises:
        UnreadableFile: the stream ends before.
    """
    buffer = bytearray()
    while len(buffer) < size:
        chunk = stream.read(min(_CHUNK, size - len(buffer)))
        if not chunk:
            raise UnreadableFile(
                f"{name} is truncated: it holds {len(buffer):,} of the {size:,} bytes its header promises.",
                _AGAIN,
            )
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
            raise UnreadableFile(f"{name} holds far more data than its header declares.", "Export the scan again.")


def file_size(path: Path) -> int:
    """Bytes on disk."""
    return os.stat(path).st_size
