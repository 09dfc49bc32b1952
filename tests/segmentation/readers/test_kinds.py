"""Every odd kind of scan that is read: its voxels, its place, what is said, and what other programs make of it.

The independent check: SimpleITK, nibabel or dcm2niix reads the same, or docs/formats.md says why none does.
"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from scripts.fuzz_kinds import Kind, block, kinds
from segmentation.core.messages import english
from segmentation.core.volume import Volume
from segmentation.readers import read_volume
from segmentation.readers.dicom import reader as dicom_reader
from tests.message_keys import ROOT
from tests.segmentation.conftest import itk_affine
from tests.segmentation.read_again import Comparisons, rows
from tests.segmentation.readers.dicom.conftest import inline
from tests.segmentation.readers.dicom.other_readers import DCM2NIIX, by_dcm2niix

__all__ = ["inline"]
Reading = tuple[NDArray[Any], NDArray[np.float64]]  # (I, J, K) values and RAS+ affine
KINDS = {kind.name: kind for kind in kinds()}
ACCEPTED = [name for name, kind in KINDS.items() if kind.shape]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


def given(kind: Kind, folder: Path) -> Path:
    """Write the files of a kind; the path that is read."""
    if kind.suffix:
        (folder / f"ct{kind.suffix}").write_bytes(kind.files[0])
        return folder / f"ct{kind.suffix}"
    folder = folder / "series"
    folder.mkdir()
    for number, data in enumerate(kind.files):
        (folder / f"{number:04d}").write_bytes(data)
    return folder if len(kind.files) > 1 else (folder / "0000").rename(folder / "study.zip")


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The files of the series that is read, unpacked, which those of an archive are for as long as it takes."""
    files: list[Path] = []
    load = dicom_reader.load_voxels

    def noting(entry: Any, limits: Any) -> Any:
        (tmp_path / "chosen").mkdir()
        files[:] = [shutil.copy(path, tmp_path / "chosen") for path in dict.fromkeys(path for path, _ in entry.frames)]
        return load(entry, limits)

    monkeypatch.setattr(dicom_reader, "load_voxels", noting)
    return files


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("name", ACCEPTED)
def test_it_is_read_right_and_as_another_program_reads_it(name: str, tmp_path: Path, chosen: list[Path]):
    kind = KINDS[name]
    path = given(kind, tmp_path)
    volume = read_volume(path)
    assert [note.code for note in volume.notes] == list(kind.notes)
    assert volume.grid.shape == kind.shape
    np.testing.assert_allclose(volume.grid.spacing_mm, kind.spacing_mm, atol=1e-3)
    truth = block().hu[:, :, kind.first : kind.first + kind.shape[2]]
    assert np.abs(volume.hu - truth).max() <= kind.within_hu
    if kind.placed:
        first = block().grid.to_mm(np.array([0.0, 0.0, kind.first]))
        np.testing.assert_allclose(volume.grid.affine[:3, :3], block().grid.affine[:3, :3], atol=1e-3)
        np.testing.assert_allclose(volume.grid.affine[:3, 3], first, atol=1e-3)
    if not kind.suffix and not kind.is_dicom:
        (tmp_path / "inside").mkdir()
        shutil.unpack_archive(path, tmp_path / "inside")
        names = ("*/ct.nhdr", "*/ct.mhd", "*/ct.hdr", "ct.nrrd")
        [path] = [found for name in names for found in (tmp_path / "inside").glob(name)]
    others = series_by_others(chosen, tmp_path) if kind.is_dicom else by_others(path, tmp_path)
    agrees = any(same(volume, *reading) for reading in others)
    assert agrees != bool(kind.differs), kind.differs or "no other program reads the same"


def same(volume: Volume, values: NDArray[Any], affine: NDArray[np.float64]) -> bool:
    """Whether another reading is the same, in whatever order of axes it came."""
    if abs(np.linalg.det(affine)) < 1e-9:  # it has no place at all
        return False
    ours, theirs = (
        nib.as_closest_canonical(nib.Nifti1Image(array.astype(np.float32), place))
        for array, place in ((volume.hu, volume.grid.affine), (values, affine))
    )
    return (
        ours.shape == theirs.shape
        and np.allclose(ours.affine, theirs.affine, atol=1e-3)
        and np.array_equal(ours.get_fdata(), theirs.get_fdata())
    )


def by_others(path: Path, folder: Path) -> Iterator[Reading]:
    """Readings of one file by SimpleITK and, of NIfTI, by nibabel, which goes by the name, too."""
    data = path.read_bytes()
    if ".nii" in path.name:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        path = folder / "plain.nii"
        path.write_bytes(plain)
        image = nib.load(path)
        affine = image.affine.copy()
        affine[:3] *= {"meter": 1e3, "micron": 1e-3}.get(image.header.get_xyzt_units()[0], 1.0)
        yield np.asarray(image.dataobj), affine
    try:
        read = sitk.ReadImage(str(path))
    except RuntimeError:
        return
    yield sitk.GetArrayFromImage(read).T, itk_affine(read)


def series_by_others(files: list[Path], folder: Path) -> Iterator[Reading]:
    """Readings of the images of one series, in order of position, by SimpleITK, and by dcm2niix where it is."""
    ordered = sorted(files, key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]))
    try:
        image = sitk.ReadImage([str(path) for path in ordered])
        yield sitk.GetArrayFromImage(image).T, itk_affine(image)
    except RuntimeError:
        pass
    if DCM2NIIX:
        yield by_dcm2niix(folder / "chosen", folder / "converted")


def test_the_page_has_a_row_for_each_kind():
    table = PAGE.partition("## Every kind that is tried")[2].partition("\n## ")[0]
    rows = {name: (said, other) for name, said, other in re.findall(r"^\| (.+?) \| (.*?) \| (.*?) \|$", table, re.M)}
    rows.pop("found", None)
    expected = {
        name: (
            "; ".join(f'"{english()[f"note.{code}"].message}" (`note.{code}`)' for code in KINDS[name].notes)
            or "nothing",
            KINDS[name].differs or "the same",
        )
        for name in ACCEPTED
    }
    assert {name: row for name, row in rows.items() if set(name) != {"-"}} == expected


def test_the_page_gives_each_reason_why_other_programs_differ() -> None:
    table = PAGE.partition("## Where other programs read the same file otherwise")[2]
    assert rows() <= set(re.findall(r"^\| (.+?) \|", table, re.M))


def test_a_wrong_reading_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii"
    volume = block()
    nib.save(nib.Nifti1Image(volume.hu, volume.grid.affine), path)
    for hu, affine in ((volume.hu + 1, volume.grid.affine), (volume.hu, volume.grid.affine + np.eye(4, k=3))):
        found = Comparisons()
        found.last.path = path
        found.compare(hu, affine, ())
        assert len(found.faults) == 1
