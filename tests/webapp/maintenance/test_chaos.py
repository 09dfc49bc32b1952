"""A short run of ``scripts/chaos.py``: kills, power cuts, full disks and ruined databases, on a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_nothing_that_was_promised_is_lost(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "scripts/chaos.py", "--points", "12", "--seconds", "40", "--seed", "7"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["checks"] == figures["points"] >= 1
