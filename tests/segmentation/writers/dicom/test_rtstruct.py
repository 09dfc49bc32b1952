"""Structure sets: contours rasterised here by counting how often each voxel centre is enclosed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.spec import rotation
from segmentation.writers.dicom import Maker, read_sources, write_rtstruct
from tests.dicom_judges import complaints
from tests.dicom_series import LPS, scanner_grid, write_series

SHAPE = (30, 26, 10)
OBLIQUE = scanner_grid(SHAPE, (0.7, 0.9, 2.5), rotation=rotation((12, -9, 25)))


def rings() -> NDArray[np.uint8]:
    """L1 is a ring with a canal and a bar that touches the border; L2 a block of one voxel's width somewhere."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[8:20, 6:18, 2:6] = 20
    labels[12:16, 10:14, 2:6] = 0
    labels[0:4, 3, 3] = 20
    labels[10, 5:9, 8] = 21
    return labels


def enclosed(region: Dataset, grid: Grid) -> NDArray[np.bool_]:
    """Voxels whose centre lies in an odd number of the contours of their plane."""
    mask = np.zeros(grid.shape, bool)
    i, j = np.meshgrid(np.arange(grid.shape[0]), np.arange(grid.shape[1]), indexing="ij")
    centres = np.column_stack([i.ravel(), j.ravel()])
    for contour in region.ContourSequence:
        places = LPS * np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        index = grid.to_index(places)
        planes = set(np.round(index[:, 2], 2).tolist())
        [plane] = planes
        assert plane == int(plane)
        mask[:, :, int(plane)] ^= Outline(index[:, :2]).contains_points(centres).reshape(grid.shape[:2])
    return mask


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("rt")
    paths = write_series(Volume(np.zeros(SHAPE, np.int16), OBLIQUE), folder / "ct")
    label_map = LabelMap(rings(), OBLIQUE, "vertebrae")
    write_rtstruct(label_map, read_sources(paths), folder / "rt.dcm", Maker("1.2.3", "spineview-0123"))
    return folder / "rt.dcm", paths


def test_dciodvfy_finds_nothing_wrong_nor_dubious(case: tuple[Path, list[Path]]) -> None:
    assert complaints(case[0]) == []


def test_contours_enclose_exactly_the_voxels_of_each_label(case: tuple[Path, list[Path]]) -> None:
    dataset = pydicom.dcmread(case[0])
    for region, number in zip(dataset.ROIContourSequence, (20, 21), strict=True):
        assert np.array_equal(enclosed(region, OBLIQUE), rings() == number)


def test_each_contour_refers_to_the_image_it_lies_in(case: tuple[Path, list[Path]]) -> None:
    path, paths = case
    sources = {str(d.SOPInstanceUID): d for d in (pydicom.dcmread(p, stop_before_pixels=True) for p in paths)}
    dataset = pydicom.dcmread(path)
    frame = dataset.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert {str(item.ReferencedSOPInstanceUID) for item in series.ContourImageSequence} == set(sources)
    for contour in dataset.ROIContourSequence[0].ContourSequence:
        source = sources[str(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)]
        offset = np.array(contour.ContourData[:3], dtype=float) - np.array(source.ImagePositionPatient, dtype=float)
        normal = np.cross(*np.array(source.ImageOrientationPatient, dtype=float).reshape(2, 3))
        assert offset @ normal == pytest.approx(0, abs=1e-3)


def test_regions_are_named_coded_and_belong_to_the_patient(case: tuple[Path, list[Path]]) -> None:
    path, paths = case
    dataset, source = pydicom.dcmread(path), pydicom.dcmread(paths[0])
    assert [roi.ROIName for roi in dataset.StructureSetROISequence] == ["L1", "L2"]
    codes = [o.RTROIIdentificationCodeSequence[0].CodeValue for o in dataset.RTROIObservationsSequence]
    assert codes == ["66794005", "14293000"]
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "AccessionNumber"):
        assert dataset[name].value == source[name].value
    kinds = {contour.ContourGeometricType for contour in dataset.ROIContourSequence[0].ContourSequence}
    assert kinds == {"CLOSED_PLANAR"}


def test_an_empty_mask_is_refused(case: tuple[Path, list[Path]], tmp_path: Path) -> None:
    empty = LabelMap(np.zeros(SHAPE, np.uint8), OBLIQUE)
    with pytest.raises(ValueError, match="empty"):
        write_rtstruct(empty, read_sources(case[1]), tmp_path / "rt.dcm", Maker("1"))
