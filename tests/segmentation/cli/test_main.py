from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from segmentation.cli.main import build_parser, main
from segmentation.cli.options.progress_bar import shown_progress
from segmentation.core.version import product_version
from segmentation.evaluation.metrics import dice
from segmentation.inference.checkpoint import Stage, save_model
from segmentation.inference.confidence import Reason
from segmentation.inference.engine import Engine
from segmentation.networks import DenseUNet3d, DenseUNetSpec
from segmentation.phantom import Phantom
from segmentation.preprocessing.preprocess import InputSpec
from segmentation.readers import read_volume
from segmentation.writers import write_nifti

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of a few hundred weights that was never trained: it answers, and that is enough here."""
    torch.manual_seed(3)
    spec = DenseUNetSpec(width=4, growth=(4, 4), encoder_layers=(1, 1), decoder_layers=(1,))
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_model(path, "tiny", {"segment": Stage(DenseUNet3d(spec), InputSpec(spacing_mm=4.0), 32)})
    return path


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, small_phantom: Phantom) -> Path:
    """A folder that holds ``one/ct.nii.gz`` and ``one/vert.nii.gz``."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "one").mkdir()
    volume = small_phantom.volume
    nib.save(nib.Nifti1Image(volume.hu, volume.grid.affine), folder / "one" / "ct.nii.gz")
    write_nifti(small_phantom.labels, folder / "one" / "vert.nii.gz")
    return folder


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a refused command prints."""
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("spineview: ")
    return lines[0]


def test_segment_writes_the_engine_s_own_mask_on_the_grid_of_the_ct(case: Path, model: Path, tmp_path: Path):
    ct, out = case / "one" / "ct.nii.gz", tmp_path / "mask.nii.gz"
    assert main(["segment", str(ct), "-o", str(out), "--model", str(model), "--device", "cpu"]) == 0
    mask, image = nib.load(out), nib.load(ct)
    assert mask.shape == image.shape
    assert np.array_equal(mask.affine, image.affine)
    expected = Engine(model, "cpu").segment(read_volume(ct)).labels
    assert np.array_equal(np.asarray(mask.dataobj), expected)


def test_segment_measures_draws_and_reports(
    case: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    one = case / "one"
    options = ["--model", str(model), "--device", "cpu", "--reference", str(one / "vert.nii.gz")]
    options += ["--slices", str(tmp_path / "slices"), "--feature-maps", str(tmp_path / "maps")]
    options += ["--report", str(tmp_path / "report.json")]
    assert main(["segment", str(one / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz"), *options]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    found = np.asarray(nib.load(tmp_path / "m.nii.gz").dataobj) == 1
    wanted = np.asarray(nib.load(one / "vert.nii.gz").dataobj) > 0
    assert report["against_reference"]["dice"] == pytest.approx(dice(found, wanted))
    assert report["model"].startswith("tiny-")
    printed = capsys.readouterr().out
    assert f"Dice {dice(found, wanted):.4f}" in printed
    trust = report["confidence"]
    assert f"confidence {trust['level']} ({trust['value']:.2f})" in printed
    assert 0 <= trust["value"] <= 1
    assert all(Reason(code).sentence in printed for code in trust["reasons"])
    assert report["evidence"]["volume_ml"] > 0
    assert sorted(path.name for path in (tmp_path / "slices").iterdir()) == [
        "axial.png",
        "coronal.png",
        "sagittal.png",
    ]
    maps = np.load(tmp_path / "maps" / "input.npy")
    assert maps.shape == (1, 32, 32, 32)
    pictured = {path.stem for path in (tmp_path / "maps").glob("*.png")}
    assert pictured == {path.stem for path in (tmp_path / "maps").glob("*.npy")} > {"input", "logits"}


def test_segment_writes_a_surface(
    case: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_phantom: Phantom
):
    def truth(self: Engine, volume: object, **_: object) -> object:
        return type(small_phantom.labels)((small_phantom.labels.labels > 0).astype(np.uint8), small_phantom.labels.grid)

    monkeypatch.setattr(Engine, "segment", truth)
    arguments = ["segment", str(case / "one" / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    arguments += ["--model", str(model), "--meshes", str(tmp_path / "meshes")]
    assert main(arguments) == 0
    full = (tmp_path / "meshes" / "spine.stl").stat().st_size
    assert full > 84 + 50 * 100
    options = ["--mesh-format", "stl", "glb", "--mesh-axes", "lps", "--mesh-triangles", "1000"]
    assert main([*arguments, *options, "--label-table", str(tmp_path / "labels.txt")]) == 0
    assert sorted(path.name for path in (tmp_path / "meshes").iterdir()) == ["spine.glb", "spine.stl"]
    few = (tmp_path / "meshes" / "spine.stl").read_bytes()
    assert b"SPACE=LPS" in few[:80]
    assert len(few) <= 84 + 50 * 1000 < full
    assert '"spine"' in (tmp_path / "labels.txt").read_text()


def test_a_surface_of_too_few_triangles_is_refused(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["segment", str(case / "one" / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    assert "7 triangles" in refusal([*arguments, "--mesh-triangles", "7"], capsys)


def test_evaluate_prints_both_methods_and_writes_the_checksum(
    case: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "report.json"
    assert main(["evaluate", "--cases", str(case), "--model", str(model), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "threshold" in printed
    assert "labelled:" in printed
    content = json.loads(out.read_text())
    assert content["model"]["sha256"] == model.with_suffix(".sha256").read_text().split()[0]
    assert content["cases"][0]["scores"]["scan"]["threshold"]["recall"] > 0.5


def test_evaluate_without_cases_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "holds no folder" in refusal(["evaluate", "--cases", str(tmp_path)], capsys)


def test_info_tells_the_geometry(case: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["info", str(case / "one" / "ct.nii.gz")]) == 0
    printed = capsys.readouterr().out
    assert "60 x 60 x 66" in printed
    assert "LPS" in printed
    assert "2 x 2 x 2 mm" in printed


def test_info_on_what_would_be_refused_says_why_and_leaves_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "series.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((16, 16, 16, 3), dtype=np.int16), np.diag([2.0, 2, 2, 1])), path)
    assert main(["info", str(path)]) == 2
    captured = capsys.readouterr()
    assert "refused" in captured.out
    assert len(captured.err.splitlines()) == 1


def test_phantom_writes_three_files_as_asked(tmp_path: Path):
    arguments = ["phantom", str(tmp_path / "p"), "--levels", "L3,L4", "--spacing", "3", "--orientation", "RAS"]
    assert main(arguments) == 0
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "ct.nii.gz",
        "truth.json",
        "vert.nii.gz",
    ]
    image = nib.load(tmp_path / "p" / "ct.nii.gz")
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.header.get_zooms() == (3, 3, 3)


def test_a_phantom_of_unknown_levels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "X9" in refusal(["phantom", str(tmp_path / "p"), "--levels", "X9"], capsys)


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        ("mask.png", "does not end in .nii"),
        ("missing/mask.nii.gz", "no folder"),
        ("folder.nii.gz", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, complaint: str
):
    (tmp_path / "folder.nii.gz").mkdir()
    ct = str(case / "one" / "ct.nii.gz")
    assert complaint in refusal(["segment", ct, "-o", str(tmp_path / output)], capsys)


def test_a_missing_input_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["segment", str(tmp_path / "nothing.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    assert "nothing.nii.gz" in refusal(arguments, capsys)


def test_a_reference_on_another_grid_is_refused(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = tmp_path / "other.nii.gz"
    nib.save(nib.Nifti1Image(np.ones((20, 20, 20), dtype=np.uint8), np.diag([2.0, 2, 2, 1])), other)
    arguments = ["segment", str(case / "one" / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    assert "does not lie on the grid" in refusal([*arguments, "--reference", str(other)], capsys)
    assert not (tmp_path / "m.nii.gz").exists()


def test_a_file_that_is_no_model_is_refused(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "bad.safetensors").write_bytes(b"not a model")
    arguments = ["segment", str(case / "one" / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    assert "bad.safetensors" in refusal([*arguments, "--model", str(tmp_path / "bad.safetensors")], capsys)


def test_a_wrong_training_key_is_refused_with_the_nearest_right_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config = tmp_path / "train.yaml"
    config.write_text("name: x\nout: runs\ndata: {}\nepoch: 3\n")
    assert "epochs" in refusal(["train", str(config)], capsys)


def test_an_operating_system_error_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    assert "file" in refusal(["phantom", str(tmp_path / "file"), "--levels", "L3"], capsys)


def test_an_unknown_option_is_one_line_and_leaves_with_2(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["segment", "ct.nii.gz"])
    assert left.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    import segmentation.cli.info

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(segmentation.cli.info, "run", interrupted)
    assert main(["info", "ct.nii.gz"]) == 130
    assert capsys.readouterr().err == "spineview: stopped\n"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch):
    import segmentation.cli.info

    def bug(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(segmentation.cli.info, "run", bug)
    with pytest.raises(ZeroDivisionError):
        main(["info", "ct.nii.gz"])


def test_the_commands_are_those_of_the_design():
    for command in ("segment", "evaluate", "train", "ablation", "info", "phantom"):
        assert f" {command} " in build_parser().format_help()


def test_a_command_s_help_lists_its_options(capsys: pytest.CaptureFixture[str]):
    for command, option in {
        "segment": "--dicom-seg",
        "evaluate": "--folds",
        "train": "CONFIG.yaml",
        "ablation": "CONFIG.yaml",
        "info": "--series",
        "phantom": "--tilt",
    }.items():
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0
        assert option in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"spineview {product_version()}\n"


def test_the_engine_s_commands_run_without_the_web_application(tmp_path: Path):
    # An empty folder named webapp in front hides the real package, as if it were not installed.
    (tmp_path / "webapp.py").write_text("raise ImportError('no web application here')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    command = [sys.executable, "-m", "segmentation.cli"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, env=environment, check=True)
    assert " segment " in done.stdout
    assert " serve " not in done.stdout
    refused = subprocess.run([*command, "info", "no.nii"], capture_output=True, text=True, env=environment)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_progress_in_a_log_is_plain_lines_and_few():
    stream = io.StringIO()
    with shown_progress(stream) as progress:
        for step in range(1001):
            progress(step / 1000, "segmenting" if step else "locating")
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["0%", "locating"]
    assert len(lines) <= 13
    assert "\r" not in stream.getvalue()


def test_progress_on_a_terminal_is_a_bar():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with shown_progress(stream) as progress:
        progress(0.4, "segmenting")
    assert "segmenting" in stream.getvalue()
    assert "\r" in stream.getvalue()
