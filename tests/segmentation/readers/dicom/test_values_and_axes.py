"""Images whose values are no Hounsfield units, or are stored or placed in an unusual way: read right, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from segmentation.core.errors import BadGeometry, InputError, NotAVolume, NotCT, NotHounsfield, UnsupportedFormat
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom.frames.extract_frames import extract_frames
from segmentation.readers.dicom.reader import choose, keep_files
from segmentation.writers import write_nifti
from tests.segmentation.conftest import itk_affine
from tests.segmentation.readers.dicom.conftest import Writer, by_position, edit, listed, refusal

pytestmark = pytest.mark.usefixtures("inline")
Change = Callable[[Dataset, int], None]


def setting(**values: Any) -> Change:
    def change(dataset: Dataset, _: int) -> None:
        for name, value in values.items():
            setattr(dataset, name, value)

    return change


def with_text_for_slope(dataset: Dataset, _: int) -> None:
    dataset.add_new("RescaleSlope", "LO", "0,5")


def floating(dataset: Dataset, _: int, kind: str = "<f4", nan: bool = False) -> None:
    stored = np.frombuffer(dataset.PixelData, "<i2").astype(kind) + 0.25
    if nan:
        stored[:10] = np.nan
    for name in ("PixelData", "PixelRepresentation", "BitsStored", "HighBit"):
        del dataset[name]
    dataset.BitsAllocated = 8 * stored.itemsize
    setattr(dataset, "FloatPixelData" if kind == "<f4" else "DoubleFloatPixelData", stored.astype(kind).tobytes())


def with_table(dataset: Dataset, _: int) -> None:
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [2, 0, 16], "US", b"\0\0\1\0"
    del dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.ModalityLUTSequence = [table]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        *[(setting(RescaleType=unit), NotHounsfield, f"are no Hounsfield units: its header calls them {unit}.")
          for unit in ("Z_EFF", "MGML", "ED", "EDW", "PCT", "OD")],
        (with_text_for_slope, NotHounsfield, "does not give its conversion to Hounsfield units as two numbers."),
        (with_table, NotHounsfield, "does not give its conversion to Hounsfield units as two numbers."),
        (setting(PhotometricInterpretation="PALETTE COLOR"), NotAVolume, "holds colour pictures, not a CT."),
        (setting(SOPClassUID=pydicom.uid.MRImageStorage), NotCT, "is not CT but magnetic resonance (MR)."),
        (setting(SOPClassUID=pydicom.uid.PositronEmissionTomographyImageStorage), NotCT, "(PT)."),
        (setting(SOPClassUID=pydicom.uid.RTDoseStorage), NotCT, "(RTDOSE)."),
        (setting(BitsStored=20, HighBit=19), UnsupportedFormat, "(HighBit 19, BitsStored 20, BitsAllocated 16)."),
        (setting(ImagePositionPatient=[1, 2, 3]), BadGeometry, "All 22 images of Series 2 say that they lie at one"),
    ],
)  # fmt: skip
def test_what_the_header_says_against_hounsfield_units_or_a_volume_is_named(
    written: Writer, change: Change, kind: type[InputError], words: str
):
    folder = written()
    edit(folder, change)
    error = refusal(folder)
    assert type(error) is kind
    assert words in error.message


@pytest.mark.parametrize("unit", ["HU", "US", "HU_MOD", "hu", ""])
def test_units_that_are_or_may_be_hounsfield_units_are_read(written: Writer, oblique: Volume, unit: str):
    folder = written()
    edit(folder, setting(RescaleType=unit))
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert volume.notes == ()


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("nan", [False, True])
def test_pixels_that_are_floating_point_numbers_are_read(written: Writer, oblique: Volume, kind: str, nan: bool):
    folder = written()
    edit(folder, lambda dataset, k: floating(dataset, k, kind, nan))
    volume = read_volume(folder)
    expected = oblique.hu + np.float32(0.25)
    if nan:
        expected[:10, 0] = -1024
    np.testing.assert_array_equal(volume.hu, expected)
    assert [note.code for note in volume.notes] == (["not_numbers"] if nan else [])
    for secret, kept in ((None, "as they are"), (b"s", "de-identified")):
        (folder.parent / kept).mkdir()
        keep_files(choose(listed(folder)), folder.parent / kept, secret, DEFAULT_LIMITS)
        np.testing.assert_array_equal(read_volume(folder.parent / kept).hu, expected)


def test_floating_point_pixels_that_differ_are_no_copies(written: Writer):
    folder = written()
    edit(folder, floating)
    paths = by_position(folder)
    dataset = pydicom.dcmread(paths[4])
    dataset.save_as(folder / "copy")
    assert [note.code for note in read_volume(folder).notes] == ["duplicates"]
    dataset.FloatPixelData = bytes(len(dataset.FloatPixelData))
    dataset.save_as(folder / "copy")
    assert "two different images at one place" in refusal(folder).message


@pytest.mark.parametrize("chosen", [range(20), range(3, 20)])
def test_frames_of_floating_point_pixels_are_cut_out(oblique: Volume, tmp_path: Path, chosen: range):
    [path] = write_dicom(oblique, tmp_path / "series", DicomSpec(multiframe=True, disorder=False))
    dataset = pydicom.dcmread(path)
    floating(dataset, 0)
    extract_frames(dataset, chosen, pydicom.uid.ExplicitVRLittleEndian)
    dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(path).hu, oblique.hu[:, :, chosen.start : chosen.stop] + np.float32(0.25))


@pytest.mark.parametrize(
    ("value", "limit", "kept"), [(0, None, True), (-100, 200, True), (-2000, -900, False), (32767, None, False)]
)
def test_a_padding_that_tissue_may_have_makes_no_holes(
    written: Writer, oblique: Volume, value: int, limit: int | None, kept: bool
):
    def pad(dataset: Dataset, _: int) -> None:
        dataset.add_new("PixelPaddingValue", "SS", value)
        if limit is not None:
            dataset.add_new("PixelPaddingRangeLimit", "SS", limit)

    folder = written()
    edit(folder, pad)
    volume = read_volume(folder)
    outside = (oblique.hu >= value) & (oblique.hu <= (value if limit is None else limit))
    assert outside.any() or value == 32767
    np.testing.assert_array_equal(volume.hu, oblique.hu if kept else np.where(outside, -1024, oblique.hu))
    assert [note.code for note in volume.notes] == (["padding_kept"] if kept else [])


@pytest.mark.parametrize("error", [3e-4, 5e-3])
def test_axes_that_were_rounded_stay_at_right_angles(written: Writer, oblique: Volume, error: float):
    def rounded(dataset: Dataset, _: int) -> None:
        row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        dataset.ImageOrientationPatient = [f"{x:.6f}" for x in (*(row + error * column), *column)]

    folder = written()
    edit(folder, rounded)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert not volume.grid.is_sheared
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-3)
    if error < 1e-3:  # SimpleITK takes the axes of the patient in place of any that are worse
        image = sitk.ReadImage([str(path) for path in by_position(folder)])
        np.testing.assert_allclose(volume.grid.affine, itk_affine(image), atol=1e-3)


@pytest.mark.parametrize(("drift", "notes"), [(0.001, []), (0.03, [])])
def test_the_mask_of_slices_that_drift_by_less_than_a_pixel_opens_in_every_program(
    written: Writer, oblique: Volume, tmp_path: Path, drift: float, notes: list[str]
):
    def drifting(dataset: Dataset, number: int) -> None:
        x, y, z = map(float, dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [f"{x + drift * number:.6f}", y, z]

    folder = written()
    edit(folder, drifting)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert [note.code for note in volume.notes] == notes
    expected = np.array(oblique.grid.affine)
    expected[0, 2] -= drift
    np.testing.assert_allclose(volume.grid.affine, expected, atol=1e-3)
    write_nifti(LabelMap((volume.hu > 0).astype(np.uint8), volume.grid), tmp_path / "mask.nii")
    there = itk_affine(sitk.ReadImage(str(tmp_path / "mask.nii")))
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in volume.grid.shape])).reshape(3, -1)
    moved = (there - volume.grid.affine)[:3] @ np.vstack([corners, np.ones(8)])
    assert np.abs(moved).max() < min(volume.grid.spacing_mm) / 2


@pytest.mark.parametrize("syntax", [pydicom.uid.JPEGLSNearLossless])
def test_a_compression_with_loss_is_told_though_no_other_attribute_says_so(written: Writer, syntax: str):
    folder = written(syntax="jpeg-ls")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path)
    assert [note.code for note in read_volume(folder).notes] == ["lossy"]
