"""Reader of MetaImage: one file (``.mha``), or a header and the files it names (``.mhd``).

Format: https://itk.org/Wiki/ITK/MetaIO/Documentation. World coordinates are LPS+ mm, as in ITK.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.errors import NotAVolume, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import RAS_TO_LPS, Grid, Shape3
from segmentation.core.notes import Note, note
from segmentation.readers.encodings import FROM_THE_END, Payload, opened
from segmentation.readers.file_lists import metaimage_files
from segmentation.readers.header_values import (
    MAX_HEADER,
    TextHeader,
    check_axes,
    data_file,
    mm_per_unit,
    numbers,
    voxel_type,
    whole_numbers,
)
from segmentation.readers.imagefile import ImageFile, check_spacing, volume_shape
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import reading

DETACHED = ".mhd"
"""Ending of a header that may name another file; others may not."""

LAST_LINE = re.compile(rb"^ElementDataFile[ \t]*[=:][ \t]*(.*?)[ \t]*(\r?\n|\Z)", re.MULTILINE)
"""Last line of the header; its group 1 is where the voxels are."""

_SEPARATED = re.compile("([^=:]*)([=:]?)(.*)", re.DOTALL)
_SPELLING = {
    field.lower(): field
    for field in (
        "NDims", "DimSize", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData",
        "HeaderSize", "ElementType", "ElementNumberOfChannels", "ElementSpacing", "ElementSize",
        "TransformMatrix", "Orientation", "Rotation", "Offset", "Position", "Origin", "DistanceUnits",
    )
}  # fmt: skip
_CODES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip


def open_metaimage(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check a MetaImage header. Raises as ``open_nifti``."""
    name = path.name
    with reading(name), opened(path) as file:
        header = read_header(file.read(MAX_HEADER), name)
    if header.named and not name.lower().endswith(DETACHED):
        raise UnsupportedFormat("mha.detached", name=name)
    places = [(data_file(path, each), 0) for each in header.named] or [(path, header.end)]
    payload = header.payload(places, name)
    load = payload.checked(limits)
    grid, notes = _placed(header.fields, payload.shape, name)
    slope, inter, applied = _intensity(header.fields, name)
    every = (*notes, *applied, *header.notes)
    return ImageFile(name, "MetaImage", grid, payload.stored_type, load, slope=slope, inter=inter, notes=every)


@dataclass(frozen=True)
class Header(TextHeader):
    """A MetaImage header.

    Attributes:
        notes: Of lines that are none.
    """

    notes: tuple[Note, ...]

    def payload(self, places: list[tuple[Path, int]], name: str) -> Payload:
        """Describe the voxels, which begin in these files after so many bytes. Raises as ``open_metaimage``."""
        return _payload(self.fields, places, bool(self.named), name)


def read_header(block: bytes, name: str) -> Header:
    """Parse the first bytes of a file.

    Raises:
        UnreadableFile, UnsupportedFormat: it is no MetaImage, or names its files in a way that cannot be read.
    """
    end = LAST_LINE.search(block)
    if end is None:
        raise UnreadableFile("mha.not_one", name=name)
    fields, odd_lines = header_fields(block[: end.start()])
    named: list[str] = []
    if end[1].upper() != b"LOCAL":
        following = [line.decode("utf-8", "replace").strip() for line in block[end.end() :].splitlines()]
        sizes = whole_numbers(fields.get("dimsize", ""), name)
        named = metaimage_files(end[1].decode("utf-8", "replace"), following, sizes, name)
    return Header(fields, tuple(named), end.end(), tuple(block[: end.start()].splitlines()), odd_lines)


def header_fields(block: bytes) -> tuple[dict[str, str], tuple[Note, ...]]:
    """Return the fields before the last line by their names in lower case, and a note of lines that are none.

    Name and value stand at both sides of "=" or ":". ITK takes a line without either for the beginning of the next one,
    which it loses, and does not know a name whose letters have another case.
    """
    fields, odd = {}, 0
    for line in block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        key, separator, value = (part.strip() for part in _SEPARATED.match(line).groups(""))  # type: ignore[union-attr]
        if separator:
            fields[key.lower()] = value
        odd += bool(line.strip()) and (not separator or _SPELLING.get(key.lower(), key) != key)
    return fields, (note("header_lines", count=odd),) if odd else ()


def _payload(fields: dict[str, str], places: list[tuple[Path, int]], detached: bool, name: str) -> Payload:
    if fields.get("elementnumberofchannels", "1") != "1":
        raise NotAVolume("image.vectors", name=name)
    sizes = whole_numbers(fields.get("dimsize", ""), name)
    if whole_numbers(fields.get("ndims", str(len(sizes))), name) != [len(sizes)]:
        raise UnreadableFile("header.contradicts_itself", name=name)
    big = _is_true(fields.get("binarydatabyteordermsb") or fields.get("elementbyteordermsb") or "False")
    stored = voxel_type(_CODES.get(fields.get("elementtype", "").upper()), big, name)
    compressed = _is_true(fields.get("compresseddata", ""))
    encoding = "zlib" if compressed else "raw"
    if not _is_true(fields.get("binarydata", "True")):
        encoding = "ascii"
    start = whole_numbers(fields.get("headersize", "0"), name)
    if (compressed and encoding == "ascii") or len(start) != 1 or (start[0] and encoding != "raw"):
        raise UnsupportedFormat("mha.odd_storage", name=name)
    if start[0] not in (0, FROM_THE_END):  # from the beginning of the file
        if any(start[0] < offset for _, offset in places):
            raise UnsupportedFormat("mha.odd_storage", name=name)
        places = [(path, start[0]) for path, _ in places]
    skip = FROM_THE_END if start[0] == FROM_THE_END else 0
    return Payload(tuple(places), name, volume_shape(sizes, name), stored, encoding, skip, detached)


def _is_true(word: str) -> bool:
    """Tell whether a field is set, by the first letter as MetaIO does."""
    return word[:1] in ("T", "t", "1")


def _placed(fields: dict[str, str], shape: Shape3, name: str) -> tuple[Grid, tuple[Note, ...]]:
    """Return the grid in RAS+ mm, and what was assumed or converted."""
    notes = []
    text = fields.get("elementspacing") or fields.get("elementsize")
    spacing = numbers(text, name)[:3] if text else [1.0, 1.0, 1.0]
    if not text:
        notes.append(note("no_spacing"))
    check_spacing(spacing, name)
    matrix = fields.get("transformmatrix") or fields.get("orientation") or fields.get("rotation")
    if not matrix:
        notes.append(note("no_anatomy", assumed="LPS"))
    axes = _square(numbers(matrix, name) if matrix else list(np.eye(3).ravel()), name)
    origin = numbers(fields.get("offset") or fields.get("position") or fields.get("origin") or "0 0 0", name)[:3]
    if len(spacing) != 3 or len(origin) != 3:
        raise UnreadableFile("header.contradicts_itself", name=name)
    check_axes(axes * spacing, name)
    factors, of_units = mm_per_unit([fields.get("distanceunits", "")] * 3, name)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes * spacing, origin
    affine[:3] *= (RAS_TO_LPS * factors)[:, None]
    return Grid(shape, affine + 0.0), (*notes, *of_units)


def _square(values: list[float], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the axes of the first three dimensions as columns; a header has them as rows of a square matrix."""
    side = round(len(values) ** 0.5)
    if side < 3 or side * side != len(values):
        raise UnreadableFile("header.contradicts_itself", name=name)
    return np.array(values).reshape(side, side)[:3, :3].T


def _intensity(fields: dict[str, str], name: str) -> tuple[float, float, tuple[Note, ...]]:
    """Return slope and intercept of the header's intensity function, which ITK ignores, with a note."""
    slope = numbers(fields.get("elementtointensityfunctionslope", "1"), name)
    inter = numbers(fields.get("elementtointensityfunctionoffset", "0"), name)
    if len(slope) != 1 or len(inter) != 1 or not np.isfinite((*slope, *inter)).all() or slope[0] == 0:
        raise UnreadableFile("nifti.scaling", name=name)
    if (slope[0], inter[0]) == (1.0, 0.0):
        return 1.0, 0.0, ()
    return slope[0], inter[0], (note("intensity_function", slope=slope[0], offset=inter[0]),)
