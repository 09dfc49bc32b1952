"""``spineview segment`` on a DICOM folder, with DICOM objects as results."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from segmentation.cli.main import main
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.engine import Engine
from segmentation.phantom import Phantom
from tests.dicom_judges import complaints
from tests.dicom_series import write_series
from tests.segmentation.cli.test_main import refusal


@pytest.fixture
def series(tmp_path: Path, small_phantom: Phantom) -> Path:
    volume = small_phantom.volume
    write_series(Volume(volume.hu.astype(np.int16), volume.grid), tmp_path / "series")
    return tmp_path / "series"


@pytest.fixture
def truthful(monkeypatch: pytest.MonkeyPatch, small_phantom: Phantom) -> None:
    """An engine that knows the phantom: the model is not what is tested here."""

    def softly(self: Engine, volume: Volume, *_: Any, **__: Any) -> tuple[LabelMap, np.ndarray]:
        labels = (small_phantom.labels.labels > 0).astype(np.uint8)
        return LabelMap(labels, volume.grid), labels * np.float32(0.8)

    monkeypatch.setattr(Engine, "segment_with_probabilities", softly)
    monkeypatch.setattr(Engine, "segment", lambda self, volume, **_: softly(self, volume)[0])


@pytest.mark.parametrize("packed", [False, True])
def test_every_object_refers_to_the_series_it_was_made_from(
    series: Path, truthful: None, tmp_path: Path, packed: bool, capsys: pytest.CaptureFixture[str]
):
    given = Path(shutil.make_archive(str(tmp_path / "series"), "zip", series)) if packed else series
    arguments = ["segment", str(given), "-o", str(tmp_path / "mask.nii.gz"), "--device", "cpu"]
    for option in ("dicom-seg", "rtstruct", "capture"):
        arguments += [f"--{option}", str(tmp_path / f"{option}.dcm")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    source = pydicom.dcmread(next(series.iterdir()))
    for option, modality in (("dicom-seg", "SEG"), ("rtstruct", "RTSTRUCT"), ("capture", "OT")):
        dataset = pydicom.dcmread(tmp_path / f"{option}.dcm")
        assert (dataset.Modality, dataset.StudyInstanceUID) == (modality, source.StudyInstanceUID)
        assert [line for line in complaints(tmp_path / f"{option}.dcm") if line.startswith("Error")] == []
        assert f"{option}.dcm: " in printed
    frames = pydicom.dcmread(tmp_path / "capture.dcm").pixel_array
    assert frames.shape[0] == 3
    assert frames.std() > 10
    segments = pydicom.dcmread(tmp_path / "dicom-seg.dcm")
    algorithm = segments.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert "spineview-" in algorithm.AlgorithmVersion
    assert len(segments.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 66


def test_fractions_are_written_when_asked_for(series: Path, truthful: None, tmp_path: Path):
    arguments = ["segment", str(series), "-o", str(tmp_path / "m.nii.gz"), "--dicom-seg", str(tmp_path / "s.dcm")]
    assert main([*arguments, "--dicom-seg-type", "fractional"]) == 0
    dataset = pydicom.dcmread(tmp_path / "s.dcm")
    assert dataset.SegmentationType == "FRACTIONAL"
    assert set(np.unique(dataset.pixel_array).tolist()) == {0, 204}


def test_fractions_of_several_labels_are_refused_after_the_mask_is_written(
    series: Path,
    small_phantom: Phantom,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    labels = small_phantom.labels
    soft = (labels.labels > 0).astype(np.float32)
    monkeypatch.setattr(Engine, "segment_with_probabilities", lambda *_, **__: (labels, soft))
    arguments = ["segment", str(series), "-o", str(tmp_path / "m.nii.gz"), "--dicom-seg", str(tmp_path / "s.dcm")]
    told = refusal([*arguments, "--dicom-seg-type", "fractional"], capsys)
    assert f"holds the probability of one label, and this mask has {len(labels.present)}." in told
    assert (tmp_path / "m.nii.gz").exists()
    assert not (tmp_path / "s.dcm").exists()


def test_nothing_is_written_of_an_empty_mask(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def nothing(self: Engine, volume: Volume, **_: Any) -> LabelMap:
        return LabelMap(np.zeros(volume.grid.shape, np.uint8), volume.grid)

    monkeypatch.setattr(Engine, "segment", nothing)
    arguments = ["segment", str(series), "-o", str(tmp_path / "m.nii.gz"), "--dicom-seg", str(tmp_path / "s.dcm")]
    assert main(arguments) == 0
    assert "nothing is marked" in capsys.readouterr().err
    assert not (tmp_path / "s.dcm").exists()


def test_what_cannot_become_a_dicom_object_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "ct.nii.gz").write_bytes(b"not even looked at")
    arguments = ["segment", str(tmp_path / "ct.nii.gz"), "-o", str(tmp_path / "m.nii.gz")]
    assert "needs a DICOM series" in refusal([*arguments, "--dicom-seg", str(tmp_path / "s.dcm")], capsys)
    assert "does not end in .dcm" in refusal([*arguments, "--rtstruct", str(tmp_path / "s.png")], capsys)
