"""Detached headers that name a list or a numbered pattern of files: read right whole, in a folder and in a zip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.readers import DEFAULT_LIMITS, metaimage, read_volume
from segmentation.readers import nrrd as nrrd_reader
from segmentation.readers.several_files import join
from tests.segmentation.readers.dicom.conftest import inline
from tests.segmentation.readers.test_several_files import zipped
from tests.segmentation.readers.test_text_headers import LPS, PLACED, VALUES, assert_right, meta, nrrd

__all__ = ["inline"]
pytestmark = pytest.mark.usefixtures("inline")
SLICES = [VALUES[:, :, k].astype("<i2").tobytes(order="F") for k in range(36)]
TEXTS = [" ".join(map(str, VALUES[:, :, k].ravel(order="F").tolist())).encode() for k in range(36)]
NAMES = [f"s{k:03d}.raw" for k in range(1, 37)]

LISTED = "\n".join(NAMES) + "\n"  # SimpleITK loses the last name where no line ends behind it


def put(folder: Path, names: list[str], pieces: list[bytes], encoded: Callable[[bytes], bytes] = bytes) -> None:
    for name, piece in zip(names, pieces, strict=True):
        (folder / name).write_bytes(encoded(piece))


def nhdr(folder: Path, said: str, fields: dict[str, str] | None = None, following: str = "") -> Path:
    path = nrrd(folder / "ct.nhdr", {**LPS, **(fields or {}), "data file": said}, b"")
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b"\n" + following.encode())
    return path


def mhd(folder: Path, said: str, fields: dict[str, str] | None = None, following: str = "") -> Path:
    return meta(folder / "ct.mhd", {**PLACED, **(fields or {}), "ElementDataFile": said}, following.encode())


def of_nrrd(folder: Path, kind: str) -> Path:
    half = len(SLICES) // 2
    if kind == "slabs":
        put(folder, ["a1", "a2"], [b"".join(SLICES[:half]), b"".join(SLICES[half:])])
        return nhdr(folder, "a%d 1 2 1 3")
    if kind == "gzip":
        put(folder, NAMES, SLICES, gzip.compress)
        return nhdr(folder, "LIST 2", {"encoding": "gzip"}, "\n".join(NAMES))
    if kind == "ascii":
        put(folder, NAMES, TEXTS)
        return nhdr(folder, "./s%03d.raw 1 36 1", {"encoding": "ascii"})
    if kind == "skips":
        put(folder, NAMES, SLICES, lambda data: b"a line\n123" + data)
        return nhdr(folder, "s%03d.raw 1 36 1 2", {"line skip": "1", "byte skip": "3"})
    put(folder, NAMES, SLICES)
    if kind == "downwards":
        put(folder, NAMES, SLICES[::-1])
        return nhdr(folder, "s%03d.raw 36 1 -1")
    return nhdr(folder, "LIST", following="\r\n".join(NAMES) + "\r\n") if kind == "list" else nhdr(folder, kind)


def of_meta(folder: Path, kind: str) -> Path:
    if kind == "zlib":
        put(folder, NAMES, SLICES, zlib.compress)
        return mhd(folder, "LIST", {"CompressedData": "True"}, LISTED)
    if kind == "after headers":
        put(folder, NAMES, [bytes(n) + data for n, data in enumerate(SLICES)])
        return mhd(folder, "s%03d.raw 1 36 1", {"HeaderSize": "-1"})
    if kind == "text":
        put(folder, NAMES, TEXTS)
        return mhd(folder, "s%03d.raw 1 36 1", {"BinaryData": "False"})
    if kind == "big endian":
        put(folder, NAMES, [np.frombuffer(data, "<i2").astype(">i2").tobytes() for data in SLICES])
        return mhd(folder, "LIST", {"BinaryDataByteOrderMSB": "True"}, LISTED + "\n")
    if kind == "in twos":
        put(folder, [f"s{n}.raw" for n in range(10, 82, 2)], SLICES)
        return mhd(folder, "s%d.raw 10 80 2", {"HeaderSize": "0"})
    put(folder, NAMES, SLICES)
    return mhd(folder, "LIST", following=LISTED) if kind == "list" else mhd(folder, kind)


NRRD_KINDS = ["list", "s%03d.raw 1 36 1", "slabs", "gzip", "ascii", "skips", "downwards"]
META_KINDS = ["list", "s%03d.raw 1 36 1", "s%03d.raw", "zlib", "after headers", "text", "big endian", "in twos"]


@pytest.mark.parametrize(
    ("make", "kind"), [*((of_nrrd, kind) for kind in NRRD_KINDS), *((of_meta, kind) for kind in META_KINDS)]
)
def test_voxels_in_a_list_or_a_pattern_of_files_are_read_in_their_order(
    tmp_path: Path, make: Callable[[Path, str], Path], kind: str
) -> None:
    (tmp_path / "scan").mkdir()
    header = make(tmp_path / "scan", kind)
    for path in (header, header.parent, zipped(header.parent, tmp_path / "a.zip", "x/DOE JANE/")):
        assert_right(path)


@pytest.mark.parametrize(
    ("make", "said", "following", "words"),
    [
        (nhdr, "LIST", "\n".join(NAMES[:-1]), "names 35 files of voxels where its sizes need 36"),
        (nhdr, "s%03d.raw 1 37 1", "", "names 37 files of voxels where its sizes need 36"),
        (nhdr, "s%03d.raw 1 7 1 3", "", "names 7 files of voxels where its sizes need 36"),
        (nhdr, "s%03d.raw 1 36 0", "", r"cannot be read \(s%03d.raw 1 36 0\)"),
        (nhdr, "s%s.raw 1 36 1", "", r"cannot be read \(s%s.raw 1 36 1\)"),
        (nhdr, "s%999999999d.raw 1 36 1", "", "cannot be read"),
        (nhdr, "s%03d.raw 1 999999999 1", "", "names 50001 files"),
        (nhdr, "LIST 9", "\n".join(NAMES), "contradicts itself"),
        (nhdr, "LIST", "\n".join(["../s.raw", *NAMES[1:]]), "by a path or a link"),
        (nhdr, "s%03d.raw 2 37 1", "", r"keeps its voxels in s037\.raw"),
        (mhd, "LIST", "\n".join(NAMES[:-1]), "names 35 files of voxels where its sizes need 36"),
        (mhd, "LIST 3", NAMES[0], r"cannot be read \(LIST 3\)"),
        (mhd, "LIST", "\n".join(["/s.raw", *NAMES[1:]]), "by a path or a link"),
        (mhd, "s%03d.raw 1 40 1", "", "names 40 files of voxels where its sizes need 36"),
        (mhd, "s%03d%d.raw 1 36 1", "", "cannot be read"),
        (mhd, "s%03d.raw 5", "", r"keeps its voxels in s037\.raw"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_its_form(
    tmp_path: Path, make: Callable[..., Path], said: str, following: str, words: str
) -> None:
    put(tmp_path, NAMES, SLICES)
    header = make(tmp_path, said, following=following)
    with pytest.raises(InputError, match=words):
        read_volume(header)
    (tmp_path / "into").mkdir()
    files = {f"a/{path.name}": path for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(InputError, match=words):
        join(files, f"a/{header.name}", tmp_path / "into", DEFAULT_LIMITS)


def test_a_last_name_without_the_end_of_its_line_counts(tmp_path: Path) -> None:
    for header, parse in ((mhd, metaimage.read_header), (nhdr, nrrd_reader.read_header)):
        block = header(tmp_path, "LIST", following="\n".join(NAMES)).read_bytes()
        assert parse(block, "ct").named == tuple(NAMES)


def test_a_short_file_of_a_list_is_refused_and_not_filled(tmp_path: Path) -> None:
    header = of_nrrd(tmp_path, "list")
    (tmp_path / NAMES[7]).write_bytes(SLICES[7][:-2])
    with pytest.raises(InputError, match="promises"):
        read_volume(header)
