"""Masks that carry their label table: NRRD inside, NIfTI beside."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicerio

from segmentation.core.geometry import Grid
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.phantom.spec import rotation
from segmentation.readers import read_label_map
from segmentation.writers import label_table, write_nrrd
from segmentation.writers.mask import write_mask


@pytest.fixture
def mask() -> LabelMap:
    labels = np.zeros((6, 7, 8), np.uint8)
    labels[1:3, 2:5, 3], labels[4, 4, 4] = 20, 26
    affine = np.eye(4)
    affine[:3, :3] = rotation((12, -20, 5)) @ np.diag([-0.7, -0.7, 2.5])
    affine[:3, 3] = (11, -22, 33)
    return LabelMap(labels, Grid(labels.shape, affine), "vertebrae")


def test_nrrd_lies_on_the_grid_and_names_its_segments(mask: LabelMap, tmp_path: Path) -> None:
    path = tmp_path / "mask.seg.nrrd"
    write_nrrd(mask, path)
    image = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(image).T, mask.labels)
    for index in ((0, 0, 0), (5, 6, 7), (1, 2, 3)):
        place = np.array(image.TransformIndexToPhysicalPoint(index)) * (-1, -1, 1)
        assert place == pytest.approx(mask.grid.to_mm(np.array(index, dtype=float)), abs=1e-4)
    assert image.GetMetaData("Segment0_Name") == "L1"
    assert image.GetMetaData("Segment0_LabelValue") == "20"
    assert image.GetMetaData("Segment1_Name") == "sacrum"
    assert "SCT^54735007^Sacrum" in image.GetMetaData("Segment1_Tags")
    red, green, blue = map(float, image.GetMetaData("Segment0_Color").split())
    assert (round(red * 255), round(green * 255), round(blue * 255)) == label_of(20, "vertebrae").rgb
    again = read_label_map(path)
    assert again.grid.matches(mask.grid)
    assert np.array_equal(again.labels, mask.labels)
    assert [p.name for p in tmp_path.iterdir()] == ["mask.seg.nrrd"]


def test_slicer_s_own_library_reads_each_segment_by_its_code(mask: LabelMap, tmp_path: Path) -> None:
    path = tmp_path / "mask.seg.nrrd"
    for label_map, code in ((mask, "66794005"), (LabelMap(mask.labels.clip(0, 1), mask.grid), "421060004")):
        write_nrrd(label_map, path)
        segment, *_ = slicerio.read_segmentation(str(path))["segments"]
        assert segment["terminology"]["type"][:2] == ["SCT", code]
        assert segment["terminology"]["category"] == ["SCT", "123037004", "Anatomical Structure"]
        tags = sitk.ReadImage(str(path)).GetMetaData("Segment0_Tags")
        assert len(tags.removeprefix("TerminologyEntry:").removesuffix("|").split("~")) == 7


def test_the_text_table_has_a_row_a_label_in_itk_snap_s_format(mask: LabelMap) -> None:
    rows = [line for line in label_table(mask).splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r'\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d\s+\d\s+\d\s+"([^"]+)"', row) for row in rows]
    assert all(found)
    assert [(int(row[1]), row[5]) for row in found if row] == [(0, "Clear Label"), (20, "L1"), (26, "sacrum")]
    assert tuple(int(found[1][n]) for n in (2, 3, 4)) == label_of(20).rgb  # type: ignore[index]


def test_the_suffix_chooses_the_format(mask: LabelMap, tmp_path: Path) -> None:
    for name in ("m.nii", "m.nii.gz", "m.seg.nrrd"):
        write_mask(mask, tmp_path / name)
        assert np.array_equal(read_label_map(tmp_path / name).labels, mask.labels)
    with pytest.raises(ValueError):
        write_mask(mask, tmp_path / "m.png")
