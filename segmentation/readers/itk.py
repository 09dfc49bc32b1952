"""Readers of NRRD and MetaImage (MHA) in one file.

SimpleITK interprets the geometry. The header's promises are checked before it is asked, and the bytes are
read here: a header may otherwise name any file on this machine as its data, or make a library allocate what
it likes.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry, NotAVolume, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import RAS_TO_LPS, Grid, Shape3
from segmentation.readers.imagefile import ImageFile, Voxels, check_size, check_spacing, volume_shape
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import check_end, check_promise, file_size, read_exactly, reading

_MAX_HEADER = 1 << 20
_NRRD_TYPES = {
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
_NRRD_CODES = {name: code for code, names in _NRRD_TYPES.items() for name in names}
_META_CODES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_SCALAR_KINDS = {"domain", "space", "time", "???", "none", "scalar"}


@dataclass(frozen=True)
class _Promise:
    """Size and compression of the voxels as a header describes them."""

    shape: Shape3
    stored_type: np.dtype[Any]
    offset: int
    compression: str  # "", "gzip" or "zlib"


def open_nrrd(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check an NRRD header; data must be attached, raw or gzip. Raises as ``open_nifti``."""
    with reading(path.name):
        block = _head(path)
    if not block.startswith(b"NRRD0"):
        raise UnreadableFile("nrrd.not_one", name=path.name)
    end = re.search(rb"\r?\n\r?\n", block)
    if end is None:
        raise UnreadableFile("nrrd.header_open", name=path.name)
    fields = _nrrd_fields(block[: end.start()])
    return _opened(path, "NRRD", _nrrd_promise(fields, end.end(), path.name), limits)


def open_metaimage(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check a MetaImage header; data must be LOCAL, raw or zlib. Raises as ``open_nifti``."""
    with reading(path.name):
        block = _head(path)
    end = re.search(rb"^ElementDataFile\s*=\s*(.*?)\s*\r?\n", block, re.MULTILINE)
    if end is None:
        raise UnreadableFile("mha.not_one", name=path.name)
    if end.group(1).upper() != b"LOCAL":
        raise UnsupportedFormat("mha.detached", name=path.name)
    text = block[: end.start()].decode("latin-1")
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    fields = {key.strip().lower(): value.strip() for key, value in pairs}
    return _opened(path, "MetaImage", _meta_promise(fields, end.end(), path.name), limits)


def _opened(path: Path, kind: str, promise: _Promise, limits: ReadLimits) -> ImageFile:
    name = path.name
    promised = check_size(promise.shape, promise.stored_type.itemsize, limits, name)
    check_promise(file_size(path) - promise.offset, promised, bool(promise.compression), name)

    def load() -> Voxels:
        with reading(name), path.open("rb") as file:
            file.seek(promise.offset)
            stream = _unpacking(file, promise.compression)
            data = read_exactly(stream, promised, name)
            if promise.compression:
                check_end(stream, name)
        return Voxels(np.frombuffer(data, dtype=promise.stored_type).reshape(promise.shape, order="F"))

    return ImageFile(name, kind, Grid(promise.shape, _affine(path, promise.shape)), promise.stored_type, load)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_HEADER)


def _nrrd_fields(block: bytes) -> dict[str, str]:
    lines = block.decode("latin-1").splitlines()[1:]
    pairs = (line.split(": ", 1) for line in lines if ": " in line and not line.startswith("#"))
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _nrrd_promise(fields: dict[str, str], offset: int, name: str) -> _Promise:
    if "data file" in fields or "datafile" in fields:
        raise UnsupportedFormat("nrrd.detached", name=name)
    if any(_skips(fields, key) for key in ("byte skip", "byteskip", "line skip", "lineskip")):
        raise UnsupportedFormat("nrrd.skips_bytes", name=name)
    encoding = fields.get("encoding", "").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise UnsupportedFormat("nrrd.unknown_encoding", encoding=encoding, name=name)
    if any(kind.lower() not in _SCALAR_KINDS for kind in fields.get("kinds", "").split()):
        raise NotAVolume("image.vectors", name=name)
    shape = volume_shape(_sizes(fields.get("sizes", ""), name), name)
    vectors = re.findall(r"\(([^)]*)\)", fields.get("space directions", ""))
    if vectors:
        _check_vectors([_numbers(v.replace(",", " "), name) for v in vectors[:3]], name)
    elif "spacings" in fields:
        check_spacing(_numbers(fields["spacings"], name)[:3], name)
    big = fields.get("endian", "little").lower() == "big"
    stored = _stored_type(_NRRD_CODES.get(fields.get("type", "").lower()), big, name)
    return _Promise(shape, stored, offset, "" if encoding == "raw" else "gzip")


def _meta_promise(fields: dict[str, str], offset: int, name: str) -> _Promise:
    if fields.get("elementnumberofchannels", "1") != "1":
        raise NotAVolume("image.vectors", name=name)
    if fields.get("binarydata", "true").lower() != "true" or fields.get("headersize", "0") != "0":
        raise UnsupportedFormat("mha.odd_storage", name=name)
    shape = volume_shape(_sizes(fields.get("dimsize", ""), name), name)
    spacing = fields.get("elementspacing") or fields.get("elementsize")
    if spacing:
        check_spacing(_numbers(spacing, name)[:3], name)
    matrix = fields.get("transformmatrix") or fields.get("orientation") or fields.get("rotation")
    if matrix:
        values = _numbers(matrix, name)
        side = round(len(values) ** 0.5)
        _check_vectors([values[row * side : row * side + 3] for row in range(min(side, 3))], name)
    big = (fields.get("binarydatabyteordermsb") or fields.get("elementbyteordermsb") or "False").lower() == "true"
    stored = _stored_type(_META_CODES.get(fields.get("elementtype", "").upper()), big, name)
    return _Promise(shape, stored, offset, "zlib" if fields.get("compresseddata", "").lower() == "true" else "")


def _skips(fields: dict[str, str], key: str) -> bool:
    return fields.get(key, "0") != "0"


def _stored_type(code: str | None, big_endian: bool, name: str) -> np.dtype[Any]:
    if code is None:
        raise UnreadableFile("header.no_voxel_type", name=name)
    return np.dtype((">" if big_endian else "<") + code)


def _numbers(text: str, name: str) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError as error:
        raise UnreadableFile("header.numbers_expected", name=name, text=text) from error


def _sizes(text: str, name: str) -> list[int]:
    numbers = _numbers(text, name)
    if not all(n.is_integer() for n in numbers):
        raise UnreadableFile("header.sizes_expected", name=name, text=text)
    return [int(n) for n in numbers]


def _check_vectors(vectors: Sequence[Sequence[float]], name: str) -> None:
    matrix = np.zeros((3, 3))
    for row, vector in enumerate(vectors):
        matrix[row, : len(vector)] = vector[:3]
    if not np.isfinite(matrix).all():
        raise BadGeometry("axes.not_finite", name=name)
    lengths = np.linalg.norm(matrix, axis=1)
    check_spacing([float(length) for length in lengths], name)
    if abs(np.linalg.det(matrix / lengths[:, None])) < 1e-3:
        raise BadGeometry("axes.singular", name=name)


def _affine(path: Path, shape: Shape3) -> NDArray[np.float64]:
    """Compute the (4, 4) affine from voxel index to RAS+ mm; ITK's own world is LPS+."""
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise UnreadableFile("header.not_understood", name=path.name) from error
    axes = reader.GetDimension()
    if axes < 3 or tuple(reader.GetSize()[:3]) != shape or reader.GetNumberOfComponents() != 1:
        raise UnreadableFile("header.contradicts_itself", name=path.name)
    direction = np.array(reader.GetDirection(), dtype=np.float64).reshape(axes, axes)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(reader.GetSpacing()[:3])
    affine[:3, 3] = reader.GetOrigin()[:3]
    return np.diag([*RAS_TO_LPS, 1.0]) @ affine


def _unpacking(file: IO[bytes], compression: str) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    return cast("IO[bytes]", _Zlib(file)) if compression else file


class _Zlib:
    """A zlib stream read in pieces, never unpacking more than was asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._inflate = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; empty at the end. Raises EOFError if the stream is cut short."""
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(1 << 16)
            if not packed:
                raise EOFError
            data = self._inflate.decompress(packed, size)
            if data:
                return data
        return b""
