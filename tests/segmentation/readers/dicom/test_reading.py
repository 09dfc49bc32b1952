"""Every sort of series equals what was written, and what other readers make of it."""

from __future__ import annotations

import base64
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from segmentation.core.volume import Volume
from segmentation.phantom.dicom import SYNTAXES
from segmentation.readers import read_volume
from tests.segmentation.readers.dicom.conftest import Writer
from tests.segmentation.readers.dicom.other_readers import by_dcm2niix, by_simpleitk, needs_dcm2niix

# 24 x 22 pixels of hu_of_htj2k(), compressed once by OpenJPH: nothing that may be installed here writes HTJ2K.
HTJ2K = base64.b64decode(
    "/0//UQApQAAAAAAYAAAAFgAAAAAAAAAAAAAAGAAAABYAAAAAAAAAAAABjwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJ"
    "CQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAApQAAf+TwAAlrgEHdADAABLAABNAABMA2gIHdAA0/gIHdADs/gKHdADA"
    "ABPAABPAABKAAEL7Agt0AFQQ8ACiNABqAgd0AMAAFpwAAWpAABaYQL1FWYC0WDOU7ucCAtwxAb2YAPgwtPBVQB19rqnlAFiF5iEAvpkAInpATZ"
    "AA1EF+NaYUS/4xgL6YAMAAF2UAAF1cAAF2AIyB4CvKIFYtBT4ORGzwowzXA7fij7chJgMCpFJI6RuqZnVYzhjxAEUYykCIxgAAG5wAgI3gishy"
    "CSlwjBnvByA0HAtIIkgEVIcSALieImyk5ABe3rsRoYwQAFucAALccEI/KJWYVLLCPwS0EYEQZEAqwTgOfCOGpCkIIgCNOG/qIOAH39zA0UYIYA"
    "ubAMAAL6AgABe/QAAvXoICgiCYZBB8l4KISGBmtqhMWRUxVcQQM+b1GAAWgmYAEOR6rDJAlQJyNQaCKGAgcrABJCsQADPxLAGBj5IAAwZ4GVCZ"
    "CzBgYLKIqcKM2WE0aAgQIHBiRGAQQAwZAQKBuFFrWs4ApUhbhLY98otjiRwhRAK5BcEJRgEtHI8lGpACAIQAkFXE+AMAGdnjeywxAYAxSsyriD"
    "UGYgAEjhkHAAAAAIAEkAQAAAAICAgAG4gMMAkIAACLwCIBGoCAAK+A+gJAAgxjrlSCjHYAMwEBAQEAa8BBAoEE19f1UM9tawAh+OBEnOM+gGZW"
    "WuGTsel0ITfLo/wYlrDjCiIpm5QCAADA0REgZJBxxaNjAI45MsYKAJDB4wAAAAAeAwIAAMAxrgQArgDgGAACAAAAAACAYxxD5phjjnns6PwAK/"
    "VShgTlb2F6+Nt2tlFIccveoot+o/HKPtS7QhAfs6ZzAv/Z"
)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("multiframe", [False, True], ids=["classic", "enhanced"])
@pytest.mark.usefixtures("inline")
def test_every_transfer_syntax_gives_the_same_voxels(written: Writer, oblique: Volume, syntax: str, multiframe: bool):
    volume = read_volume(written(syntax=syntax, multiframe=multiframe))
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-6)
    assert volume.hu.dtype == np.int16
    assert volume.notes == ()


def test_the_process_of_its_own_reads_the_same(written: Writer, oblique: Volume):
    np.testing.assert_array_equal(read_volume(written(syntax="jpeg-ls")).hu, oblique.hu)


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.203"])
def test_high_throughput_jpeg_2000(written: Writer, uid: str):
    folder = written(syntax="explicit")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Rows, dataset.Columns = 22, 24
        dataset.PixelData = encapsulate([HTJ2K])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.save_as(path)
    volume = read_volume(folder)
    for k in range(volume.hu.shape[2]):
        np.testing.assert_array_equal(volume.hu[:, :, k], hu_of_htj2k().T)


def hu_of_htj2k() -> NDArray[np.int16]:
    i, j = np.meshgrid(np.arange(24), np.arange(22))
    inside = (i - 12) ** 2 + (j - 11) ** 2 < 50
    return (100 * np.sin(i / 4.0) * np.cos(j / 5.0) + 40 * inside * 20 - 200).astype(np.int16)


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("multiframe", [False, True])
def test_each_slice_has_its_own_slope(written: Writer, oblique: Volume, signed: bool, multiframe: bool):
    volume = read_volume(written(signed=signed, slopes=(1.0, 0.5, 0.25), multiframe=multiframe))
    np.testing.assert_array_equal(volume.hu, oblique.hu)


@pytest.mark.usefixtures("inline")
def test_a_slope_that_is_no_integer_gives_fractions(written: Writer, oblique: Volume):
    volume = read_volume(written(slopes=(1.0, 0.3)))
    assert volume.hu.dtype == np.float32
    assert np.abs(volume.hu - oblique.hu).max() == pytest.approx(
        0.1, abs=0.001
    )  # integers lie a third of a step of 0.3 off at most


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize(("signed", "padding"), [(True, -2000), (False, 0), (False, 63536)])
def test_padding_is_air(written: Writer, oblique: Volume, signed: bool, padding: int):
    volume = read_volume(written(signed=signed, padding=padding))
    expected = oblique.hu.copy()
    for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
        expected[edge] = -1024
    np.testing.assert_array_equal(volume.hu, expected)


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("order", [(-1, 1, 1), (1, -1, 1), (1, 1, -1)], ids=["right", "back", "down"])
def test_the_affine_says_where_each_voxel_lies(
    written: Writer, oblique: Volume, order: tuple[int, ...], tmp_path: Path
):
    from segmentation.core.geometry import Grid
    from segmentation.phantom.dicom import DicomSpec, write_dicom

    hu = oblique.hu[:: order[0], :: order[1], :: order[2]]
    first = [n - 1 if step < 0 else 0 for n, step in zip(oblique.hu.shape, order, strict=True)]
    affine = oblique.grid.affine @ np.diag([*order, 1.0])
    affine[:3, 3] = oblique.grid.to_mm(np.array(first, dtype=float))
    turned = Volume(hu, Grid(oblique.hu.shape, affine))
    write_dicom(turned, tmp_path / "turned", DicomSpec())
    volume = read_volume(tmp_path / "turned")
    # The slices are sorted along row axis x column axis; wherever a voxel went, its place in the patient is the same.
    for index in ((3, 5, 7), (20, 2, 19)):
        point = volume.grid.to_mm(np.array(index, dtype=float))
        before = tuple(np.rint(turned.grid.to_index(point)).astype(int))
        assert volume.hu[index] == turned.hu[before]
    assert np.abs(volume.grid.to_mm(np.zeros(3)) - turned.grid.to_mm(np.zeros(3))).min() < 1e-6


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_simpleitk_reads_the_same(written: Writer, syntax: str):
    folder = written(syntax=syntax, signed=False, slopes=(1.0, 0.5))
    ours = read_volume(folder)
    values, affine = by_simpleitk(folder)
    np.testing.assert_array_equal(ours.hu, values)
    np.testing.assert_allclose(ours.grid.affine, affine, atol=1e-6)


# dcm2niix of Debian 12 reads neither deflated files nor JPEG-LS, and says so.
@needs_dcm2niix
@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("syntax", [name for name in SYNTAXES if name not in ("deflated", "jpeg-ls")])
def test_dcm2niix_reads_the_same(written: Writer, tmp_path: Path, syntax: str):
    folder = written(syntax=syntax)
    volume = read_volume(folder)
    ours = nib.as_closest_canonical(nib.Nifti1Image(volume.hu, volume.grid.affine))
    values, affine = by_dcm2niix(folder, tmp_path / "nifti")
    np.testing.assert_array_equal(np.asarray(ours.dataobj), values)
    np.testing.assert_allclose(ours.affine, affine, atol=1e-4)  # its header holds 32-bit floats


@needs_dcm2niix
@pytest.mark.usefixtures("inline")
def test_dcm2niix_reads_the_same_enhanced_voxels(written: Writer, tmp_path: Path):
    # It goes by the order of the frames and by SliceThickness, which must tell the truth for once.
    folder = written(multiframe=True, disorder=False, thickness_mm=2.5)
    volume = read_volume(folder)
    ours = nib.as_closest_canonical(nib.Nifti1Image(volume.hu, volume.grid.affine))
    values, affine = by_dcm2niix(folder, tmp_path / "nifti")
    np.testing.assert_array_equal(np.asarray(ours.dataobj), values)
    np.testing.assert_allclose(ours.affine, affine, atol=1e-4)
