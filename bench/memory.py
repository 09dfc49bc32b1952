"""The memory of a process and of those that it starts."""

from __future__ import annotations

import re
import threading
from pathlib import Path


class Memory:
    """Watches proportional set sizes (shared pages count once) until ``stop``.

    Attributes:
        together: The most that all of them took at one time, in bytes.
        one: The most that one of them took.
    """

    def __init__(self, pid: int) -> None:
        self.together, self.one = 0, 0
        self._pid, self._end = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            sizes = [proportional_bytes(pid) for pid in family(self._pid)]
            self.together, self.one = max(self.together, sum(sizes)), max(self.one, *sizes)


def family(pid: int) -> list[int]:
    """Find a process and those that it started, and that these started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it ended meanwhile
            continue
        for child in children:
            found += family(int(child))
    return found


def proportional_bytes(pid: int) -> int:
    """Read the proportional set size of a process; 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
