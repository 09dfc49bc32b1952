"""Reader of NRRD: one file (``.nrrd``), or a header and the files it names (``.nhdr``).

Format: https://teem.sourceforge.net/nrrd/format.html. Geometry as ITK reads it, and where ITK ignores a field
(units, axis mins and maxs, thicknesses, spaces that name no anatomy) as the format's description defines it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segmentation.core.errors import NotAVolume, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import Grid
from segmentation.core.notes import note
from segmentation.readers.encodings import FROM_THE_END, Payload, is_packed, opened
from segmentation.readers.file_lists import nrrd_files
from segmentation.readers.header_values import MAX_HEADER, TextHeader, data_file, voxel_type, whole_numbers
from segmentation.readers.imagefile import ImageFile, volume_shape
from segmentation.readers.limits import ReadLimits
from segmentation.readers.nrrd_geometry import Axes, place
from segmentation.readers.streams import reading

DETACHED = ".nhdr"
"""Ending of a header that may name another file; others may not."""

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64",
           "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}  # fmt: skip
_CODES = {name: code for code, names in _TYPES.items() for name in names}
_ENCODINGS = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "hex": "hex",
    "ascii": "ascii", "text": "ascii", "txt": "ascii",
}  # fmt: skip
_SCALAR_KINDS = {"domain", "space", "time", "???", "none", "scalar"}
_MAX_SKIP = 64 * 1024**2  # bytes before the voxels; more are not believed
_MAX_LINES = 10_000
_FIELD = re.compile(rb"data ?file\s*:", re.IGNORECASE)
_LIST = re.compile(rb"data ?file\s*:\s*LIST\b", re.IGNORECASE)


def open_nrrd(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check an NRRD header. Raises as ``open_nifti``."""
    name = path.name
    with reading(name), opened(path) as file:
        header = read_header(file.read(MAX_HEADER), name, path.name.lower().endswith(DETACHED))
    if header.named and not path.name.lower().endswith(DETACHED):
        raise UnsupportedFormat("nrrd.detached", name=name)
    axes = _axes(header.fields, name)
    places = [(data_file(path, each), 0) for each in header.named] or [(path, header.end)]
    payload = header.payload(places, name)
    load = payload.checked(limits)
    affine, notes = place(header.fields, axes, name)
    if "endian" not in header.fields and payload.stored_type.itemsize > 1 and payload.encoding != "ascii":
        notes = (note("no_byte_order"), *notes)
    return ImageFile(name, "NRRD", Grid(payload.shape, affine), payload.stored_type, load, notes=notes)


@dataclass(frozen=True)
class Header(TextHeader):
    """An NRRD header."""

    def payload(self, places: list[tuple[Path, int]], name: str) -> Payload:
        """Describe the voxels, which begin in these files after so many bytes. Raises as ``open_nrrd``."""
        shape = volume_shape(_axes(self.fields, name).sizes, name)
        big = self.fields.get("endian", "little").lower() == "big"
        stored = voxel_type(_CODES.get(self.fields.get("type", "").lower()), big, name)
        encoding, lines, skip = _storage(self.fields, name)
        detached = bool(self.named)
        files = tuple((path, _after_lines(path, at, lines, encoding, detached, name)) for path, at in places)
        return Payload(files, name, shape, stored, encoding, skip, detached)


def read_header(block: bytes, name: str, detachable: bool = True) -> Header:
    """Parse the first bytes of a file.

    Raises:
        UnreadableFile, UnsupportedFormat: it is no NRRD, or names its files in a way that cannot be read.
    """
    if not block.startswith(b"NRRD0"):
        raise UnreadableFile("nrrd.not_one", name=name)
    end = re.search(rb"\r?\n\r?\n", block) or (re.search(rb"\Z", block) if detachable else None)
    if end is None:
        raise UnreadableFile("nrrd.header_open", name=name)
    lines = block[: end.start()].splitlines()
    at = next((n for n, line in enumerate(lines) if _LIST.match(line)), len(lines) - 1) + 1  # the names follow
    fields = _fields(lines[:at])
    named: list[str] = []
    if "data file" in fields:
        following = [line.decode("utf-8", "replace").strip() for line in lines[at:]]
        named = nrrd_files(fields["data file"], following, whole_numbers(fields.get("sizes", ""), name), name)
    kept = tuple(line for line in lines[:at] if not _FIELD.match(line))
    return Header(fields, tuple(named), end.end(), kept)


def _fields(block: list[bytes]) -> dict[str, str]:
    """Return the fields; those that may be written with or without a blank, with it."""
    lines = (line.decode("utf-8", "replace") for line in block[1:])
    pairs = (line.split(": ", 1) for line in lines if ": " in line and not line.startswith("#"))
    fields = {key.strip().lower(): value.strip() for key, value in pairs}
    blanks = {"datafile": "data file", "byteskip": "byte skip", "lineskip": "line skip", "axismins": "axis mins",
              "axismaxs": "axis maxs", "centerings": "centers"}  # fmt: skip
    return {blanks.get(key, key): value for key, value in fields.items()}


def _axes(fields: dict[str, str], name: str) -> Axes:
    """Leave out list axes of length one.

    Raises:
        NotAVolume: colours or vectors.
        UnreadableFile: fields contradict each other.
    """
    sizes = whole_numbers(fields.get("sizes", ""), name)
    kinds = fields.get("kinds", "").lower().split()
    directions = re.findall(r"none|\([^)]*\)", fields.get("space directions", "").lower())
    declared = whole_numbers(fields.get("dimension", str(len(sizes))), name)
    unread = "space directions" in fields and not directions
    if declared != [len(sizes)] or unread or any(each and len(each) != len(sizes) for each in (kinds, directions)):
        raise UnreadableFile("header.contradicts_itself", name=name)
    kinds = kinds or ["domain"] * len(sizes)
    single = [
        size == 1 and (kind not in _SCALAR_KINDS or (bool(directions) and directions[n] == "none"))
        for n, (size, kind) in enumerate(zip(sizes, kinds, strict=True))
    ]
    kept = [n for n in range(len(sizes)) if not single[n]]
    if any(kinds[n] not in _SCALAR_KINDS for n in kept):
        raise NotAVolume("image.vectors", name=name)
    return Axes(
        len(sizes), tuple(kept), tuple(sizes[n] for n in kept), tuple(directions[n] for n in kept if directions)
    )


def _storage(fields: dict[str, str], name: str) -> tuple[str, int, int]:
    """Return the encoding, the lines before the encoded voxels of each file and the decoded bytes to skip."""
    word = fields.get("encoding", "").lower()
    encoding = _ENCODINGS.get(word)
    if encoding is None:
        raise UnsupportedFormat("nrrd.unknown_encoding", encoding=word, name=name)
    lines = whole_numbers(fields.get("line skip", "0"), name)
    skip = whole_numbers(fields.get("byte skip", "0"), name)
    wrong = len(lines) != 1 or len(skip) != 1 or not 0 <= lines[0] <= _MAX_LINES
    if wrong or not FROM_THE_END <= skip[0] <= _MAX_SKIP or (skip[0] and encoding in ("ascii", "hex")):
        raise UnsupportedFormat("nrrd.skips_bytes", name=name)
    return encoding, lines[0], skip[0]


def _after_lines(path: Path, offset: int, lines: int, encoding: str, detached: bool, name: str) -> int:
    """Return the bytes before what follows so many lines after ``offset``."""
    if not lines:
        return offset
    with reading(name), opened(path, is_packed(path, encoding, detached)) as file:
        file.seek(offset)
        for _ in range(lines):
            if len(file.readline(_MAX_SKIP)) == _MAX_SKIP or file.tell() > _MAX_SKIP:
                raise UnsupportedFormat("nrrd.skips_bytes", name=name)
        return file.tell()
