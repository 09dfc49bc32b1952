from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.evaluation.baseline import bone_threshold
from segmentation.evaluation.cases import find_cases
from segmentation.evaluation.report import evaluate, mean_scores
from segmentation.evaluation.scores import score
from segmentation.evaluation.tables import case_tables
from segmentation.writers import write_nifti
from tests.segmentation.evaluation.support import GRID, SHAPE, Bone, Exact, Nothing, cubes, three_vertebrae, write_case


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


def test_the_mean_leaves_out_what_has_no_value_and_says_how_many_are_left(tmp_path: Path):
    write_case(tmp_path / "a", three_vertebrae())
    write_case(tmp_path / "b", LabelMap(np.zeros(SHAPE, dtype=np.uint8), GRID))
    cases = evaluate(tmp_path, Exact()).cases
    assert math.isnan(cases[1].scores["scan"]["model"].hd95_mm)
    means = mean_scores(cases, "scan", "model")
    assert (means["hd95_mm"].mean, means["hd95_mm"].n) == (0.0, 1)
    assert (means["dice"].mean, means["dice"].n) == (1.0, 2)
    assert mean_scores(cases, "labelled", "model")["dice"].n == 1
    assert mean_scores(cases, "C", "model") == {}


def test_a_limb_has_no_region_and_whatever_is_claimed_there_is_far(tmp_path: Path):
    write_case(tmp_path / "limb", LabelMap(np.zeros(SHAPE, dtype=np.uint8), GRID, "vertebrae"))
    claimed = evaluate(tmp_path, Bone()).cases[0]
    found = claimed.scores["scan"]["model"]
    assert set(claimed.scores) == {"scan"}
    assert (found.dice, found.precision, found.nsd_3mm) == (0.0, 0.0, 0.0)
    assert found.far_ml == found.volume_ml == found.error_ml == pytest.approx(216 * 0.008)
    assert math.isnan(found.recall)
    silent = evaluate(tmp_path, Nothing()).cases[0].scores["scan"]["model"]
    assert (silent.dice, silent.precision, silent.recall, silent.nsd_1mm, silent.far_ml) == (1.0, 1.0, 1.0, 1.0, 0.0)


def test_a_missed_spine_scores_nothing(tmp_path: Path):
    write_case(tmp_path / "one", three_vertebrae())
    scores = evaluate(tmp_path, Nothing()).cases[0].scores
    for region in ("scan", "labelled", "L"):
        found = scores[region]["model"]
        assert (found.dice, found.recall, found.nsd_3mm) == (0.0, 0.0, 0.0)
        assert math.isnan(found.hd95_mm)
        assert found.error_ml == -found.reference_ml


def test_regions_are_scored_for_the_model_and_their_volumes_add_up(tmp_path: Path):
    write_case(tmp_path / "one", cubes({6: 25, 7: 20, 8: 15, 19: 10, 20: 5}))
    scores = evaluate(tmp_path, Exact()).cases[0].scores
    assert list(scores) == ["scan", "labelled", "C", "T", "L"]
    parts = [scores[level]["model"].volume_ml for level in "CTL"]
    # The slab cuts the outermost two in half: k = 7 and 8 of L1's 5..8, and 25 and 26 of C6's 25..28, with rounding.
    assert sum(parts) == pytest.approx(scores["labelled"]["model"].volume_ml)
    assert parts[1] == pytest.approx(2 * 64 * 0.008)
    assert "threshold" not in scores["T"]


def test_how_much_of_the_sacrum_is_taken_for_spine(tmp_path: Path):
    write_case(tmp_path / "one", three_vertebrae())
    right, wrong = (evaluate(tmp_path, model).cases[0].sacrum for model in (Exact(), Bone()))
    assert right is not None
    assert wrong is not None
    assert (right.claimed_ml, right.sacrum_ml) == (0.0, pytest.approx(64 * 0.008))
    assert wrong.claimed_ml == wrong.sacrum_ml
    assert wrong.mask_ml == pytest.approx((256 + 216) * 0.008)


def test_the_report_is_json_with_the_model_s_checksum_and_a_table_with_both_methods(tmp_path: Path):
    write_case(tmp_path / "one", three_vertebrae())
    report = evaluate(tmp_path, Exact(), model_sha256="abc")
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["model"] == {"id": "exact-000000000000", "sha256": "abc"}
    assert content["mean"]["labelled"]["model"]["dice"] == {"mean": 1.0, "low": None, "high": None, "n": 1}
    scan, labelled, levels, sacrum = case_tables(report)
    threshold = content["mean"]["scan"]["threshold"]["dice"]["mean"]
    means = [row for row in scan.rows if row[0].startswith("mean")]
    assert [row[:3] for row in means] == [
        ["mean (n=1)", "model", "1.000"],
        ["mean (n=1)", "threshold", f"{threshold:.3f}"],
    ]
    assert labelled.rows[0][:3] == ["one", "model", "1.000"]
    assert levels.rows[0][:3] == ["one", "L", "1.000"]
    assert sacrum.rows == [["one", "0.0", "0.0%", "0.0%"]]


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
