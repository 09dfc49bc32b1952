"""What can be no CT volume: each is refused with its own sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage, LegacyConvertedEnhancedCTImageStorage

from segmentation.core.errors import BadGeometry, InputError, NotAVolume, NotCT, NotHounsfield, UnreadableFile
from segmentation.core.notes import sentences
from segmentation.core.volume import Volume
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom.group_series import MODALITIES
from segmentation.readers.dicom.reader import choose, keep_files, load_voxels
from tests.segmentation.readers.dicom.conftest import Writer, edit, listed, refusal

pytestmark = pytest.mark.usefixtures("inline")


@pytest.mark.parametrize("modality", [*MODALITIES, "XYZ"])
def test_every_other_modality_is_named(written: Writer, modality: str):
    words = MODALITIES.get(modality, "another kind of object")
    error = refusal(written(modality=modality, missing=tuple(range(4, 22))))
    assert (type(error), error.message) == (NotCT, f"Series 2 is not CT but {words} ({modality}).")
    assert error.hint == "Choose a CT series."


def test_a_report_that_calls_itself_ct_holds_no_images(written: Writer):
    folder = written()

    def empty(dataset: Dataset, _: int) -> None:
        dataset.SOPClassUID = BasicTextSRStorage
        for keyword in ("PixelData", "Rows", "Columns"):
            delattr(dataset, keyword)

    edit(folder, empty)
    error = refusal(folder)
    assert (type(error), error.message) == (NotAVolume, "Series 2 holds no images.")


def test_colour_pictures_are_refused(written: Writer):
    folder = written()

    def colour(dataset: Dataset, _: int) -> None:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.PixelData = dataset.PixelData * 3

    edit(folder, colour)
    error = refusal(folder)
    assert (type(error), error.message) == (NotAVolume, "Series 2 holds colour pictures, not a CT.")


@pytest.mark.parametrize(("keyword", "value"), [("PhotometricInterpretation", "MONOCHROME1"), ("BitsAllocated", 1)])
def test_pictures_that_no_scanner_writes_are_refused(written: Writer, keyword: str, value: Any):
    folder = written()
    edit(folder, lambda dataset, _: setattr(dataset, keyword, value))
    error = refusal(folder)
    assert (type(error), error.message) == (
        NotAVolume,
        "Series 2 holds pictures of a kind that no CT scanner writes.",
    )


def test_values_beyond_any_scanner_are_refused(written: Writer):
    folder = written()
    edit(folder, lambda dataset, _: setattr(dataset, "RescaleIntercept", "40000"))
    error = refusal(folder)
    assert type(error) is NotHounsfield
    assert error.message.startswith("The values of Series 2 (")
    assert error.message.endswith("lie outside what any CT scanner writes (-32768 to 32767 HU).")


@pytest.mark.parametrize(
    ("syntax", "kind"), [("1.2.840.10008.1.2.4.100", "MPEG2"), ("1.2.3.4", "an unknown transfer syntax")]
)
def test_a_compression_that_cannot_be_read_is_named(written: Writer, tmp_path: Path, syntax: str, kind: str):
    folder = written(syntax="rle")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, implicit_vr=False, little_endian=True)
    error = refusal(folder)
    assert error.code == "unsupported_format"
    assert error.message.startswith("The images of Series 2 are compressed in a way that cannot be read (")
    assert kind in error.message
    if kind != "MPEG2":  # what nobody knows is not even copied
        with pytest.raises(InputError) as caught:
            keep_files(choose(listed(folder)), tmp_path, b"s", DEFAULT_LIMITS)
        assert caught.value.message == error.message
    assert error.hint == "Export the series uncompressed, or as JPEG 2000 or JPEG lossless."


def test_more_tilt_than_any_gantry_has_is_refused(written: Writer):
    folder = written()

    def slant(dataset: Dataset, number: int) -> None:
        x, y, z = map(float, dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y + 3.5 * number, z]

    edit(folder, slant)
    error = refusal(folder)
    assert (type(error), error.message) == (BadGeometry, "The slices of Series 2 are tilted by 54°.")


def test_slices_that_are_not_in_a_row_are_refused(written: Writer):
    folder = written()

    def wander(dataset: Dataset, number: int) -> None:
        x, y, z = map(float, dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x + 10 * np.sin(number / 3), y, z]

    edit(folder, wander)
    error = refusal(folder)
    assert (type(error), error.message) == (BadGeometry, "The slices of Series 2 do not lie in a straight row.")


def test_one_slice_out_of_its_place_is_refused(written: Writer):
    folder = written()

    def shift(dataset: Dataset, number: int) -> None:
        x, y, z = map(float, dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y, z + (1.2 if number == 9 else 0)]

    edit(folder, shift)
    error = refusal(folder)
    assert type(error) is BadGeometry
    assert error.message == "The slices of Series 2 do not lie at equal distances (near -280.0 mm)."


def test_loss_in_the_compression_is_told(written: Writer, oblique: Volume):
    folder = written()
    edit(folder, lambda dataset, _: setattr(dataset, "LossyImageCompression", "01"))
    volume = read_volume(folder)
    assert sentences(volume.notes) == ["The images were compressed with loss before they came here."]
    np.testing.assert_array_equal(volume.hu, oblique.hu)


def test_a_legacy_converted_enhanced_file_is_read(written: Writer, oblique: Volume):
    [path] = written(multiframe=True).iterdir()
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = LegacyConvertedEnhancedCTImageStorage
    dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(path).hu, oblique.hu)


def test_a_range_of_padding_is_air(written: Writer, oblique: Volume):
    folder = written(padding=-2000)
    edit(folder, lambda dataset, _: dataset.add_new("PixelPaddingRangeLimit", "SS", -1000))
    expected = np.where(oblique.hu <= -1000, -1024, oblique.hu)
    for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
        expected[edge] = -1024
    np.testing.assert_array_equal(read_volume(folder).hu, expected)


def test_a_number_that_two_series_have_is_no_choice(written: Writer):
    folder = written("study/a")
    written("study/b", seed=1)
    with pytest.raises(InputError) as caught:
        choose(listed(folder.parent), "2")
    assert caught.value.message == "There is more than one series '2' here."


def test_files_that_change_after_they_were_listed_are_refused(written: Writer):
    folder = written()
    entry = choose(listed(folder))
    for path in folder.iterdir():
        path.write_bytes(b"gone")
    with pytest.raises(UnreadableFile) as caught:
        load_voxels(entry, DEFAULT_LIMITS)
    assert caught.value.message == "The files changed while they were read."
