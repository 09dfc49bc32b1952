"""One multi-frame file that holds several stacks or acquisitions: split, chosen from and kept like a classic series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from segmentation.core.notes import sentences
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom.reader import choose, keep_files, list_series
from segmentation.writers.dicom import Maker, read_sources, write_dicom_seg, write_rtstruct
from tests.dicom_judges import complaints, read_with_dcmqi
from tests.segmentation.readers.dicom.conftest import Writer, listed

pytestmark = pytest.mark.usefixtures("inline")
SPLIT = "The series holds images of different orientation, size or acquisition; it was split into 2 parts."
FRAMES = 22


@pytest.fixture
def both(oblique: Volume, tmp_path: Path) -> Callable[..., Path]:
    """One enhanced file with the block as it is, and once more, all of it 5 HU brighter, as a second acquisition."""

    def write(syntax: str = "explicit") -> Path:
        brighter = Volume((oblique.hu + 5).astype(np.int16), oblique.grid)
        folders = [tmp_path / "first", tmp_path / "second"]
        for number, (volume, folder) in enumerate(zip((oblique, brighter), folders, strict=True), 1):
            write_dicom(volume, folder, DicomSpec(syntax=syntax, multiframe=True, acquisition=number, seed=number))
        first, second = (pydicom.dcmread(folder / "enhanced.dcm") for folder in folders)
        join(first, second)
        path = tmp_path / "both" / "enhanced.dcm"
        path.parent.mkdir()
        first.save_as(path)
        return path

    return write


def join(first: Dataset, second: Dataset) -> None:
    """The frames of both, in turn, in ``first``."""
    groups, pictures = [], []
    for dataset in (first, second):
        groups.append(list(dataset.PerFrameFunctionalGroupsSequence))
        pictures.append(frames_of(dataset))
    first.PerFrameFunctionalGroupsSequence = [each for pair in zip(*groups, strict=True) for each in pair]
    mixed = [each for pair in zip(*pictures, strict=True) for each in pair]
    encapsulated = first.file_meta.TransferSyntaxUID.is_encapsulated
    first["PixelData"].value = encapsulate(mixed) if encapsulated else b"".join(mixed)
    first.NumberOfFrames = len(mixed)


def frames_of(dataset: Dataset) -> list[bytes]:
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
    size = dataset.Rows * dataset.Columns * 2
    return [dataset.PixelData[n * size : (n + 1) * size] for n in range(int(dataset.NumberOfFrames))]


def keys(path: Path) -> list[str]:
    return [entry.key for entry in listed(path).series]


def test_two_acquisitions_in_one_file_are_two_choices(both: Callable[..., Path], oblique: Volume):
    path = both()
    one, two = listed(path).series
    assert (one.images, two.images, two.key) == (FRAMES, FRAMES, f"{one.key}#2")
    assert sentences(one.notes) == [SPLIT, "This is part 1 of 2."]
    assert sentences(two.notes) == [SPLIT, "This is part 2 of 2."]
    found = [read_volume(path, series=entry.key).hu for entry in (one, two)]
    np.testing.assert_array_equal(np.sort([hu[13, 12, 5] for hu in found]), oblique.hu[13, 12, 5] + np.array([0, 5]))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big-endian", "deflated", "rle", "jpeg-ls", "jpeg-2000"])
@pytest.mark.parametrize("secret", [None, b"s" * 32], ids=["as-it-came", "de-identified"])
def test_the_part_that_was_chosen_is_kept_and_nothing_else(
    both: Callable[..., Path], tmp_path: Path, syntax: str, secret: bytes | None
):
    path = both(syntax)
    chosen = choose(list_series(path, DEFAULT_LIMITS), keys(path)[1])
    into = tmp_path / "kept"
    into.mkdir()
    assert keep_files(chosen, into, secret, DEFAULT_LIMITS) == 1
    volume, expected = read_volume(into), read_volume(path, series=chosen.key)
    np.testing.assert_array_equal(volume.hu, expected.hu)
    assert volume.grid.matches(expected.grid)
    assert volume.notes == ()
    dataset = pydicom.dcmread(into / "00001.dcm")
    assert dataset.NumberOfFrames == len(dataset.PerFrameFunctionalGroupsSequence) == FRAMES
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID
    assert dataset.SOPInstanceUID != pydicom.dcmread(path).SOPInstanceUID
    assert ("FrameExtractionSequence" in dataset) == (secret is None)


def test_results_refer_to_the_frames_of_the_file_that_the_archive_has(both: Callable[..., Path], tmp_path: Path):
    path = both()
    original = pydicom.dcmread(path)
    chosen = choose(list_series(path, DEFAULT_LIMITS), keys(path)[1])
    (tmp_path / "kept").mkdir()
    keep_files(chosen, tmp_path / "kept", None, DEFAULT_LIMITS)
    sources = read_sources(sorted((tmp_path / "kept").iterdir()))
    volume = read_volume(tmp_path / "kept")
    mask = LabelMap((volume.hu > 450).astype(np.uint8), volume.grid)
    write_dicom_seg(mask, sources, tmp_path / "seg.dcm", Maker("1", "m-1"))
    assert [line for line in complaints(tmp_path / "seg.dcm") if line.startswith("Error")] == []
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    [instance] = written.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert instance.ReferencedSOPInstanceUID == original.SOPInstanceUID
    numbers = []
    for group in written.PerFrameFunctionalGroupsSequence:
        [source] = group.DerivationImageSequence[0].SourceImageSequence
        assert source.ReferencedSOPInstanceUID == original.SOPInstanceUID
        numbers.append(source.ReferencedFrameNumber)
        frame = original.PerFrameFunctionalGroupsSequence[source.ReferencedFrameNumber - 1]
        assert frame.FrameContentSequence[0].FrameAcquisitionNumber == acquisition(volume, original)
        here, there = (each.PlanePositionSequence[0].ImagePositionPatient for each in (group, frame))
        np.testing.assert_allclose(here, there, atol=1e-4)
    assert len(set(numbers)) == len(numbers) > 5
    [(_, image)] = read_with_dcmqi(tmp_path / "seg.dcm", tmp_path)
    assert image.GetSize()[:2] == volume.grid.shape[:2]
    write_rtstruct(mask, sources, tmp_path / "rt.dcm", Maker("1", "m-1"))
    assert original.SOPInstanceUID.encode() in (tmp_path / "rt.dcm").read_bytes()
    assert sources.first.SOPInstanceUID.encode() not in (tmp_path / "rt.dcm").read_bytes()


def acquisition(volume: Volume, original: Dataset) -> int:
    """Which of the two it is, told by its values: the second is 5 HU brighter."""
    darkest = min(int(original.pixel_array.min()), -1000)
    return 2 if int(volume.hu.min()) > darkest else 1


def test_two_stacks_that_leave_a_gap_are_split(written: Writer, oblique: Volume):
    [path] = written(multiframe=True, missing=(9, 10, 11)).iterdir()
    assert [note.code for note in listed(path).series[0].notes] == ["part", "missing_slices"]
    dataset = pydicom.dcmread(path)
    for group in dataset.PerFrameFunctionalGroupsSequence:
        upper = float(group.PlanePositionSequence[0].ImagePositionPatient[2]) > -274
        group.FrameContentSequence[0].StackID = "2" if upper else "1"
    dataset.save_as(path)
    upper, lower = listed(path).series
    assert sentences(upper.notes) == [SPLIT, "This is part 1 of 2."]
    assert (upper.images, lower.images, upper.problem, lower.problem) == (10, 9, None, None)
    np.testing.assert_array_equal(read_volume(path, series=upper.key).hu, oblique.hu[:, :, 12:])
    np.testing.assert_array_equal(read_volume(path, series=lower.key).hu, oblique.hu[:, :, :9])


def test_two_classic_acquisitions_that_leave_a_gap_are_split(written: Writer, oblique: Volume):
    folder = written(missing=(9, 10, 11))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.AcquisitionNumber = 2 if float(dataset.ImagePositionPatient[2]) > -274 else 1
        dataset.save_as(path)
    upper, lower = listed(folder).series
    assert (upper.images, lower.images, upper.proposed) == (10, 9, True)
    np.testing.assert_array_equal(read_volume(folder, series=lower.key).hu, oblique.hu[:, :, :9])


def test_a_cut_is_the_same_instance_each_time(both: Callable[..., Path], tmp_path: Path):
    path = both()
    uids = []
    for entry in listed(path).series:
        for again in ("a", "b"):
            into = tmp_path / f"{entry.key}{again}"
            into.mkdir()
            keep_files(entry, into, b"s" * 32, DEFAULT_LIMITS)
            uids.append(pydicom.dcmread(into / "00001.dcm").SOPInstanceUID)
    assert uids[0] == uids[1] != uids[2] == uids[3]
