"""The real server with an engine that waits in mid-job until a file appears: ``PORT DATA_DIR GATE_FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.webapp.support import BoneEngine
from webapp.serve import Server
from webapp.settings import Settings


class _FileGate:
    def __init__(self, path: Path) -> None:
        self._path = path

    def wait(self, _seconds: float) -> bool:
        return self._path.exists()


def main() -> None:
    port, data_dir, gate = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])

    def engine() -> BoneEngine:
        made = BoneEngine()
        made.gate = _FileGate(gate)  # type: ignore[assignment]
        return made

    data_dir.mkdir(exist_ok=True)
    Server(Settings(data_dir=data_dir, port=port, min_free_bytes=0), engine).run()


if __name__ == "__main__":
    main()
