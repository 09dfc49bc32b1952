"""The segmentation object, judged by readers that are not ours: pydicom, highdicom, dcmqi and dciodvfy."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from segmentation.core.errors import InputError, UnreadableFile
from segmentation.core.geometry import Grid
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.spec import rotation
from segmentation.writers.dicom import Maker, read_sources, write_dicom_seg
from tests.dicom_judges import complaints, read_with_dcmqi
from tests.dicom_series import LPS, scanner_grid, write_series

MAKER = Maker("1.2.3", "spineview-0123456789ab")
SHAPE = (40, 36, 20)
STRAIGHT = scanner_grid(SHAPE, (0.7, 0.9, 2.5))
OBLIQUE = scanner_grid(SHAPE, (0.7, 0.9, 2.5), rotation=rotation((12, -9, 25)))


def labels(*numbers: int) -> NDArray[np.uint8]:
    """Blocks of different size, one above the other with a gap, none symmetric."""
    array = np.zeros(SHAPE, np.uint8)
    for n, number in enumerate(numbers):
        array[8 + n : 25, 5 : 17 + n, 2 + 6 * n : 6 + 6 * n] = number
    return array


def series(folder: Path, grid: Grid, **attributes: object) -> list[Path]:
    return write_series(Volume(np.zeros(grid.shape, np.int16), grid), folder, **attributes)


def places_mm(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """Centre of every set voxel, LPS, in a fixed order."""
    found = LPS * grid.to_mm(np.argwhere(mask).astype(np.float64))
    return found[np.lexsort(np.round(found, 2).T)]


@pytest.fixture(scope="module", params=[STRAIGHT, OBLIQUE], ids=["straight", "oblique"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LabelMap, list[Path]]:
    folder = tmp_path_factory.mktemp("seg")
    paths = series(folder / "ct", request.param)
    label_map = LabelMap(labels(20, 21, 26), request.param, "vertebrae")
    write_dicom_seg(label_map, read_sources(paths), folder / "seg.dcm", MAKER)
    return folder / "seg.dcm", label_map, paths


Case = tuple[Path, LabelMap, list[Path]]


def test_dciodvfy_finds_nothing_wrong_nor_dubious(case: Case) -> None:
    assert complaints(case[2][0]) == []
    assert complaints(case[0]) == []


def test_dcmqi_finds_every_voxel_where_it_lies(case: Case, tmp_path: Path) -> None:
    """Half a voxel would be 0.35 mm: every single centre agrees within a hundredth."""
    path, label_map, _ = case
    found = read_with_dcmqi(path, tmp_path)
    assert [name for name, _ in found] == ["L1", "L2", "sacrum"]
    for (_, image), number in zip(found, (20, 21, 26), strict=True):
        voxels = np.argwhere(sitk.GetArrayFromImage(image).transpose() > 0)
        there = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in voxels])
        there = there[np.lexsort(np.round(there, 2).T)]
        expected = places_mm(label_map.labels == number, label_map.grid)
        assert there.shape == expected.shape
        assert np.abs(np.sort(there, axis=0) - np.sort(expected, axis=0)).max() < 0.01


def test_highdicom_gives_back_each_voxel_of_each_source_image(case: Case) -> None:
    path, label_map, paths = case
    uids = [pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID for p in paths]
    pixels = hd.seg.segread(path).get_pixels_by_source_instance(
        uids, combine_segments=True, assert_missing_frames_are_empty=True
    )
    numbers = np.array([0, 20, 21, 26])
    assert np.array_equal(numbers[pixels].transpose(2, 1, 0), label_map.labels)


def test_segments_are_named_coded_coloured_and_signed(case: Case) -> None:
    dataset = pydicom.dcmread(case[0])
    for segment, number in zip(dataset.SegmentSequence, (20, 21, 26), strict=True):
        label = label_of(number)
        code = segment.SegmentedPropertyTypeCodeSequence[0]
        assert (segment.SegmentLabel, code.CodeValue, code.CodingSchemeDesignator) == (label.name, label.snomed, "SCT")
        colour = hd.color.CIELabColor.from_dicom_value(tuple(segment.RecommendedDisplayCIELabValue)).to_rgb()
        assert np.abs(np.array(colour) - label.rgb).max() <= 2
        algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (
            "SpineView",
            f"{MAKER.version} {MAKER.model_id}",
        )
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert list(dataset.SoftwareVersions) == [MAKER.version, MAKER.model_id]
    assert dataset.ContentQualification == "RESEARCH"


def test_it_belongs_to_the_study_and_refers_to_every_image(case: Case) -> None:
    path, _, paths = case
    dataset = pydicom.dcmread(path)
    sources = [pydicom.dcmread(p, stop_before_pixels=True) for p in paths]
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
                 "StudyTime", "StudyID", "AccessionNumber", "FrameOfReferenceUID"):  # fmt: skip
        assert dataset[name].value == sources[0][name].value, name
    assert dataset.SeriesInstanceUID != sources[0].SeriesInstanceUID
    referred = dataset.ReferencedSeriesSequence[0]
    assert referred.SeriesInstanceUID == sources[0].SeriesInstanceUID
    assert {item.ReferencedSOPInstanceUID for item in referred.ReferencedInstanceSequence} == {
        source.SOPInstanceUID for source in sources
    }
    by_uid = {str(source.SOPInstanceUID): source for source in sources}
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        [uid] = {str(item.ReferencedSOPInstanceUID) for item in _source_images(frame)}
        here = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        assert here == pytest.approx(np.array(by_uid[uid].ImagePositionPatient, dtype=float), abs=1e-3)


def _source_images(frame: Dataset) -> list[Dataset]:
    return list(frame.DerivationImageSequence[0].SourceImageSequence)


def test_fractions_keep_the_probability_and_cut_at_one_half_give_the_mask(tmp_path: Path) -> None:
    paths = series(tmp_path / "ct", OBLIQUE)
    mask = labels(1)
    probability = np.where(mask, 0.5 + 0.5 * np.linspace(0, 1, SHAPE[0])[:, None, None], 0.2 * (OBLIQUE.to_mm(
        np.moveaxis(np.indices(SHAPE), 0, -1))[..., 2] > 110)).astype(np.float32)  # fmt: skip
    probability[:, :, 0] = 1e-4  # what a network says of air
    path = tmp_path / "seg.dcm"
    write_dicom_seg(LabelMap(mask, OBLIQUE), read_sources(paths), path, MAKER, probability)
    assert complaints(path) == []
    segmentation = hd.seg.segread(path)
    assert (segmentation.SegmentationType, segmentation.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert segmentation.NumberOfFrames == np.count_nonzero((probability > 0.5 / 255).any(axis=(0, 1))) < SHAPE[2]
    uids = [pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID for p in paths]
    pixels = segmentation.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
    found = pixels[..., 0].transpose(2, 1, 0)
    assert np.abs(found - probability).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(found >= 0.5, mask > 0)
    assert segmentation.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue == "421060004"


@pytest.mark.parametrize("orientation", ["RAS", "LPI", "SRP"])
def test_a_mask_in_another_order_of_axes_comes_to_the_same_place(tmp_path: Path, orientation: str) -> None:
    import nibabel as nib

    paths = series(tmp_path / "ct", STRAIGHT)
    change = nib.orientations.ornt_transform(
        nib.io_orientation(STRAIGHT.affine), nib.orientations.axcodes2ornt(tuple(orientation))
    )
    turned = nib.orientations.apply_orientation(labels(1), change)
    grid = Grid(turned.shape, STRAIGHT.affine @ nib.orientations.inv_ornt_aff(change, SHAPE))
    write_dicom_seg(LabelMap(turned, grid), read_sources(paths), tmp_path / "seg.dcm", MAKER)
    uids = [pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID for p in paths]
    pixels = hd.seg.segread(tmp_path / "seg.dcm").get_pixels_by_source_instance(
        uids, combine_segments=True, assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels.transpose(2, 1, 0), labels(1))


def test_a_mask_on_a_repaired_grid_is_placed_by_position_and_still_refers_to_the_images(tmp_path: Path) -> None:
    """As after a gap was filled or slices resampled: the planes of the mask are no planes of the series."""
    paths = series(tmp_path / "ct", STRAIGHT)
    half = STRAIGHT.affine.copy()
    half[:3, 2] /= 2
    half[:3, 3] += half[:3, 2] * 0.5
    grid = Grid((*SHAPE[:2], 30), half)
    mask = np.zeros(grid.shape, np.uint8)
    mask[3:9, 4:12, 5:8] = 1
    write_dicom_seg(LabelMap(mask, grid), read_sources(paths), tmp_path / "seg.dcm", MAKER)
    assert complaints(tmp_path / "seg.dcm") == []
    [(_, image)] = read_with_dcmqi(tmp_path / "seg.dcm", tmp_path)
    assert image.GetSpacing() == pytest.approx((0.7, 0.9, 1.25), abs=1e-5)
    voxels = np.argwhere(sitk.GetArrayFromImage(image).transpose() > 0)
    there = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in voxels])
    assert np.abs(np.sort(there, axis=0) - np.sort(places_mm(mask > 0, grid), axis=0)).max() < 0.01
    referred = pydicom.dcmread(tmp_path / "seg.dcm").ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert len(referred) == len(paths)


def test_a_mask_that_no_model_made_is_signed_as_drawn_by_hand(tmp_path: Path) -> None:
    paths = series(tmp_path / "ct", STRAIGHT)
    mask = LabelMap(labels(20), STRAIGHT, "vertebrae")
    write_dicom_seg(mask, read_sources(paths), tmp_path / "seg.dcm", Maker("1.2.3"))
    assert complaints(tmp_path / "seg.dcm") == []
    [segment] = pydicom.dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert segment.SegmentAlgorithmType == "MANUAL"
    assert "SegmentationAlgorithmIdentificationSequence" not in segment


def test_a_poor_header_is_enough(tmp_path: Path) -> None:
    """Type 2 attributes may be missing in what comes from the wild."""
    paths = series(tmp_path / "ct", STRAIGHT)
    for path in paths:
        dataset = pydicom.dcmread(path)
        for name in ("PatientName", "PatientBirthDate", "AccessionNumber", "ReferringPhysicianName"):
            delattr(dataset, name)
        dataset.save_as(path)
    write_dicom_seg(LabelMap(labels(1), STRAIGHT), read_sources(paths), tmp_path / "seg.dcm", MAKER)
    assert complaints(tmp_path / "seg.dcm") == []


def test_what_cannot_be_referred_to_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no DICOM series"):
        read_sources([])
    paths = series(tmp_path / "a", STRAIGHT)
    with pytest.raises(InputError, match="several DICOM series"):
        read_sources([paths[0], *series(tmp_path / "b", STRAIGHT)])
    dataset = pydicom.dcmread(paths[0])
    del dataset.FrameOfReferenceUID
    dataset.save_as(paths[0])
    with pytest.raises(InputError, match="FrameOfReferenceUID"):
        read_sources(paths)
    (tmp_path / "text").write_text("no DICOM at all, but long enough to look at")
    with pytest.raises(InputError):
        read_sources([tmp_path / "text"])
    with pytest.raises(UnreadableFile):
        read_sources([tmp_path / "missing"])


def test_an_empty_mask_and_soft_labels_are_refused(tmp_path: Path) -> None:
    sources = read_sources(series(tmp_path / "ct", STRAIGHT))
    with pytest.raises(ValueError, match="empty"):
        write_dicom_seg(LabelMap(np.zeros(SHAPE, np.uint8), STRAIGHT), sources, tmp_path / "s.dcm", MAKER)
    soft = np.ones(SHAPE, np.float32)
    with pytest.raises(InputError) as refusal:
        write_dicom_seg(LabelMap(labels(20, 21), STRAIGHT, "vertebrae"), sources, tmp_path / "s.dcm", MAKER, soft)
    assert refusal.value.message == (
        "A fractional segmentation holds the probability of one label, and this mask has 2."
    )
    assert not (tmp_path / "s.dcm").exists()
