"""``spineview doctor`` says what is missing or wrong, a line each, and nothing else is called wrong."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from segmentation.core.version import product_version
from tests.webapp.support import BoneEngine
from webapp.cli import main
from webapp.engine.remote.probe import WorkerFacts, facts_of
from webapp.storage.store import Store

Doctor = Callable[..., tuple[int, list[str]]]
READY = WorkerFacts("one", product_version(), "bone-200", "cuda")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Store(tmp_path / "data").close()
    return tmp_path / "data"


@pytest.fixture
def doctor(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Run it: the exit code, and what it calls wrong."""
    monkeypatch.setattr("webapp.maintenance.doctor.packaged_engine", lambda _settings: BoneEngine)

    def ask(*more: str) -> tuple[int, list[str]]:
        code = main(["doctor", "--data", str(data), *more])
        lines = capsys.readouterr().out.splitlines()
        assert all(line.startswith(("ok: ", "WRONG: ")) for line in lines)
        return code, [line for line in lines if line.startswith("WRONG: ")]

    return ask


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[WorkerFacts]], None]:
    monkeypatch.setenv("SPINEVIEW_EXECUTOR", "dask")
    monkeypatch.setenv("SPINEVIEW_DASK_SCHEDULER", "tcp://127.0.0.1:9")

    def are(facts: Sequence[WorkerFacts]) -> None:
        monkeypatch.setattr("webapp.maintenance.doctor.ask_workers", lambda *_: list(facts))

    return are


def test_an_installation_that_is_well_gets_no_complaint(doctor: Doctor):
    assert doctor() == (0, [])


def test_it_speaks_chinese(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], doctor: Doctor):
    shutil.rmtree(data)
    assert main(["doctor", "--data", str(data), "--lang", "zh"]) == 1
    assert f"有误：数据文件夹 {data} 不存在。" in capsys.readouterr().out


def test_nothing_is_made_where_there_is_no_data_folder(doctor: Doctor, data: Path):
    shutil.rmtree(data)
    code, [line] = doctor()
    assert code == 1
    assert "There is no data folder" in line
    assert not data.exists()


def test_rights_and_owner(doctor: Doctor, data: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("webapp.maintenance.doctor.tempfile.NamedTemporaryFile", refused)
    owner = os.geteuid()
    monkeypatch.setattr("webapp.maintenance.doctor.os.geteuid", lambda: owner + 1)
    code, [whose, rights] = doctor()
    assert code == 1
    assert f"belongs to the user id {owner}, and this command runs as {owner + 1}" in whose
    assert "cannot be written: Permission denied" in rights


def test_a_full_disk_and_a_clock_that_is_off(doctor: Doctor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPINEVIEW_MIN_FREE_BYTES", str(10**18))
    monkeypatch.setattr("webapp.maintenance.doctor.time.time", lambda: 1e9)
    code, [clock, disk] = doctor()
    assert code == 1
    assert "clock of the machine that holds" in clock
    assert "uploads must leave 1000000000.0 GB" in disk


def test_a_newer_and_a_damaged_database(doctor: Doctor, data: Path):
    path = data / "spineview.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    code, [newer] = doctor()
    assert (code, "newer" in newer) == (1, True)
    path.write_bytes(b"no database at all" * 100)
    code, [damaged] = doctor()
    assert (code, "damaged" in damaged) == (1, True)


def test_weights_that_are_not_those_of_their_sha256_and_a_gpu_that_is_not_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"something else")
    weights.with_suffix(".sha256").write_text(f"{'0' * 64}  mine.safetensors\n")
    monkeypatch.setenv("SPINEVIEW_MODEL", str(weights))
    assert main(["doctor", "--data", str(data)]) == 1
    assert "mine.safetensors" in capsys.readouterr().out.split("WRONG: ")[1]


def test_a_scheduler_that_does_not_answer(doctor: Doctor, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("distributed")
    monkeypatch.setenv("SPINEVIEW_EXECUTOR", "dask")
    monkeypatch.setenv("SPINEVIEW_DASK_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr("webapp.engine.remote.probe.REACH_S", 0.2)
    code, [line] = doctor()
    assert code == 1
    assert "The scheduler tcp://127.0.0.1:9 cannot be reached" in line


def test_workers_that_are_ready_and_none(doctor: Doctor, workers: Callable[[Sequence[WorkerFacts]], None]):
    workers([READY, READY])
    assert doctor() == (0, [])
    workers([])
    code, [line] = doctor()
    assert (code, "jobs wait" in line) == (1, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "0.0.9"}, "has the version 0.0.9"),
        ({"model": "other-1"}, "has the weights other-1; the others have bone-200"),
        ({"ahead_s": -95.0}, "is -95 s off"),
        ({"fault": "Read-only file system"}, "cannot work: Read-only file system"),
    ],
)
def test_a_worker_that_differs(
    doctor: Doctor, workers: Callable[[Sequence[WorkerFacts]], None], change: dict, said: str
):
    workers([READY, READY, WorkerFacts(**{**vars(READY), "name": "two", **change})])
    code, [line] = doctor()
    assert code == 1
    assert "two " in line
    assert said in line


def test_a_clock_is_judged_by_what_the_question_took_and_silence_is_a_fault():
    answer = {"version": "1", "model": "m", "device": "cpu", "fault": ""}
    asked = [facts_of("w", {**answer, "time": at}, 100.0, 103.0).ahead_s for at in (101.5, 110.0, 90.0)]
    assert asked == [0.0, 7.0, -10.0]
    assert facts_of("w", None, 0, 1).fault == "no answer"
    assert facts_of("w", RuntimeError("broken"), 0, 1).fault == "broken"
