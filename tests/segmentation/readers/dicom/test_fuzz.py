"""A short run of scripts/fuzz_dicom.py: damaged uploads through the whole application, readers in their own process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.fuzz_dicom import Tally, corpus, damaged, left_behind, mutant, send
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
        send(client, mutant(series, seed), seed, tally)
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


def test_the_tally_keeps_what_is_wrong(capsys: pytest.CaptureFixture[str]):
    tally = Tally()
    tally.expect(True, 1, "nothing")
    tally.expect(False, 2, "a file lies outside")
    assert tally.wrong == ["seed 2: a file lies outside"]
    assert "seed 2" in capsys.readouterr().out
