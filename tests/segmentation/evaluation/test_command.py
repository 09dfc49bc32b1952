"""``spineview evaluate`` from the command line to the files it writes, with a fake in the engine's place."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import segmentation.inference.engine
from segmentation.cli.main import main
from tests.segmentation.evaluation.support import Bone, three_vertebrae, write_case


class FakeEngine(Bone):
    """Bone; what ``--model`` names is its name."""

    def __init__(self, model: Path | None = None, device: str = "auto") -> None:
        super().__init__("packaged" if model is None else model.stem)
        self.model = SimpleNamespace(sha256="abc")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(segmentation.inference.engine, "Engine", FakeEngine)
    write_case(tmp_path / "labelled" / "one", three_vertebrae())
    ct = (tmp_path / "labelled" / "one" / "ct.nii.gz").read_bytes()
    for name in ("far", "limbs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.nii.gz").write_bytes(ct)
    (tmp_path / "lines.json").write_text(json.dumps({"far": {"points_mm": [[23, 23, 48], [23, 23, 16]]}}))
    (tmp_path / "fold.safetensors").touch()
    (tmp_path / "folds.yaml").write_text(yaml.safe_dump({"cases": {"labelled/one": "fold.safetensors"}}))
    return tmp_path


def test_everything_at_once_is_printed_and_written(folder: Path, capsys: pytest.CaptureFixture[str]):
    out, pasted = folder / "report.json", folder / "tables.md"
    arguments = ["--cases", folder / "labelled", "--folds", folder / "folds.yaml", "--robustness"]
    arguments += ["--far", folder / "far", "--centrelines", folder / "lines.json", "--negatives", folder / "limbs"]
    assert main(["evaluate", *map(str, arguments), "-o", str(out), "--markdown", str(pasted)]) == 0
    printed = capsys.readouterr().out
    titles = [
        "scan: all voxels",
        "labelled: between",
        "Regions of the labelled slab",
        "Sacrum taken for spine",
        "Each case by weights that never saw its source",
        "The mask away from the spine",
        "The same scan, perturbed",
    ]
    places = [printed.index(title) for title in titles]
    assert places == sorted(places)
    markdown = pasted.read_text()
    headings = [line.removeprefix("### ") for line in markdown.splitlines() if line.startswith("### ")]
    assert len(headings) == len(titles)
    assert all(heading.startswith(title) for heading, title in zip(headings, titles, strict=True))
    content = json.loads(out.read_text())
    assert content["model"] == {"id": "packaged", "sha256": "abc"}
    assert content["folds"]["cases"][0]["model_id"] == "fold"
    assert content["far"]["rows"][0]["name"] == "far"
    assert content["negatives"]["rows"][0]["passed"] is False
    # The scan as it is and seven perturbations, by the packaged model and by the fold's.
    assert [row["model_id"] for row in content["robustness"]] == ["packaged"] * 8 + ["fold"] * 8


def test_what_earlier_runs_claimed_is_put_into_one_table_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one = {"case": "a", "perturbation": "as it is", "kind": "vertebra", "what": "L1", "level": "high"}
    one |= {"probability": 0.9, "dice": 0.95, "named_right": True, "right": True}
    reports = [tmp_path / "first.json", tmp_path / "second.json"]
    for path, names in zip(reports, (["L1", "L2", "L3"], ["L3", "L4", "L5"]), strict=True):
        path.write_text(json.dumps({"confidence": [one | {"what": name} for name in names]}))
    out, picture = tmp_path / "all.json", tmp_path / "all.svg"
    arguments = ["evaluate", "--claims", *map(str, reports), "-o", str(out), "--diagram", str(picture)]
    assert main(arguments) == 0
    assert "always saying 1.00 would have 0.000; 5 claims" in capsys.readouterr().out
    assert len(json.loads(out.read_text())["confidence"]) == 5
    assert picture.is_file()
    reports[1].write_text(json.dumps({"model": {}}))
    assert main(arguments) == 2
    assert "second.json holds no stated confidence" in capsys.readouterr().err


def test_limbs_alone_need_no_labels(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "--negatives", str(folder / "limbs")]) == 0
    assert "FAIL" in capsys.readouterr().out


def test_the_model_option_reaches_all_but_the_folds(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "--negatives", str(folder / "limbs"), "--model", "mine.safetensors"]) == 0
    assert "mine" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "nothing to evaluate"),
        (["--far", "far"], "--far and --centrelines go together"),
        (["--negatives", "limbs", "--robustness"], "--robustness needs labelled scans"),
        (["--negatives", "limbs", "--markdown", "tables.txt"], "does not end in .md"),
        (["--negatives", "none"], "holds no CT"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    folder: Path,
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(folder)
    assert main(["evaluate", *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_a_scan_that_cannot_be_read_is_named_and_none_at_all_leaves_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "limbs" / "limbs.nii.gz").write_bytes(b"no image")
    assert main(["evaluate", "--negatives", str(folder / "limbs")]) == 2
    assert "limbs left out" in capsys.readouterr().err
