"""A worker with the tests' small engine: python bone_worker.py SETTINGS GATE; held back while GATE is missing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from segmentation.core.errors import OperationCancelled
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.volume import LabelMap, Volume
from tests.webapp.support import BoneEngine
from webapp.engine.remote.worker import run_worker
from webapp.settings import Settings


class GatedEngine(BoneEngine):
    """Waits in the middle of a job for a file, and says in another one that it was told to stop."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self.file = gate

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: CancelCheck = never, mode: str = "patch"
    ) -> LabelMap:
        progress(0.1, "locating")
        while not self.file.exists():
            if cancelled():
                self.file.with_suffix(".let-go").touch()
                raise OperationCancelled
            time.sleep(0.02)
        return super().segment(volume, progress, cancelled, mode)


if __name__ == "__main__":
    settings, gate = sys.argv[1:]
    run_worker(Settings.model_validate_json(settings), lambda: GatedEngine(Path(gate)))
