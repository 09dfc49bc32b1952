"""The real server with an engine that waits in mid-job until a file appears: ``PORT DATA_DIR GATE_FILE``.

A scan with a voxel of ``DEADLY_HU`` ends the process, as one that takes all memory does.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from segmentation.core.volume import LabelMap, Volume
from tests.webapp.support import BoneEngine
from webapp.serve import Server
from webapp.settings import Settings

DEADLY_HU = 3071


class Engine(BoneEngine):
    """Ends its process on a scan that holds ``DEADLY_HU``."""

    def segment(self, volume: Volume, *arguments: Any, **named: Any) -> LabelMap:
        if volume.hu.max() == DEADLY_HU:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().segment(volume, *arguments, **named)


class _FileGate:
    def __init__(self, path: Path) -> None:
        self._path = path

    def wait(self, _seconds: float) -> bool:
        return self._path.exists()


def main() -> None:
    port, data_dir, gate = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])

    def engine() -> BoneEngine:
        made = Engine()
        made.gate = _FileGate(gate)  # type: ignore[assignment]
        return made

    data_dir.mkdir(exist_ok=True)
    Server(Settings(data_dir=data_dir, port=port, min_free_bytes=0), engine).run()


if __name__ == "__main__":
    main()
