"""One SeriesInstanceUID for what is not one volume, and one SOPInstanceUID for what is not one image."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from segmentation.core.errors import InputError
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom.reader import choose, keep_files
from segmentation.writers.dicom import Maker, read_sources, write_capture, write_dicom_seg, write_rtstruct
from tests.segmentation.readers.dicom.conftest import Writer, by_position, edit, listed

pytestmark = pytest.mark.usefixtures("inline")
FRAMES = 22


def codes(folder: Path) -> list[list[str]]:
    return [[note.code for note in entry.notes] for entry in listed(folder).series]


@pytest.mark.parametrize("number", [lambda n: 0, lambda n: n // 2, lambda n: n % 11, lambda n: min(n, 20)])
def test_the_same_sop_instance_uid_on_different_slices_loses_none(
    written: Writer, oblique: Volume, number: Callable[[int], int]
):
    folder = written()

    def change(dataset: Dataset, k: int) -> None:
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number(k)}"

    edit(folder, change)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-3)
    assert codes(folder) == [["repeated_uid"]]


def test_a_copy_is_left_out_and_one_with_other_pixels_is_not(written: Writer):
    folder = written()
    first, *_ = by_position(folder)
    shutil.copy(first, folder / "copy")
    assert codes(folder) == [["duplicates"]]
    assert listed(folder).series[0].images == FRAMES
    dataset = pydicom.dcmread(folder / "copy")
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(folder / "copy")
    assert "repeated_uid" in codes(folder)[0]
    assert listed(folder).series[0].images == FRAMES + 1


@pytest.mark.parametrize(
    "second", [lambda k: k >= 11, lambda k: k % 2 == 1, lambda k: k < 7], ids=["last", "every other", "first"]
)
@pytest.mark.parametrize(
    "attribute", ["PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "FrameOfReferenceUID"]
)
def test_patients_studies_and_frames_of_reference_are_never_one_volume(
    written: Writer, oblique: Volume, attribute: str, second: Callable[[int], bool]
):
    folder = written()

    def change(dataset: Dataset, k: int) -> None:
        if second(k):
            dataset[attribute].value = "19991231" if attribute == "PatientBirthDate" else "1.2.3.4"

    edit(folder, change)
    series = listed(folder).series
    count = sum(map(second, range(FRAMES)))
    assert sorted(entry.images for entry in series) == sorted([count, FRAMES - count])
    assert all(note_codes[:2] == ["mixed", "part"] for note_codes in codes(folder))
    for entry in series:
        own = np.array([second(k) for k in range(FRAMES)]) == (entry.images == count and _second(entry, attribute))
        np.testing.assert_array_equal(read_volume(folder, series=entry.key).hu, oblique.hu[:, :, own])


def _second(entry: object, attribute: str) -> bool:
    path, _ = entry.frames[0]  # type: ignore[attr-defined]
    return str(pydicom.dcmread(path)[attribute].value) in ("1.2.3.4", "19991231")


def test_a_name_written_in_two_ways_is_one_patient(written: Writer, oblique: Volume):
    folder = written(patient="Müller^Anna")
    edit(folder, lambda dataset, k: setattr(dataset, "PatientName", "MÜLLER^ANNA^^" if k % 2 else "Müller^Anna"))
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)


@pytest.mark.parametrize("repeated", [False, True])
def test_every_output_is_written_where_each_image_has_a_frame_of_reference(
    written: Writer, oblique: Volume, tmp_path: Path, repeated: bool
):
    folder = written()

    def change(dataset: Dataset, k: int) -> None:
        dataset.FrameOfReferenceUID = f"1.2.3.{k}"
        if repeated:
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.4.{k // 2}"

    edit(folder, change)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    mask = LabelMap((volume.hu > 300).astype(np.uint8), volume.grid)
    kept = tmp_path / "kept"
    kept.mkdir()
    assert keep_files(choose(listed(folder)), kept, None, DEFAULT_LIMITS) == FRAMES
    sources = read_sources(sorted(kept.iterdir()))
    write_dicom_seg(mask, sources, tmp_path / "seg.dcm", Maker("1", "m-1"))
    write_rtstruct(mask, sources, tmp_path / "rt.dcm", Maker("1", "m-1"))
    from PIL import Image

    write_capture({"a": Image.new("RGB", (8, 8))}, sources, tmp_path / "sc.dcm", Maker("1", "m-1"))
    segmented = pydicom.dcmread(tmp_path / "seg.dcm")
    assert segmented.pixel_array.sum() == mask.labels.sum()
    structures = pydicom.dcmread(tmp_path / "rt.dcm")
    assert segmented.FrameOfReferenceUID == structures.FrameOfReferenceUID == "1.2.3.0"
    images = [pydicom.dcmread(path) for path in by_position(folder)]
    uids = list(dict.fromkeys(image.SOPInstanceUID for image in images))
    assert referred(segmented.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == uids
    study = structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    assert referred(study.RTReferencedSeriesSequence[0].ContourImageSequence) == uids
    by_place = {round(float(image.ImagePositionPatient[2]), 3): image.SOPInstanceUID for image in images}
    for group in segmented.PerFrameFunctionalGroupsSequence:
        z = round(float(group.PlanePositionSequence[0].ImagePositionPatient[2]), 3)
        assert referred(group.DerivationImageSequence[0].SourceImageSequence) == [by_place[z]]
    contours = structures.ROIContourSequence[0].ContourSequence
    for contour in contours:
        assert referred(contour.ContourImageSequence) == [by_place[round(float(contour.ContourData[2]), 3)]]


def referred(references: Sequence[Dataset]) -> list[str]:
    return [each.ReferencedSOPInstanceUID for each in references]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "jpeg-2000"])
def test_without_a_series_instance_uid_the_series_is_read(written: Writer, oblique: Volume, syntax: str):
    folder = written(syntax=syntax)

    def change(dataset: Dataset, _: int) -> None:
        del dataset.SeriesInstanceUID

    edit(folder, change)
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)
    assert codes(folder) == [["no_series_uid"]]


@pytest.mark.parametrize("attributes", [["SOPClassUID"], ["SOPInstanceUID"], ["SOPClassUID", "SOPInstanceUID"]])
def test_uids_of_the_file_meta_header_are_enough(
    written: Writer, oblique: Volume, attributes: list[str], tmp_path: Path
):
    folder = written()
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        for attribute in attributes:
            del dataset[attribute]
        dataset.save_as(path)
    volume = read_volume(folder)
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    sources = read_sources(by_position(folder))
    mask = LabelMap((volume.hu > 300).astype(np.uint8), volume.grid)
    write_dicom_seg(mask, sources, tmp_path / "seg.dcm", Maker("1", "m-1"))


@pytest.mark.parametrize("attribute", ["StudyInstanceUID", "FrameOfReferenceUID", "SeriesInstanceUID"])
def test_what_cannot_be_written_as_dicom_is_said_when_the_files_are_listed(
    written: Writer, oblique: Volume, attribute: str
):
    folder = written()
    edit(folder, lambda dataset, _: delattr(dataset, attribute))
    [entry] = listed(folder).series
    [note] = entry.notes
    assert note.sentence.startswith(f"The files have no {attribute};")
    assert "esults cannot be written as DICOM." in note.sentence
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)
    with pytest.raises(InputError, match=attribute):
        read_sources(by_position(folder))


def test_an_instance_without_any_uid_is_read_and_said(written: Writer, oblique: Volume):
    folder = written()

    def change(dataset: Dataset, _: int) -> None:
        del dataset.SOPInstanceUID, dataset.file_meta.MediaStorageSOPInstanceUID

    edit(folder, change)
    assert "no_dicom_results" in codes(folder)[0]
    np.testing.assert_array_equal(read_volume(folder).hu, oblique.hu)
