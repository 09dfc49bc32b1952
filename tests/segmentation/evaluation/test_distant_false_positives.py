from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import segmentation.evaluation.distant_false_positives
from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.evaluation.distant_false_positives import (
    distant_from_centreline_ml,
    distant_table,
    evaluate_distant,
    evaluate_negatives,
    labelled_rows,
)
from segmentation.evaluation.report import evaluate
from segmentation.writers import write_volume
from tests.segmentation.evaluation.support import Bone, Exact, Nothing, three_vertebrae, write_case

# A straight column along z through (100, 140), 1 ml a voxel: x 0..290, y 0..190, z 0..290 mm.
GRID = Grid((30, 20, 30), np.diag([10.0, 10.0, 10.0, 1.0]))
LINE = [[100.0, 140.0, 200.0], [100.0, 140.0, 100.0]]


def far_ml(*voxels: tuple[int, int, int]) -> float:
    mask = np.zeros(GRID.shape, dtype=bool)
    for voxel in voxels:
        mask[voxel] = True
    return distant_from_centreline_ml(mask, GRID, np.array(LINE))


def write_ct(path: Path, *bone: tuple[int, int, int]) -> None:
    hu = np.zeros(GRID.shape, dtype=np.int16)
    hu[0, 0, 0] = -1000
    for voxel in bone:
        hu[voxel] = 500
    write_volume(Volume(hu, GRID), path)


@pytest.mark.parametrize(
    ("voxel", "far"),
    [
        ((10, 14, 15), 0.0),  # the middle of a body
        ((15, 10, 15), 0.0),  # 50 mm to the side: as far as a transverse process goes
        ((16, 10, 15), 0.0),  # 10 mm more
        ((17, 10, 15), 1.0),  # 20 mm more
        ((10, 17, 15), 0.0),  # 26 mm before is the limit; this is 30
        ((10, 18, 15), 1.0),  # and this is 40: the voxels of the zone end at 20
        ((10, 6, 15), 0.0),  # 80 mm behind
        ((10, 4, 15), 1.0),  # 100 mm behind
        ((10, 14, 24), 0.0),  # 40 mm above the last centre
        ((10, 14, 25), 1.0),  # 50 mm above
        ((29, 0, 0), 1.0),
    ],
)
def test_far_is_more_than_ten_millimetres_outside_what_a_vertebra_can_reach(voxel: tuple[int, int, int], far: float):
    assert far_ml(voxel) == pytest.approx(far)


def test_far_voxels_add_up_and_an_empty_mask_has_none():
    assert far_ml((10, 14, 15), (29, 0, 0), (28, 0, 0)) == pytest.approx(2.0)
    assert far_ml() == 0.0


def test_far_does_not_depend_on_how_the_array_is_stored():
    mask = np.random.default_rng(0).random(GRID.shape) > 0.9
    flipped = GRID.affine.copy()
    flipped[2, 2], flipped[2, 3] = -10, 290
    turned = Grid((20, 30, 30), flipped[:, [1, 0, 2, 3]])
    stored = mask[:, :, ::-1].transpose(1, 0, 2)
    expected = distant_from_centreline_ml(mask, GRID, np.array(LINE))
    assert distant_from_centreline_ml(stored, turned, np.array(LINE)) == pytest.approx(expected)
    assert 0 < expected < mask.sum()


def test_far_does_not_depend_on_the_blocks_it_is_counted_in(monkeypatch: pytest.MonkeyPatch):
    mask = np.random.default_rng(1).random(GRID.shape) > 0.8
    at_once = distant_from_centreline_ml(mask, GRID, np.array(LINE))
    monkeypatch.setattr(segmentation.evaluation.distant_false_positives, "BLOCK", 4)
    assert distant_from_centreline_ml(mask, GRID, np.array(LINE)) == pytest.approx(at_once)


@pytest.fixture
def unlabelled(tmp_path: Path) -> Path:
    """A clean CT, one with a rib, one without bone, one whose line nobody drew, and the lines of the others."""
    folder = tmp_path / "unlabelled"
    folder.mkdir()
    column = [(10, 14, k) for k in range(10, 20)]
    write_ct(folder / "clean.nii.gz", *column)
    write_ct(folder / "rib.nii.gz", *column, (29, 0, 0))
    write_ct(folder / "soft.nii.gz")
    write_ct(folder / "unknown.nii.gz", *column)
    (tmp_path / "lines.json").write_text(json.dumps({n: {"points_mm": LINE} for n in ("clean", "rib", "soft")}))
    return folder


def test_ct_s_pass_or_fail_by_the_share_that_is_far_and_a_spine_must_be_found(unlabelled: Path, tmp_path: Path):
    report = evaluate_distant(unlabelled, tmp_path / "lines.json", Bone())
    found = {row.name: (row.passed, row.far_ml) for row in report.rows}
    assert found == {
        "clean": (True, 0.0),
        "rib": (False, pytest.approx(1.0)),
        "soft": (False, 0.0),
    }
    assert "no centreline" in report.refused["unknown"]
    rib = next(row for row in distant_table(report.rows).rows if row[0] == "rib")
    assert rib == ["rib", "bone-111111111111", "centreline", "11.0", "1.00", "9.09", "FAIL"]
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["rows"][1]["share"] == pytest.approx(1 / 11)
    assert content["rows"][2]["share"] is None


def test_a_limb_passes_below_one_millilitre(unlabelled: Path):
    silent = evaluate_negatives(unlabelled, Nothing())
    assert {row.passed for row in silent.rows} == {True}
    loud = evaluate_negatives(unlabelled, Bone())
    assert {row.name: row.passed for row in loud.rows} == {
        "clean": False,
        "rib": False,
        "soft": True,
        "unknown": False,
    }


def test_labelled_ct_s_are_judged_where_all_vertebrae_are_labelled(tmp_path: Path):
    write_case(tmp_path / "cases" / "one", three_vertebrae())
    good, bad = (labelled_rows(evaluate(tmp_path / "cases", model).cases) for model in (Exact(), Bone()))
    assert [(row.against, row.passed) for row in good] == [
        ("reference, scan", None),
        ("reference, labelled", True),
    ]
    # The rib lies below the slab: it is seen in the whole scan alone, which may be partly labelled.
    assert bad[0].far_ml > 1
    assert [row.passed for row in labelled_rows(evaluate(tmp_path / "cases", Nothing()).cases)] == [None, False]


def test_what_holds_no_ct_or_no_lines_is_refused(unlabelled: Path, tmp_path: Path):
    with pytest.raises(InputError, match="holds no CT"):
        evaluate_negatives(tmp_path / "none", Bone())
    (tmp_path / "broken.json").write_text("[1")
    with pytest.raises(InputError, match="holds no centrelines"):
        evaluate_distant(unlabelled, tmp_path / "broken.json", Bone())
