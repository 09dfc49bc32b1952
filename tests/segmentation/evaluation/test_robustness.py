from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.metrics import Mask
from segmentation.evaluation.perturbations import PERTURBATIONS
from segmentation.evaluation.report import evaluate_case
from segmentation.evaluation.robustness import robustness, robustness_table, rows_to_json
from segmentation.phantom import Phantom
from segmentation.writers import write_nifti, write_volume
from tests.segmentation.evaluation.support import Bone, Fake, Nothing


class Directed(Fake):
    """Bone, but for the first third of the array: an engine that forgot that arrays have directions."""

    def mask(self, volume: Volume) -> Mask:
        mask = np.asarray(volume.hu > 150)
        mask[: len(mask) // 2] = False
        return mask


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, small_phantom: Phantom) -> Path:
    folder = tmp_path_factory.mktemp("cases") / "one"
    folder.mkdir()
    write_volume(small_phantom.volume, folder / "ct.nii.gz")
    write_nifti(small_phantom.labels, folder / "vert.nii.gz")
    return folder


def test_every_perturbation_has_a_row_beside_the_scan_as_it_is(case: Path):
    engine = Bone(above_hu=150)
    before = evaluate_case(case, engine)
    rows = robustness(case, engine, before)
    assert [row.perturbation for row in rows] == ["as it is", *PERTURBATIONS]
    plain = before.scores["labelled"]["model"]
    assert rows[0].scores == plain
    by_name = {row.perturbation: row for row in rows}
    for row in rows:
        assert row.scores is not None
        assert row.change == pytest.approx(row.scores.dice - plain.dice)
        assert row.region == "labelled"
    # A threshold knows no direction, takes metal for bone, and suffers from noise.
    assert by_name["stored otherwise"].change == by_name["header upside down"].change == 0
    assert by_name["metal screw"].change < 0
    assert by_name["noise 60 HU"].change < -0.02
    table = robustness_table(rows)
    cells = {row[2]: row[5] for row in table.rows}
    assert cells["as it is"] == "-"
    assert cells["stored otherwise"] == "+0.000 pass"
    assert json.loads(json.dumps(rows_to_json(rows), allow_nan=False))[0]["scores"]["dice"] == plain.dice


def test_a_model_that_depends_on_how_the_array_is_stored_fails(case: Path):
    engine = Directed("directed-333333333333")
    rows = robustness(case, engine, evaluate_case(case, engine))
    cells = {row[2]: row[5] for row in robustness_table(rows).rows}
    assert cells["stored otherwise"].endswith("FAIL")


def test_what_a_scan_does_not_allow_is_said_with_the_reason(tmp_path: Path, small_phantom: Phantom):
    folder = tmp_path / "limb"
    folder.mkdir()
    write_volume(small_phantom.volume, folder / "ct.nii.gz")
    nothing = LabelMap(np.zeros_like(small_phantom.labels.labels), small_phantom.labels.grid, "vertebrae")
    write_nifti(nothing, folder / "vert.nii.gz")
    rows = robustness(folder, Nothing(), evaluate_case(folder, Nothing()))
    table = robustness_table(rows)
    left_out = [row for row in rows if row.scores is None]
    assert [row.perturbation for row in left_out] == ["three vertebrae", "metal screw"]
    assert "limb, metal screw: not done, it has no labelled vertebra" in table.notes
    assert {row.region for row in rows} == {"scan"}
