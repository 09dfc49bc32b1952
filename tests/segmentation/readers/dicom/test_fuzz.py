"""A short run of scripts/fuzz_dicom.py: damaged uploads through the whole application, readers in their own process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.fuzz_dicom import Tally, corpus, damaged, left_behind, mutant, send, upload_of
from scripts.fuzz_kinds import Kind, kinds
from tests.webapp.conftest import TestClient
from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.settings import Settings

SEEDS = range(1000, 1012)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path / "data", min_free_bytes=0)
    with TestClient(create_asgi(settings, BoneEngine), raise_server_exceptions=False) as client:
        yield client


def test_damaged_uploads_are_refused_or_read_and_leave_nothing(client: TestClient, tmp_path: Path):
    series, tally = corpus(), Tally()
    before = sorted(path.name for path in tmp_path.iterdir())
    for seed in SEEDS:
        send(client, Kind("damaged", mutant(series, seed), shape=()), seed, tally)
        tally.expect(left_behind(tmp_path / "data") == [], seed, "files were left behind")
    assert tally.wrong == []
    assert tally.answers.total() == len(SEEDS)
    assert len(tally.answers) > 2  # some are read, some are refused for this, some for that
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_seed_makes_the_same_mutant_and_damage_is_damage():
    series = corpus()
    assert mutant(series, 7) == mutant(series, 7)
    assert mutant(series, 7) != mutant(series, 8)
    data = bytes(range(256)) * 20
    assert all(damaged(data, random.Random(seed)) != data for seed in range(20))


def test_every_seed_makes_an_upload_of_a_kind_that_is_sound_or_has_wounds():
    series, odd = corpus()[:2], kinds()
    uploads = [upload_of(series, odd, seed) for seed in range(120)]
    assert uploads[:20] == [upload_of(series, odd, seed) for seed in range(20)]
    sound = [upload for upload in uploads if upload in odd]
    wounded = [upload for upload in uploads if upload.name.startswith("damaged: ")]
    assert len(sound) > 15
    assert len(wounded) > 15
    assert all(not upload.shape for upload in wounded)


def test_a_sound_scan_that_is_refused_or_read_with_another_size_is_wrong(client: TestClient):
    tally = Tally()
    [scan] = [kind for kind in kinds() if kind.name == "NRRD gzip"]
    send(client, scan, 1, tally)
    assert tally.wrong == []
    send(client, replace(scan, shape=(1, 2, 3)), 2, tally)
    send(client, replace(scan, files=[b"nothing"]), 3, tally)
    assert [line[:6] for line in tally.wrong] == ["seed 2", "seed 3"]


def test_the_tally_keeps_what_is_wrong(capsys: pytest.CaptureFixture[str]):
    tally = Tally()
    tally.expect(True, 1, "nothing")
    tally.expect(False, 2, "a file lies outside")
    assert tally.wrong == ["seed 2: a file lies outside"]
    assert "seed 2" in capsys.readouterr().out
