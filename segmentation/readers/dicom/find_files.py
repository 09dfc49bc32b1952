"""Find the files of a folder, a DICOMDIR or a zip, without following anything out of it."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from segmentation.core.errors import TooLarge, UnreadableFile
from segmentation.core.notes import Note, note
from segmentation.readers.streams import MAX_DEFLATE_RATIO

MAX_FILES = 50_000
DICOMDIR = "dicomdir"
_ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_CHUNK = 1 << 20


@dataclass
class Found:
    """Files found, and counts of what was left out, by note. ``renamed``: the names say nothing."""

    files: list[Path] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    renamed: bool = False

    def leave(self, code: str) -> None:
        """Count one more that was left out."""
        self.left_out[code] = self.left_out.get(code, 0) + 1

    @property
    def notes(self) -> list[Note]:
        """Describe what was left out, as notes."""
        return [note(code, count=count) for code, count in self.left_out.items()]


def find_files(path: Path) -> Found:
    """Find all files below a folder, by name; of a DICOMDIR, those of its folder. Links are not followed.

    Raises:
        TooLarge: more than any study has.
    """
    if path.is_file():
        if path.name.lower() != DICOMDIR:
            return Found([path])
        path = path.parent
    found = Found()
    for folder, names, files in os.walk(path, followlinks=False):
        names.sort()
        for name in [n for n in names if os.path.islink(os.path.join(folder, n))]:
            found.leave("links")
            names.remove(name)
        for name in sorted(files):
            file = Path(folder, name)
            if file.is_symlink():
                found.leave("links")
            elif file.is_file():
                found.files.append(file)
            if len(found.files) > MAX_FILES:
                raise TooLarge("dicom.too_many_files", limit=MAX_FILES)
    return found


def leave_foreign(path: Path, found: Found) -> None:
    """Count a file that is no DICOM: an archive, a compressed file, or anything else."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == _ZIP_MAGIC:
        found.leave("zip_inside")
    elif start[:2] == _GZIP_MAGIC:
        found.leave("gzipped")
    else:
        found.leave("not_images")


def is_zip(path: Path) -> bool:
    """Tell whether a file is a zip archive, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == _ZIP_MAGIC


def unpack(path: Path, into: Path, max_bytes: int) -> Found:
    """Unpack a zip into ``into``, its files numbered: no name in it ever becomes a path.

    Raises:
        UnreadableFile: no zip, damaged, or locked by a password.
        TooLarge: it would unpack to more than ``max_bytes``, or holds too many files.
    """
    found = Found()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise TooLarge("zip.too_many_files", limit=MAX_FILES)
            room = max_bytes
            for number, entry in enumerate(entries):
                if _wanted(entry, found):
                    file = into / f"{number:06d}"
                    room -= _unpack_one(archive, entry, file, room)
                    found.files.append(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, OverflowError) as error:
        raise UnreadableFile("zip.damaged") from error
    return found


def _wanted(entry: zipfile.ZipInfo, found: Found) -> bool:
    if entry.filename.endswith("/"):  # a folder
        return False
    if entry.flag_bits & 0x1:
        raise UnreadableFile("zip.locked")
    if stat.S_ISLNK(entry.external_attr >> 16):
        found.leave("links")
        return False
    if entry.filename.lower().endswith(_ARCHIVES):
        found.leave("nested")
        return False
    return True


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: Path, room: int) -> int:
    """Unpack one entry and return the bytes written, checking the promised size before and the real size meanwhile."""
    too_large = TooLarge("zip.too_large")
    if entry.file_size > room or entry.file_size > (entry.compress_size + 64) * (MAX_DEFLATE_RATIO + 1):
        raise too_large
    written = 0
    with archive.open(entry) as source, file.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > room:
                raise too_large
            target.write(chunk)
    return written
