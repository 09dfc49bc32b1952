"""A run of ``scripts/crash_points.py`` over every operation: each is stopped at one step after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.crash_operations import OPERATIONS
from scripts.crash_points import FAULTS, chosen

ROOT = Path(__file__).parents[3]
POINTS = 216


@pytest.mark.timeout(600)
def test_nothing_that_was_promised_is_lost_at_any_step(tmp_path: Path):
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(tmp_path)  # what is synced is recorded, not timed
    done = subprocess.run(
        [sys.executable, "scripts/crash_points.py", "--points", str(POINTS)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": folder, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["points"] == POINTS >= 200
    assert set(figures["faults"]) == set(FAULTS)
    assert set(figures["operations"]) == set(OPERATIONS)


def test_points_differ_and_reach_every_step():
    import random

    steps = {"upload": 30, "delete": 7}
    found = chosen(steps, 8 * 37, random.Random(1))
    assert len(set(found)) == 8 * 37
    assert {point[:2] for point in chosen(steps, 37, random.Random(1))} == {
        (name, step) for name, count in steps.items() for step in range(1, count + 1)
    }
    assert len(set(chosen(steps, 20, random.Random(1)))) == 20
