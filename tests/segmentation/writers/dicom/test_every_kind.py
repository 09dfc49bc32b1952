"""Results of every kind of series that is read, given back voxel for voxel by readers that are not ours."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk

from scripts.fuzz_kinds import block, kinds
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS
from segmentation.readers.dicom.reader import choose, keep_files, list_series
from segmentation.writers.dicom import Maker, read_sources, write_dicom_seg, write_rtstruct
from tests.dicom_judges import read_with_dcmqi, read_with_plastimatch, read_with_rt_utils
from tests.dicom_series import LPS
from tests.segmentation.readers.dicom.conftest import inline

__all__ = ["inline"]
MAKER = Maker("1.2.3", "spineview-0123456789ab")
SAID_BEFORE = {"no_series_uid", "no_dicom_results"}  # that nothing can be written as DICOM
KINDS = {kind.name: kind for kind in kinds() if kind.shape and kind.is_dicom and not SAID_BEFORE & set(kind.notes)}
UNREADABLE_THERE = {
    "signed JPEG-LS of 12 bits", "values at the upper end of their words", "pixels of floating point numbers",
    "axes that were rounded", "slices that drift sideways",
}  # fmt: skip
"""Kinds whose pixels or places plastimatch cannot read: it gets the same grid in a series that it can."""


def block_with_a_hole(grid: Grid) -> LabelMap:
    labels = np.zeros(grid.shape, np.uint8)
    labels[8:20, 6:18, 3:9] = 1
    labels[12:16, 10:14, 3:9] = 0
    labels[25:28, 20:22, 5] = 1
    return LabelMap(labels, grid)


def straight(grid: Grid) -> Grid:
    """The grid without the drift of its slices, which programs that read a series leave out."""
    affine = np.array(grid.affine)
    assert abs(affine[0, 2]) < 0.03
    affine[0, 2] = 0
    return Grid(grid.shape, affine)


def places(image: sitk.Image) -> np.ndarray:
    """Centres of the voxels that are set, LPS, in a fixed order."""
    found = np.argwhere(sitk.GetArrayFromImage(image).T > 0)
    return ordered(np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in found]))


def ordered(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(np.round(points, 2).T)]


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("name", KINDS)
def test_every_voxel_is_read_where_it_lies(name: str, tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    for number, data in enumerate(KINDS[name].files):
        (tmp_path / "series" / f"{number:04d}").write_bytes(data)
    unpacked, kept, masks = (tmp_path / each for each in ("unpacked", "kept", "masks"))
    unpacked.mkdir()
    kept.mkdir()
    entry = choose(list_series(tmp_path / "series", DEFAULT_LIMITS, unpacked))
    keep_files(entry, kept, None, DEFAULT_LIMITS)
    assert entry.grid is not None
    mask = block_with_a_hole(entry.grid)
    expected = ordered(LPS * straight(entry.grid).to_mm(np.argwhere(mask.labels).astype(float)))
    sources = read_sources(sorted(kept.iterdir()))

    write_dicom_seg(mask, sources, tmp_path / "seg.dcm", MAKER)
    [(_, image)] = read_with_dcmqi(tmp_path / "seg.dcm", tmp_path)
    np.testing.assert_allclose(places(image), expected, atol=0.01)
    volume = hd.seg.segread(tmp_path / "seg.dcm").get_volume(combine_segments=True)
    found = np.argwhere(volume.array > 0).astype(float)
    np.testing.assert_allclose(ordered(volume.map_indices_to_reference(found)), expected, atol=0.01)

    write_rtstruct(mask, sources, tmp_path / "rt.dcm", MAKER)
    if KINDS[name].name in UNREADABLE_THERE:
        for path in kept.iterdir():
            path.unlink()
        write_dicom(block(), kept, DicomSpec(disorder=False, study_uid="1.2.4", frame_of_reference_uid="1.2.5"))
    [image] = read_with_plastimatch(tmp_path / "rt.dcm", kept, masks).values()
    np.testing.assert_allclose(places(image), expected, atol=0.01)


def test_rt_utils_finds_the_structures_within_half_a_pixel(tmp_path: Path) -> None:
    """Its pixels and pictures are square: 1.2.7 takes rows for columns. It fills what a contour touches, too."""
    grid = Grid((32, 32, 12), np.diag([-0.8, -0.8, 2.0, 1.0]))
    paths = write_dicom(Volume(np.zeros(grid.shape, np.int16), grid), tmp_path / "series", DicomSpec(disorder=False))
    mask = block_with_a_hole(grid)
    write_rtstruct(mask, read_sources(paths), tmp_path / "rt.dcm", MAKER)
    [found] = read_with_rt_utils(tmp_path / "rt.dcm", tmp_path / "series", tmp_path).values()
    found = found.transpose(1, 0, 2) > 0
    inside = mask.labels > 0
    grown = inside.copy()  # by half a pixel, rounded up: to the next one in the plane
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            grown |= np.roll(inside, (i, j), (0, 1))
    assert (found & inside).sum() == inside.sum()
    assert not (found & ~grown).any()
