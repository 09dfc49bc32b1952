from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.baseline import bone_threshold
from segmentation.cli_evaluate import table
from segmentation.errors import InputError
from segmentation.evaluation import evaluate, find_cases, head_foot_axis, labelled_slab, score
from segmentation.geometry import Grid
from segmentation.progress import Cancelled, Progress, ignore, never
from segmentation.volume import LabelMap, Volume
from segmentation.writers import write_nifti

SHAPE = (24, 24, 30)
GRID = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))


def three_vertebrae() -> LabelMap:
    """L1, L2, L3 as cubes of 4 voxels whose middles lie at k = 23.5, 15.5 and 7.5, and a sacrum below."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for number, bottom in ((20, 22), (21, 14), (22, 6), (26, 0)):
        labels[10:14, 10:14, bottom : bottom + 4] = number
    return LabelMap(labels, GRID, "vertebrae")


def write_case(folder: Path, reference: LabelMap) -> Path:
    """The CT of a reference: bone of 500 HU in water, and a rib of the same bone far away."""
    folder.mkdir(parents=True)
    hu = np.where(reference.labels > 0, 500, 0).astype(np.int16)
    hu[:3, :, :3] = 500
    write_ct(Volume(hu, reference.grid), folder / "ct.nii.gz")
    write_nifti(reference, folder / "vert.nii.gz")
    return folder


def write_ct(volume: Volume, path: Path) -> None:
    import nibabel as nib

    nib.save(nib.Nifti1Image(volume.hu, volume.grid.affine), path)


class Exact:
    """A segmenter that knows the answer: the central column of bone, sacrum left out."""

    model_id = "exact-000000000000"
    device = "cpu"

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: Cancelled = never, mode: Any = "patch"
    ) -> LabelMap:
        bone = np.asarray(volume.hu > 200)
        bone[:9], bone[:, :, :4] = False, False
        return LabelMap(bone.astype(np.uint8), volume.grid)


def test_a_model_that_is_right_scores_one_and_the_threshold_pays_for_the_rib(tmp_path: Path):
    write_case(tmp_path / "one", three_vertebrae())
    report = evaluate(tmp_path, Exact(), model_sha256="abc")
    scan = report.cases[0].scores["scan"]
    assert (scan["model"].dice, scan["model"].hd95_mm, scan["model"].nsd_1mm) == (1.0, 0.0, 1.0)
    assert scan["model"].volume_ml == pytest.approx(3 * 64 * 0.008)
    assert scan["threshold"].recall == 1.0
    # 192 voxels of vertebrae; the sacrum's 64 and the rib's 3 x 24 x 3 are bone too.
    assert scan["threshold"].precision == pytest.approx(192 / (192 + 64 + 216))
    # Far are the rib and the lowest 16 voxels of the sacrum, 12 mm below L3.
    assert scan["threshold"].far_ml == pytest.approx((216 + 16) * 0.008)
    assert report.cases[0].seconds > 0


def test_the_labelled_slab_runs_from_the_first_to_the_last_centroid():
    slab = labelled_slab(three_vertebrae())
    assert slab == (slice(0, 24), slice(0, 24), slice(8, 25))


def test_the_slab_follows_the_axis_that_runs_head_to_foot():
    upright = three_vertebrae()
    lying = LabelMap(
        np.ascontiguousarray(upright.labels.transpose(2, 0, 1)[::-1]),
        Grid((30, 24, 24), np.array([[0, 2, 0, 0], [0, 0, 2, 0], [-2, 0, 0, 58], [0, 0, 0, 1.0]])),
        "vertebrae",
    )
    assert lying.grid.orientation == "IRA"
    assert head_foot_axis(lying.grid) == 0
    assert labelled_slab(lying) == (slice(6, 23), slice(0, 24), slice(0, 24))


def test_there_is_no_slab_without_two_vertebrae():
    one = np.where(three_vertebrae().labels == 20, 20, 0).astype(np.uint8)
    assert labelled_slab(LabelMap(one, GRID, "vertebrae")) is None
    binary = (three_vertebrae().labels > 0).astype(np.uint8)
    assert labelled_slab(LabelMap(binary, GRID, "spine")) is None


def test_an_unlabelled_vertebra_beyond_the_labelled_ones_costs_only_in_the_scan(tmp_path: Path):
    reference = three_vertebrae()
    folder = write_case(tmp_path / "partly", reference)
    without_first = np.where(reference.labels == 20, 0, reference.labels).astype(np.uint8)
    write_nifti(LabelMap(without_first, GRID, "vertebrae"), folder / "vert.nii.gz")
    scores = evaluate(tmp_path, Exact()).cases[0].scores
    assert scores["scan"]["model"].precision == pytest.approx(2 / 3)
    assert scores["labelled"]["model"].dice == 1.0


def test_a_refused_case_is_named_with_the_reason_and_the_others_go_on(tmp_path: Path):
    write_case(tmp_path / "good", three_vertebrae())
    other = write_case(tmp_path / "other-grid", three_vertebrae())
    moved = GRID.affine.copy()
    moved[0, 3] = 5
    write_nifti(LabelMap(three_vertebrae().labels, Grid(SHAPE, moved), "vertebrae"), other / "vert.nii.gz")
    report = evaluate(tmp_path, Exact())
    assert [case.name for case in report.cases] == ["good"]
    assert "same grid" in report.refused["other-grid"]


def test_a_folder_without_cases_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no folder with ct\.nii\.gz"):
        find_cases(tmp_path)


def test_the_mean_leaves_out_what_has_no_value(tmp_path: Path):
    write_case(tmp_path / "a", three_vertebrae())
    nothing = LabelMap(np.zeros(SHAPE, dtype=np.uint8), GRID)
    write_case(tmp_path / "b", nothing)
    report = evaluate(tmp_path, Exact())
    assert math.isnan(report.cases[1].scores["scan"]["model"].hd95_mm)
    mean = report.mean("scan", "model")
    assert mean is not None
    assert (mean.hd95_mm, mean.dice) == (0.0, 1.0)
    assert evaluate(tmp_path, Exact()).mean("labelled", "model") is not None


def test_the_report_is_json_with_the_model_s_checksum_and_a_table_with_both_methods(tmp_path: Path):
    write_case(tmp_path / "one", three_vertebrae())
    report = evaluate(tmp_path, Exact(), model_sha256="abc")
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["model"] == {"id": "exact-000000000000", "sha256": "abc"}
    assert content["mean"]["labelled"]["model"]["dice"] == 1.0
    lines = table(report)
    assert [line.split()[1:3] for line in lines if line.startswith("mean")][:2] == [
        ["model", "1.000"],
        ["threshold", f"{content['mean']['scan']['threshold']['dice']:.3f}"],
    ]


def test_the_threshold_keeps_large_bones_and_drops_specks():
    hu = np.zeros((20, 20, 20), dtype=np.int16)
    hu[2:8, 2:8, 2:8] = 400
    hu[4, 4, 4] = 0
    hu[12:16, 12:16, 12:16] = 300
    hu[18, 18, 18] = 900
    mask = bone_threshold(hu)
    assert mask.sum() == 6**3 + 4**3
    assert mask[4, 4, 4]
    assert not bone_threshold(np.zeros((4, 4, 4), dtype=np.int16)).any()


def test_scores_are_in_the_units_of_the_grid():
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask[:2, :2, :2] = True
    assert score(mask, mask, Grid((4, 4, 4), np.diag([5.0, 5.0, 5.0, 1.0]))).volume_ml == pytest.approx(1.0)
