"""What is repaired, with the sentence that says so; what is refused, with the reason."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from scipy import ndimage

from segmentation.core.errors import BadGeometry, NotAVolume, NotCT
from segmentation.core.notes import sentences
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import read_volume
from tests.segmentation.readers.dicom.conftest import Writer, by_position, edit, listed, refusal

pytestmark = pytest.mark.usefixtures("inline")


@pytest.mark.parametrize("tilt", [12.0, -20.0])
def test_a_tilted_gantry_is_straightened(written: Writer, oblique: Volume, tilt: float):
    volume = read_volume(written(tilt_deg=tilt))
    assert sentences(volume.notes) == [
        f"The gantry was tilted by {abs(tilt):.0f}°; the slices were shifted back onto a regular grid."
    ]
    axes = volume.grid.affine[:3, :3] / np.array(volume.grid.spacing_mm)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-6)  # no shear is left
    assert volume.grid.spacing_mm[2] == pytest.approx(2.5 * np.cos(np.radians(tilt)))
    # Anatomy lies where it lay: the block, asked at the places of the straightened voxels.
    inner = np.stack(np.meshgrid(*[np.arange(4, n - 4) for n in volume.hu.shape], indexing="ij"), axis=-1)
    places = oblique.grid.to_index(volume.grid.to_mm(inner.astype(float)))
    known = np.all((places > 1) & (places < (34, 30, 20)), axis=-1)  # a turned plane reaches less far back
    expected = ndimage.map_coordinates(oblique.hu.astype(float), places[known].T, order=1)
    found = volume.hu[tuple(inner[known].T)]
    assert known.sum() > 2000
    assert np.median(np.abs(found - expected)) < 8  # twice interpolated, of 1900 HU
    assert np.corrcoef(found, expected)[0, 1] > 0.98


def test_one_missing_slice_is_made_up(written: Writer, oblique: Volume):
    volume = read_volume(written(missing=(9,)))
    assert sentences(volume.notes) == ["One slice was missing at -277.5 mm; it was interpolated from its neighbours."]
    expected = oblique.hu.copy()
    expected[:, :, 9] = np.rint((oblique.hu[:, :, 8].astype(float) + oblique.hu[:, :, 10]) / 2)
    np.testing.assert_array_equal(volume.hu, expected)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-6)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (tuple(range(3, 19)), "16 slices of Series 2 are missing at one place; more than one cannot be made up."),
        ((3, 4, *range(8, 19)), "The slices of Series 2 lie 2.5 to 30 mm apart, too unequal to be resampled."),
    ],
)
def test_more_missing_slices_are_refused_where_no_block_is_long_enough(
    written: Writer, missing: tuple[int, ...], sentence: str
):
    error = refusal(written(missing=missing))
    assert (type(error), error.message) == (BadGeometry, sentence)
    assert "export" in error.hint


def test_unequal_spacing_is_resampled(written: Writer, oblique: Volume):
    volume = read_volume(written(thinned_from=10))
    assert sentences(volume.notes) == ["The slices were 2.5 to 5 mm apart; they were resampled to every 2.5 mm."]
    np.testing.assert_array_equal(volume.hu[:, :, :11], oblique.hu[:, :, :11])
    np.testing.assert_array_equal(volume.hu[:, :, 12], oblique.hu[:, :, 12])
    between = np.rint((oblique.hu[:, :, 10].astype(float) + oblique.hu[:, :, 12]) / 2)
    np.testing.assert_array_equal(volume.hu[:, :, 11], between)


def test_spacing_that_is_too_unequal_is_refused(written: Writer):
    folder = written()

    def spread(dataset: Dataset, number: int) -> None:
        x, y, z = map(float, dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y, z + number**2]

    edit(folder, spread)
    error = refusal(folder)
    assert type(error) is BadGeometry
    assert error.message == "The slices of Series 2 lie 3.5 to 43.5 mm apart, too unequal to be resampled."


def test_positions_rule_not_names_numbers_or_thickness(written: Writer, oblique: Volume):
    folder = written()

    def confuse(dataset: Dataset, number: int) -> None:
        dataset.InstanceNumber, dataset.SliceThickness, dataset.SliceLocation = -number, "0.1", "17"

    edit(folder, confuse)
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)


def test_copies_and_twins_are_left_out(written: Writer, oblique: Volume):
    folder = written(duplicated=(3, 4))  # the same pictures under other UIDs
    shutil.copy(by_position(folder)[0], folder / "copy")  # the same file again
    volume = read_volume(folder)
    assert sentences(volume.notes) == ["1 duplicate images were left out.", "2 duplicate images were left out."]
    np.testing.assert_array_equal(volume.hu, oblique.hu)


def test_two_pictures_at_one_place_are_refused(written: Writer):
    folder = written(duplicated=(3,))
    path = by_position(folder)[3]
    dataset = pydicom.dcmread(path)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(path)
    error = refusal(folder)
    assert type(error) is BadGeometry
    where = ", ".join(f"{float(x):.1f}" for x in dataset.ImagePositionPatient)
    assert error.message == f"Series 2 holds two different images at one place ({where} mm)."


def test_two_acquisitions_in_a_series_are_split(oblique: Volume, tmp_path: Path):
    other = Volume((oblique.hu + 5).astype(np.int16), oblique.grid)
    common = DicomSpec(series_uid="1.2.3", study_uid="1.2.4", frame_of_reference_uid="1.2.5")
    write_dicom(oblique, tmp_path / "a", common)
    write_dicom(other, tmp_path / "a" / "b", replace(common, acquisition=2, seed=1))
    listing = listed(tmp_path / "a")
    assert [entry.key for entry in listing.series] == ["1.2.3", "1.2.3#2"]
    for entry in listing.series:
        assert sentences(entry.notes)[0] == (
            "The series holds images of different orientation, size or acquisition; it was split into 2 parts."
        )
    found = [read_volume(tmp_path / "a", series=entry.key).hu for entry in listing.series]
    assert {int(hu[13, 12, 5]) for hu in found} == {int(oblique.hu[13, 12, 5]), int(other.hu[13, 12, 5])}


def test_an_acquisition_number_a_slice_is_no_reason_to_split(written: Writer, oblique: Volume):
    folder = written()
    edit(folder, lambda dataset, number: setattr(dataset, "AcquisitionNumber", number))
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)


def test_mixed_orientations_are_split(written: Writer, oblique: Volume):
    folder = written(series_uid="1.2.3")

    def turn(dataset: Dataset, number: int) -> None:
        if number < 4:
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]

    edit(folder, turn)
    first, second = listed(folder).series
    assert (first.images, first.plane, first.proposed) == (18, "axial", True)
    assert (second.images, second.plane, second.proposed) == (4, "coronal", False)
    split = "The series holds images of different orientation, size or acquisition; it was split into 2 parts."
    assert [sentences(part.notes)[0] for part in (first, second)] == [split, split]
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu[:, :, 4:])


def test_another_modality_is_named(written: Writer):
    error = refusal(written(modality="MR"))
    assert (type(error), error.message) == (NotCT, "Series 2 is not CT but magnetic resonance (MR).")


def test_what_names_no_modality_is_refused_with_a_whole_sentence(written: Writer):
    folder = written()
    edit(folder, lambda dataset, number: dataset.__delattr__("Modality"))
    error = refusal(folder)
    assert (type(error), error.message) == (
        NotCT,
        "Series 2 does not say that it is CT: its header names no modality.",
    )
    [entry] = listed(folder).series
    assert sentences(entry.reasons) == ["The header does not say that it is CT"]


def test_a_secondary_capture_is_refused_whatever_its_modality(written: Writer):
    folder = written()
    edit(folder, lambda dataset, number: setattr(dataset, "SOPClassUID", SecondaryCaptureImageStorage))
    assert refusal(folder).message == "Series 2 is not CT but a secondary capture (SC)."
    [entry] = listed(folder).series
    assert sentences(entry.reasons) == ["Not CT but SC"]


def test_a_single_slice_is_refused(written: Writer):
    error = refusal(written(missing=tuple(range(1, 22))))
    assert (type(error), error.message) == (NotAVolume, "Series 2 holds a single slice.")


def test_a_localizer_is_refused(written: Writer):
    error = refusal(written(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")))
    assert (type(error), error.message) == (NotAVolume, "Series 2 is a localizer (scout view), not a volume.")


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_slices_that_lie_nowhere_are_refused(written: Writer, keyword: str):
    folder = written()
    edit(folder, lambda dataset, number: dataset.__delattr__(keyword))
    error = refusal(folder)
    assert type(error) is BadGeometry
    assert error.message == (
        "Series 2 does not say where its slices lie (position, orientation or pixel spacing are missing)."
    )


def test_a_truncated_file_is_left_out_and_its_slice_made_up(written: Writer):
    folder = written()
    cut = by_position(folder)[7]
    cut.write_bytes(cut.read_bytes()[:-200])
    volume = read_volume(folder)
    assert sentences(volume.notes) == [
        "1 damaged or truncated files were left out.",
        "One slice was missing at -282.5 mm; it was interpolated from its neighbours.",
    ]


@pytest.mark.parametrize("syntax", ["rle", "jpeg-2000"])
def test_a_truncated_compressed_file_is_found_out(written: Writer, syntax: str):
    folder = written(syntax=syntax)
    cut = by_position(folder)[7]
    cut.write_bytes(cut.read_bytes()[:-200])
    assert [each.code for each in read_volume(folder).notes] == ["truncated", "gap"]


@pytest.mark.parametrize("syntax", ["implicit", "explicit"])
def test_files_without_preamble_are_read(written: Writer, oblique: Volume, syntax: str):
    volume = read_volume(written(preamble=False, syntax=syntax))
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    assert sentences(volume.notes) == ["22 files have no DICOM preamble; they were read all the same."]


def test_other_files_are_left_out(written: Writer, oblique: Volume):
    folder = written()
    (folder / "README.txt").write_text("hello")
    (folder / "empty").touch()
    volume = read_volume(folder)
    assert sentences(volume.notes) == ["2 files that are not DICOM images were left out."]
    np.testing.assert_array_equal(volume.hu, oblique.hu)


def test_burned_in_text_is_warned_of(written: Writer):
    [entry] = listed(written(burned_in=True)).series
    assert sentences(entry.notes) == [
        "Text, such as a name, may be burned into the images: look before you share them."
    ]
