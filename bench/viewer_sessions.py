"""What viewer sessions cost the server while they are open, and what is left of them afterwards."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import threading
import time
from pathlib import Path

import websockets

OVER_WITHIN_S = 30


def session_cost(address: str, study: str, count: int, application: object) -> str:
    """Open ``count`` sessions at once, close them, and say what they took; two lines.

    The server must run in this process; ``application`` is only held so that it lives.
    """
    asyncio.run(_open(address, study, count))  # once uncounted: pools of threads and memory fill
    _settle(None)
    before = _state()
    seconds, during = asyncio.run(_open(address, study, count))
    after = _settle(before)
    each_mb = (during[0] - before[0]) / count
    left = ", ".join(
        f"{name} {now - then:+d}"
        for name, then, now in zip(("threads", "sockets and files"), before[1:], after[1:], strict=True)
    )
    return (
        f"sessions    {count} open at once: {1000 * seconds / count:.0f} ms and {each_mb:.2f} MB each\n"
        f"            after they closed: {left}, memory {after[0] - before[0]:+.1f} MB"
    )


async def _open(address: str, study: str, count: int) -> tuple[float, tuple[float, int, int]]:
    """Seconds until ``count`` sessions answered, one after the other, and the process's state while all were open."""
    base = study.replace("http", "ws", 1) + "/ws/"
    started = time.perf_counter()
    sockets = [await websockets.connect(base + secrets.token_hex(16), origin=address) for _ in range(count)]
    seconds = time.perf_counter() - started
    await asyncio.sleep(1)
    state = _state()
    for socket in sockets:
        await socket.close()
    return seconds, state


def _settle(wanted: tuple[float, int, int] | None) -> tuple[float, int, int]:
    """The state once threads and files are as few as before, or when they did not become so."""
    deadline = time.monotonic() + (OVER_WITHIN_S if wanted else 3)
    while True:
        time.sleep(0.5)
        gc.collect()
        state = _state()
        settled = wanted is not None and state[1] <= wanted[1] and state[2] <= wanted[2]
        if settled or time.monotonic() > deadline:
            return state


def _state() -> tuple[float, int, int]:
    """Megabytes of memory, threads, and open files of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return megabytes, threading.active_count(), len(os.listdir("/proc/self/fd"))
