"""What a worker needs before it joins, and how it says that it is missing."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path

import pytest

from segmentation.core.errors import BadConfiguration
from webapp.cli import main
from webapp.engine.remote.names import INSTALLATION_FILE, read_names, require_dask
from webapp.storage.store import Store


def test_server_and_workers_of_one_folder_share_their_names_and_nobody_else_does(tmp_path: Path):
    for name in ("one", "other"):
        Store(tmp_path / name).close()
    server, worker, other = (read_names(tmp_path / name) for name in ("one", "one", "other"))
    assert server == worker
    assert {server.resource, server.reports, server.stops}.isdisjoint({other.resource, other.reports, other.stops})
    assert [path.name for path in (tmp_path / "one").glob(".*")] == []


def test_a_worker_without_the_server_s_folder_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["worker", "--scheduler", "tcp://127.0.0.1:9", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "There is no data folder" in said
    assert str(tmp_path) in said
    assert list(tmp_path.iterdir()) == []


def test_a_worker_without_a_scheduler_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["worker", "--data", str(tmp_path)]) == 2
    assert "scheduler" in capsys.readouterr().err


def test_a_name_that_cannot_be_read_or_written_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    Store(tmp_path).close()
    (tmp_path / INSTALLATION_FILE).write_text("{")
    with pytest.raises(BadConfiguration, match=INSTALLATION_FILE):
        read_names(tmp_path)
    (tmp_path / INSTALLATION_FILE).unlink()

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.link", refused)
    with pytest.raises(BadConfiguration, match="Permission denied"):
        read_names(tmp_path)
    assert stat.S_ISDIR(tmp_path.stat().st_mode)
    assert not (tmp_path / INSTALLATION_FILE).exists()


def test_an_installation_without_dask_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BadConfiguration) as refusal:
        require_dask()
    assert "spineview[dask]" in refusal.value.hint
