"""Segmentation objects of every sort of series that is read: multi-frame, repaired, de-identified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from segmentation.core.volume import LabelMap
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom.reader import choose, keep_files, list_series
from segmentation.writers.dicom import Maker, Sources, read_sources, write_dicom_seg, write_rtstruct
from tests.dicom_judges import complaints, read_with_dcmqi
from tests.dicom_series import LPS
from tests.segmentation.readers.dicom.conftest import Writer

MAKER = Maker("1.2.3", "spineview-0123456789ab")
SERIES: dict[str, dict[str, Any]] = {
    "classic": {},
    "multi-frame": {"multiframe": True},
    "tilted": {"tilt_deg": 14.0},
    "gap": {"missing": (9,)},
    "unequal": {"thinned_from": 12},
    "duplicates": {"duplicated": (4, 5)},
    "no-preamble": {"preamble": False, "syntax": "implicit"},
    "compressed": {"syntax": "jpeg-2000"},
}


def kept(folder: Path, into: Path, secret: bytes | None) -> Sources:
    """The files that stay beside a study."""
    into.mkdir()
    keep_files(choose(list_series(folder, DEFAULT_LIMITS)), into, secret, DEFAULT_LIMITS)
    return read_sources(sorted(into.iterdir()))


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("secret", [None, b"s" * 32], ids=["as-it-came", "de-identified"])
@pytest.mark.parametrize("sort", SERIES)
def test_every_voxel_lies_where_the_volume_has_it(
    written: Writer, tmp_path: Path, sort: str, secret: bytes | None
) -> None:
    folder = written(**SERIES[sort])
    volume = read_volume(folder)
    mask = volume.hu > 450
    sources = kept(folder, tmp_path / "kept", secret)
    path = tmp_path / "seg.dcm"
    write_dicom_seg(LabelMap(mask.astype(np.uint8), volume.grid), sources, path, MAKER)
    assert [line for line in complaints(path) if line.startswith("Error")] == []
    [(_, image)] = read_with_dcmqi(path, tmp_path)
    voxels = np.argwhere(sitk.GetArrayFromImage(image).transpose() > 0)
    there = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in voxels])
    expected = LPS * volume.grid.to_mm(np.argwhere(mask).astype(float))
    assert there.shape == expected.shape
    assert np.abs(np.sort(there, axis=0) - np.sort(expected, axis=0)).max() < 0.01
    dataset = pydicom.dcmread(path)
    referred = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {i.ReferencedSOPInstanceUID for i in referred} == {s.SOPInstanceUID for s in sources.datasets}
    assert dataset.FrameOfReferenceUID == sources.first.FrameOfReferenceUID
    if secret is not None:
        assert b"Paula" not in path.read_bytes()


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("sort", ["multi-frame", "tilted"])
def test_a_structure_set_is_made_of_them_too(written: Writer, tmp_path: Path, sort: str) -> None:
    folder = written(**SERIES[sort])
    volume = read_volume(folder)
    mask = LabelMap((volume.hu > 450).astype(np.uint8), volume.grid)
    write_rtstruct(mask, kept(folder, tmp_path / "kept", None), tmp_path / "rt.dcm", MAKER)
    assert [line for line in complaints(tmp_path / "rt.dcm") if line.startswith("Error")] == []
    contours = pydicom.dcmread(tmp_path / "rt.dcm").ROIContourSequence[0].ContourSequence
    places = LPS * np.concatenate([np.array(c.ContourData, dtype=float).reshape(-1, 3) for c in contours])
    index = volume.grid.to_index(places)
    assert np.abs(index[:, 2] - np.round(index[:, 2])).max() < 0.01
    found, half = np.argwhere(mask.labels), np.array([0.5, 0.5, 0.0])
    assert np.abs(index.min(axis=0) - (found.min(axis=0) - half)).max() < 0.01
    assert np.abs(index.max(axis=0) - (found.max(axis=0) + half)).max() < 0.01
