"""Find the files of a folder, a DICOMDIR or a zip, packed ones too, without following anything out of it."""

from __future__ import annotations

import gzip
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from segmentation.core.errors import TooLarge, UnreadableFile
from segmentation.core.notes import Note, note
from segmentation.readers.streams import GZIP_MAGIC, MAX_DEFLATE_RATIO, ZIP_MAGIC

MAX_FILES = 50_000
DICOMDIR = "dicomdir"
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".xz", ".7z", ".rar")
_GROUPS = (b"\x02\x00", b"\x08\x00")  # a data set without a preamble begins with one of them
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
    if start == ZIP_MAGIC:
        found.leave("zip_inside")
    elif start[:2] == GZIP_MAGIC:
        found.leave("gzipped")
    else:
        found.leave("not_images")


def open_packed(found: Found, into: Path, max_bytes: int) -> None:
    """Put in the place of each DICOM file that is packed with gzip, and of each zip among the files, what it holds.

    It is written below ``into``. Whatever cannot be opened stays in the list, and zips inside those zips stay closed.

    Raises:
        TooLarge: all of it together would take more than ``max_bytes``.
    """
    files, found.files = found.files, []
    for path in files:
        with path.open("rb") as file:
            start = file.read(4)
        opened: list[Path] = []
        target = into / f"packed-{len(found.files):06d}"
        if start == ZIP_MAGIC:
            opened = _unzip(path, target, max_bytes, found)
        elif start[:2] == GZIP_MAGIC:
            opened = _gunzip(path, target, max_bytes)
        max_bytes -= sum(each.stat().st_size for each in opened)
        found.files += opened or [path]


def _unzip(path: Path, target: Path, max_bytes: int, found: Found) -> list[Path]:
    target.mkdir()
    try:
        inside = unpack(path, target, max_bytes)
    except UnreadableFile:
        return []
    found.renamed = True
    for code, count in inside.left_out.items():
        found.left_out[code] = found.left_out.get(code, 0) + count
    return [file for each in inside.files for file in _gunzip(each, each.with_suffix(".gz"), max_bytes) or [each]]


def _gunzip(path: Path, target: Path, max_bytes: int) -> list[Path]:
    """Unpack a DICOM file that is packed with gzip; nothing if it is something else, or damaged."""
    try:
        with gzip.open(path) as source:
            start = source.read(132)
            if start[128:] != b"DICM" and start[:2] not in _GROUPS:
                return []
            with target.open("xb") as out:
                out.write(start)
                while chunk := source.read(_CHUNK):
                    if out.tell() + len(chunk) > max_bytes:
                        raise TooLarge("zip.too_large")
                    out.write(chunk)
    except (OSError, EOFError, zlib.error):
        target.unlink(missing_ok=True)
        return []
    return [target]


def is_zip(path: Path) -> bool:
    """Tell whether a file is a zip archive, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) == ZIP_MAGIC


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


def names_in(path: Path) -> list[str]:
    """Return the names in a zip that ``unpack`` has opened, in the order of the numbers that it gave its files."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


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
