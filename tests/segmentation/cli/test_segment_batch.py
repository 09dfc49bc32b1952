"""A folder of scans on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import pytest

from segmentation.cli.main import main
from segmentation.cli.segment_batch import mask_names, scans_in
from segmentation.phantom import Phantom
from segmentation.writers import write_volume


@pytest.fixture(scope="module")
def folder(small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scan, one that is cut off in the middle, a folder that is no DICOM, and what is no scan at all."""
    folder = tmp_path_factory.mktemp("scans")
    write_volume(small_phantom.volume, folder / "b-good.nii.gz")
    good = (folder / "b-good.nii.gz").read_bytes()
    (folder / "a-torn.nii.gz").write_bytes(good[: len(good) // 2])
    (folder / "c-notes").mkdir()
    (folder / "c-notes" / "readme.txt").write_text("no DICOM")
    (folder / "readme.txt").write_text("no scan")
    (folder / ".hidden.nii.gz").write_bytes(b"")
    return folder


def test_what_cannot_be_read_does_not_stop_the_rest(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    report, out = tmp_path / "report.json", tmp_path / "masks"
    assert main(["segment", "--batch", str(folder), "-o", str(out), "--mode", "whole", "--report", str(report)]) == 2
    printed = capsys.readouterr()
    assert "1 of 3 segmented, 2 failed" in printed.out
    assert "a-torn.nii.gz" in printed.err
    assert "Traceback" not in printed.err
    assert [path.name for path in out.iterdir()] == ["b-good.nii.gz"]
    assert nib.load(out / "b-good.nii.gz").shape == nib.load(folder / "b-good.nii.gz").shape
    results = json.loads(report.read_text())["results"]
    assert [Path(each["input"]).name for each in results] == ["a-torn.nii.gz", "b-good.nii.gz", "c-notes"]
    assert [each["error"] is None for each in results] == [False, True, False]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["x.nii.gz"], "INPUT and --batch"),
        (["--reference", "x.nii.gz"], "--reference does not go"),
        (["--meshes", "x"], "--meshes does not go"),
        (["--report", "x.txt"], "x.txt"),
    ],
)
def test_options_of_one_scan_are_refused(
    more: list[str], said: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["segment", *more, "--batch", str(folder), "-o", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_scans_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["segment", "--batch", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert main(["segment", "--batch", str(tmp_path / "none"), "-o", str(tmp_path / "out")]) == 2
    assert main(["segment", "-o", "mask.nii.gz"]) == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_masks_of_two_scans_are_not_called_the_same(tmp_path: Path):
    for name in ("a.nii.gz", "a.nrrd", "b.mha", "c.NII"):
        (tmp_path / name).touch()
    found = scans_in(tmp_path)
    assert [path.name for path in found] == ["a.nii.gz", "a.nrrd", "b.mha", "c.NII"]
    assert mask_names(found) == ["a.nii.gz.nii.gz", "a.nrrd.nii.gz", "b.nii.gz", "c.nii.gz"]
