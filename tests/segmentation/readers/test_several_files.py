"""Scans that come as a header and its voxels, in a folder or in a zip: read like one file, or refused in a sentence."""

from __future__ import annotations

import bz2
import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.core.errors import InputError
from segmentation.readers import DEFAULT_LIMITS, SUFFIXES, read_label_map, read_volume
from segmentation.readers.read import _OPENERS
from segmentation.readers.several_files import DETACHED_SUFFIXES, find_scan, join
from tests.segmentation.readers.dicom.conftest import inline
from tests.segmentation.readers.test_text_headers import (
    AFFINE,
    LPS,
    PLACED,
    RAW,
    TEXT,
    VALUES,
    assert_right,
    meta,
    nrrd,
)  # fmt: skip

__all__ = ["inline"]
pytestmark = pytest.mark.usefixtures("inline")
Make = Callable[[Path], object]


def detached_nrrd(fields: dict[str, str], voxels: bytes, name: str = "ct.raw", said: str = "") -> Make:
    def make(folder: Path) -> None:
        nrrd(folder / "ct.nhdr", {**LPS, **fields, "data file": said or name}, b"")
        (folder / name).write_bytes(voxels)

    return make


def detached_meta(fields: dict[str, str], voxels: bytes, name: str = "ct.raw") -> Make:
    def make(folder: Path) -> None:
        meta(folder / "ct.mhd", {**PLACED, **fields, "ElementDataFile": name}, b"")
        (folder / name).write_bytes(voxels)

    return make


def by_itk(suffix: str, packed: bool) -> Make:
    def make(folder: Path) -> None:
        image = sitk.GetImageFromArray(VALUES.transpose(2, 1, 0))
        image.SetSpacing((0.9, 0.8, 1.5))
        image.SetOrigin((-18, -20, -30))
        sitk.WriteImage(image, str(folder / f"ct{suffix}"), useCompression=packed)

    return make


def by_nibabel(kind: type) -> Make:
    def make(folder: Path) -> None:
        nib.save(kind(VALUES, AFFINE), folder / "CT.img")
        (folder / "CT.hdr").rename(folder / "CT.HDR")
        (folder / "CT.img").rename(folder / "CT.IMG")

    return make


def gzipped_pair(folder: Path) -> None:
    nib.save(nib.Nifti1Pair(VALUES, AFFINE), folder / "ct.img")
    (folder / "ct.img.gz").write_bytes(gzip.compress((folder / "ct.img").read_bytes()))
    (folder / "ct.img").unlink()


KINDS: dict[str, Make] = {
    **{f"itk {s} {p}": by_itk(s, p) for s in (".nhdr", ".mhd", ".hdr", ".img.gz", ".nrrd") for p in (True, False)},
    "nifti-1": by_nibabel(nib.Nifti1Pair),
    "nifti-2": by_nibabel(nib.Nifti2Pair),
    "a header and gzipped voxels": gzipped_pair,
    "nrrd raw": detached_nrrd({}, RAW),
    "nrrd, name after ./": detached_nrrd({}, RAW, said="./ct.raw"),
    "nrrd raw that is packed": detached_nrrd({}, gzip.compress(RAW)),
    "nrrd gzip": detached_nrrd({"encoding": "gzip"}, gzip.compress(RAW), "ct.raw.gz"),
    "nrrd gzip after a line": detached_nrrd({"encoding": "gz", "line skip": "1"}, b"line\n" + gzip.compress(RAW)),
    "nrrd bzip2": detached_nrrd({"encoding": "bzip2"}, bz2.compress(RAW), "ct.raw.bz2"),
    "nrrd ascii": detached_nrrd({"encoding": "ascii"}, TEXT, "ct.txt"),
    "nrrd hex": detached_nrrd({"encoding": "hex"}, RAW.hex().encode(), "ct.hex"),
    "nrrd byte skip -1": detached_nrrd({"byte skip": "-1"}, b"not voxels" + RAW),
    "nrrd byte skip": detached_nrrd({"byte skip": "5", "line skip": "1"}, b"line\n12345" + RAW),
    "meta HeaderSize": detached_meta({"HeaderSize": "7"}, b"1234567" + RAW),
    "meta HeaderSize -1": detached_meta({"HeaderSize": "-1"}, b"1234567" + RAW),
    "meta zlib": detached_meta({"CompressedData": "True"}, zlib.compress(RAW), "ct.zraw"),
    "meta zlib as gzip": detached_meta({"CompressedData": "True"}, gzip.compress(RAW), "ct.zraw"),
    "meta raw that is packed": detached_meta({}, gzip.compress(RAW)),
    "meta text": detached_meta({"BinaryData": "False"}, TEXT),
}


def zipped(folder: Path, path: Path, within: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, within + file.name)
            archive.writestr(f"__MACOSX/._{file.name}", b"what macOS adds")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_of_several_files_is_read_by_its_header_its_folder_and_its_zip(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    KINDS[kind](folder)
    header = next(path for path in folder.iterdir() if path.name.lower().endswith((*SUFFIXES, *DETACHED_SUFFIXES)))
    for path in (header, folder, zipped(folder, tmp_path / "a.zip"), zipped(folder, tmp_path / "b.zip", "x/DOE JANE/")):
        assert_right(path)


def test_a_label_map_may_come_so_too(tmp_path: Path) -> None:
    labels = (VALUES > 0).astype(np.uint8)
    detached_nrrd({"type": "uchar", "encoding": "gzip"}, gzip.compress(labels.tobytes(order="F")))(tmp_path)
    for path in (tmp_path / "ct.nhdr", zipped(tmp_path, tmp_path.parent / "labels.zip")):
        assert np.array_equal(read_label_map(path).labels, labels)


def test_what_is_no_single_scan_is_refused_with_the_reason(tmp_path: Path) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            read_volume(path)
        return caught.value.message

    by_itk(".mhd", packed=False)(tmp_path)
    (tmp_path / "ct.raw").rename(tmp_path / "other.raw")
    archive = zipped(tmp_path, tmp_path.parent / "a.zip")
    said = "ct.mhd keeps its voxels in ct.raw, which is not in the same folder."
    assert (refusal(tmp_path), refusal(archive)) == (said, said)
    by_itk(".nrrd", packed=False)(tmp_path)
    said = "There are 2 scans here that are no DICOM, not one."
    assert (refusal(tmp_path), refusal(zipped(tmp_path, archive))) == (said, said)
    (tmp_path / "ct.nrrd").unlink()
    (tmp_path / "ct.mhd").unlink()
    assert refusal(tmp_path).startswith("There are no DICOM images here.")


@pytest.mark.parametrize("text", ["../ct.raw", "/etc/passwd", "LIST", "ct%03d.raw 1 36 1", "..", ""])
@pytest.mark.parametrize("ending", ["nhdr", "mhd"])
def test_a_name_in_a_header_never_leaves_the_files_that_were_given(tmp_path: Path, text: str, ending: str) -> None:
    (tmp_path / "in").mkdir()
    make = detached_nrrd if ending == "nhdr" else detached_meta
    make({}, RAW, "ct.raw")(tmp_path / "in")
    header = tmp_path / "in" / f"ct.{ending}"
    header.write_bytes(header.read_bytes().replace(b"ct.raw", text.encode()))
    files = {f"in/ct.{ending}": header, "ct.raw": tmp_path / "in" / "ct.raw"}
    with pytest.raises(InputError):
        join(files, f"in/ct.{ending}", tmp_path, DEFAULT_LIMITS)


def test_voxels_are_found_whatever_the_case_of_their_name_and_beside_their_header_alone(tmp_path: Path) -> None:
    detached_nrrd({}, RAW)(tmp_path)
    header, voxels = tmp_path / "ct.nhdr", tmp_path / "ct.raw"
    assert_right(join({"A\\Ct.nhdr": header, "A\\CT.RAW": voxels}, "A\\Ct.nhdr", tmp_path, DEFAULT_LIMITS))
    with pytest.raises(InputError, match=r"keeps its voxels in ct\.raw"):
        join({"a/ct.nhdr": header, "b/ct.raw": voxels}, "a/ct.nhdr", tmp_path.parent, DEFAULT_LIMITS)


def test_the_scan_among_files_is_found_by_its_name() -> None:
    assert find_scan(["a/ct.raw", "a/ct.nhdr", "a/._ct.nhdr"]) == "a/ct.nhdr"
    assert find_scan(["notes.txt", "CT.NII.GZ"]) == "CT.NII.GZ"
    assert find_scan(["ct.raw", "ct.img", "1.dcm"]) == ""
    assert set(_OPENERS) <= {*SUFFIXES, *DETACHED_SUFFIXES}


def test_a_bomb_of_packed_voxels_is_stopped(tmp_path: Path) -> None:
    detached_meta({}, gzip.compress(bytes(30_000_000)))(tmp_path)
    from dataclasses import replace

    with pytest.raises(InputError, match="far more data"):
        join(
            {"ct.mhd": tmp_path / "ct.mhd", "ct.raw": tmp_path / "ct.raw"},
            "ct.mhd",
            tmp_path,
            replace(DEFAULT_LIMITS, max_bytes=10_000_000),
        )


@pytest.mark.parametrize("given", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha", "ct.nrrd.gz", "ct", "ct.nii (1)"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("made", [".nii", ".nrrd", ".mha", ".zip"])
def test_content_decides_over_the_name(tmp_path: Path, given: str, packed: bool, made: str) -> None:
    if made == ".zip":
        by_itk(".mhd", packed)(tmp_path)
        source = zipped(tmp_path, tmp_path.parent / "a.zip")
    else:
        by_itk(made, packed=False)(tmp_path)
        source = tmp_path / f"ct{made}"
    data = source.read_bytes()
    (tmp_path.parent / given).write_bytes(gzip.compress(data) if packed and made != ".zip" else data)
    assert_right(tmp_path.parent / given)
