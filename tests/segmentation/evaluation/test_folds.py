from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from segmentation.core.errors import BadConfiguration
from segmentation.evaluation.folds import evaluate_folds, folds_table, read_folds
from tests.segmentation.evaluation.support import Exact, Fake, Nothing, cubes, three_vertebrae, write_case


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two whole scans, a crop, and two models."""
    for name in ("one", "two"):
        write_case(tmp_path / "labelled" / name, three_vertebrae())
    write_case(tmp_path / "labelled" / "crop", cubes({20: 10, 21: 4}))
    for name in ("good", "bad"):
        (tmp_path / f"{name}.safetensors").touch()
    return tmp_path


def write_folds(folder: Path, **changes: object) -> Path:
    content = {
        "cases": {"labelled/one": "good.safetensors", "labelled/two": "bad.safetensors"},
        "crops": {"labelled/crop": "good.safetensors"},
        "training_only": {"clipped": "values cut off at the source"},
    }
    path = folder / "folds.yaml"
    path.write_text(yaml.safe_dump(content | changes))
    return path


def load(weights: Path) -> Fake:
    return Exact() if weights.name == "good.safetensors" else Nothing()


def test_every_case_meets_the_weights_of_its_own_fold(folder: Path):
    report = evaluate_folds(read_folds(write_folds(folder)), load)
    models = {case.report.name: case.report.model_id for case in report.cases}
    assert models == {
        "one": "exact-000000000000",
        "two": "nothing-222222222222",
        "crop": "exact-000000000000",
    }
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["mean"]["scan"]["dice"] == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert content["excluded"] == {"clipped": "values cut off at the source"}
    assert [case["weights"] for case in content["cases"]] == ["good.safetensors", "bad.safetensors", "good.safetensors"]


def test_the_table_keeps_crops_out_of_the_mean_and_names_what_is_never_tested(folder: Path):
    table = folds_table(evaluate_folds(read_folds(write_folds(folder)), load))
    assert [row[0] for row in table.rows] == [
        *("one", "one", "two", "two"),
        *("mean (n=2)", "95 % (n=2)", "mean (n=2)", "95 % (n=2)"),
        *("crop: crop", "crop: crop"),
    ]
    assert table.rows[0][:4] == ["one", "scan", "exact-000000000000", "1.000"]
    assert table.rows[4][:4] == ["mean (n=2)", "scan", "", "0.500"]
    assert table.rows[5][3] == "0.000 to 1.000"
    assert "never tested: clipped (values cut off at the source)" in table.notes


def test_an_unreadable_case_is_named_and_the_others_go_on(folder: Path):
    (folder / "labelled" / "one" / "ct.nii.gz").write_bytes(b"no image")
    report = evaluate_folds(read_folds(write_folds(folder)), load)
    assert list(report.refused) == ["one"]
    assert len(report.cases) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"case": {}}, "case: Extra inputs"),
        ({"cases": {}}, "cases: Dictionary should have at least 1 item"),
        ({"cases": {"labelled/three": "good.safetensors"}}, "three"),
        ({"cases": {"labelled/one": "other.safetensors"}}, r"other\.safetensors, which is not there"),
        ({"training_only": {"one": "seen"}}, "one is for training only"),
    ],
)
def test_a_fold_file_that_cannot_be_right_is_refused(folder: Path, changes: dict[str, object], reason: str):
    with pytest.raises(BadConfiguration, match=reason):
        read_folds(write_folds(folder, **changes))


def test_a_missing_or_broken_fold_file_is_refused(tmp_path: Path):
    with pytest.raises(BadConfiguration, match="no fold file"):
        read_folds(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("cases: [")
    with pytest.raises(BadConfiguration, match="not YAML"):
        read_folds(tmp_path / "broken.yaml")
