"""Reader of NRRD: one file (``.nrrd``), or a header and the file it names (``.nhdr``).

Format: https://teem.sourceforge.net/nrrd/format.html. Geometry as ITK reads it, and where ITK ignores a field
(units, axis mins and maxs, thicknesses, spaces that name no anatomy) as the format's description defines it.
"""

from __future__ import annotations

import re
from pathlib import Path

from segmentation.core.errors import NotAVolume, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import Grid
from segmentation.readers.encodings import FROM_THE_END, Payload, is_packed, opened
from segmentation.readers.header_values import MAX_HEADER, data_file, voxel_type, whole_numbers
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


def open_nrrd(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check an NRRD header. Raises as ``open_nifti``."""
    name, detachable = path.name, path.name.lower().endswith(DETACHED)
    with reading(name), opened(path) as file:
        block = file.read(MAX_HEADER)
    if not block.startswith(b"NRRD0"):
        raise UnreadableFile("nrrd.not_one", name=name)
    end = re.search(rb"\r?\n\r?\n", block) or (re.search(rb"\Z", block) if detachable else None)
    if end is None:
        raise UnreadableFile("nrrd.header_open", name=name)
    fields = _fields(block[: end.start()])
    data, offset = path, end.end()
    if "data file" in fields:
        if not detachable:
            raise UnsupportedFormat("nrrd.detached", name=name)
        data, offset = data_file(path, fields["data file"]), 0
    axes = _axes(fields, name)
    shape = volume_shape(axes.sizes, name)
    big = fields.get("endian", "little").lower() == "big"
    stored = voxel_type(_CODES.get(fields.get("type", "").lower()), big, name)
    encoding, offset, skip = _storage(fields, data, offset, name, detached=data != path)
    load = Payload(data, name, shape, stored, encoding, offset, skip, data != path).checked(limits)
    affine, notes = place(fields, axes, name)
    return ImageFile(name, "NRRD", Grid(shape, affine), stored, load, notes=notes)


def _fields(block: bytes) -> dict[str, str]:
    """Return the fields; those that may be written with or without a blank, with it."""
    lines = block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")[1:]
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


def _storage(fields: dict[str, str], data: Path, offset: int, name: str, detached: bool) -> tuple[str, int, int]:
    """Return the encoding, the bytes before the encoded voxels and the decoded bytes to skip."""
    word = fields.get("encoding", "").lower()
    encoding = _ENCODINGS.get(word)
    if encoding is None:
        raise UnsupportedFormat("nrrd.unknown_encoding", encoding=word, name=name)
    lines = whole_numbers(fields.get("line skip", "0"), name)
    skip = whole_numbers(fields.get("byte skip", "0"), name)
    wrong = len(lines) != 1 or len(skip) != 1 or not 0 <= lines[0] <= _MAX_LINES
    if wrong or not FROM_THE_END <= skip[0] <= _MAX_SKIP or (skip[0] and encoding in ("ascii", "hex")):
        raise UnsupportedFormat("nrrd.skips_bytes", name=name)
    with reading(name), opened(data, is_packed(data, encoding, detached)) as file:
        file.seek(offset)
        for _ in range(lines[0]):
            if len(file.readline(_MAX_SKIP)) == _MAX_SKIP or file.tell() > _MAX_SKIP:
                raise UnsupportedFormat("nrrd.skips_bytes", name=name)
        return encoding, file.tell(), skip[0]
