"""A hostile file costs its own process, nothing else."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from segmentation.core.errors import InputError, NotCT, TooLarge, UnreadableFile
from segmentation.core.messages import Message
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom import sandbox
from tests.segmentation.readers.dicom.conftest import Writer


def test_a_bomb_in_a_deflated_file_costs_that_file(written: Writer):
    folder = written(syntax="deflated")
    path = next(folder.iterdir())
    data = path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    head = zlib.decompress(data[start:], -zlib.MAX_WBITS)[:200]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(head)
    for _ in range(1024):  # 1 GiB of zeros in 1 MB
        bomb += packer.compress(bytes(1 << 20))
    path.write_bytes(data[:start] + bomb + packer.flush())
    notes = read_volume(folder, replace(DEFAULT_LIMITS, process_bytes=1 << 30)).notes
    assert notes[0].code == "truncated"


def test_a_process_without_memory_says_so():
    done: subprocess.CompletedProcess[bytes] = subprocess.CompletedProcess([], 0, b'{"memory": true}')
    with pytest.raises(TooLarge) as caught:
        sandbox._reply(done, DEFAULT_LIMITS)
    assert caught.value.message == ("Reading these DICOM files needs more than the 2 GiB of memory that they may use.")


def test_more_time_than_allowed_is_refused(written: Writer):
    with pytest.raises(TooLarge, match="Reading these DICOM files took longer than 0"):
        read_volume(written(), replace(DEFAULT_LIMITS, process_s=0))


def test_a_decoder_that_dies_is_survived(written: Writer):
    folder = written(syntax="jpeg-ls")
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        pixels = dataset.PixelData
        dataset.PixelData = pixels[:60] + b"\xff" * (len(pixels) - 70) + pixels[-10:]
        dataset.save_as(path)
    with pytest.raises(UnreadableFile) as caught:
        read_volume(folder)
    assert caught.value.message in (
        "A damaged DICOM file made its reader stop; nothing of this upload was used.",
        "22 images of Series 2 are damaged (slices 1 to 22 of 22): their pixels cannot be decoded, and more than one "
        "cannot be made up.",
    )


def test_a_process_killed_by_a_signal_is_survived(written: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "dies.py").write_text("import os, sys; sys.stdin.read(); os.abort()")
    monkeypatch.setattr(sandbox, "_WORKER", "dies")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UnreadableFile, match="A damaged DICOM file made its reader stop"):
        read_volume(written())


def test_the_limits_hold_in_the_process():
    code = (
        "import resource, segmentation.readers.dicom.worker as w; w._limit(1 << 30, 7, 1 << 20);"
        "print(*[resource.getrlimit(k)[0] for k in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(1 << 30), "7", str(1 << 20)]
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != 7  # not in ours


def test_an_error_crosses_with_its_class():
    name = Message.of("series_title.numbered", number=3)
    for error in (
        NotCT("dicom.no_modality", name=name),
        TooLarge("zip.too_large"),
        InputError("mask.no_spine_to_compare"),
    ):
        back = InputError.from_json(json.loads(json.dumps(error.to_json())))
        assert (type(back), back.problem) == (type(error), error.problem)
        assert (back.message, back.hint) == (error.message, error.hint)


def test_nothing_of_a_header_reaches_the_log(written: Writer, capfd: pytest.CaptureFixture[str]):
    folder = written(patient="Secret^Name", multiframe=False)
    for path in folder.iterdir():
        data = path.read_bytes().replace(b"19500101", b"Secret^9")  # not a date: pydicom would warn and quote it
        path.write_bytes(data)
    read_volume(folder)
    out = capfd.readouterr()
    assert "Secret" not in out.out + out.err


def test_nothing_is_taken_from_the_working_directory(written: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    folder = written()
    hostile = tmp_path / "here"
    hostile.mkdir()
    for name in ("pydicom", "json", "numpy", "gdcm", "segmentation"):
        (hostile / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", f".{os.pathsep}{os.pathsep}../here")
    assert read_volume(Path("..") / folder.name).grid.shape[2] == 22
    assert not (hostile / "__pycache__").exists()


def test_a_process_that_does_not_start_is_not_blamed_on_the_file(
    written: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    folder = written()
    monkeypatch.setattr(sandbox, "_WORKER", "no_such_module")
    with pytest.raises(InputError, match=r"could not be started \(1\); the files are not to blame"):
        read_volume(folder)
    assert "ended with status 1" in caplog.text
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(InputError, match="could not be started"):
        read_volume(folder)
