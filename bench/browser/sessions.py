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
_POOLS = ("asyncio_", "AnyIO worker")  # idle workers, which wait for the next request; a handful at most


def session_cost(address: str, study: str, count: int, application: object) -> str:
    """Open ``count`` sessions at once, close them, and say what they took; two lines.

    The server must run in this process; ``application`` is only held so that it lives.
    """
    asyncio.run(_open(address, study, 1))  # imports and caches are no session's
    before = _settle(None)
    seconds, during = asyncio.run(_open(address, study, count))
    each_mb = (during[0] - before[0]) / count
    before = _settle(None)  # pools of threads and of memory are full now: what a second round leaves is a leak
    asyncio.run(_open(address, study, count))
    after = _settle(before)
    names = ("threads beside the pools' workers", "sockets and files")
    left = ", ".join(f"{name} {now - then:+d}" for name, then, now in zip(names, before[1:], after[1:], strict=True))
    return (
        f"sessions    {count} open at once: {1000 * seconds / count:.0f} ms and {each_mb:.2f} MB each\n"
        f"            left by as many again, once closed: {left}, memory {after[0] - before[0]:+.1f} MB"
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
    """Return the state once threads and files are as few as before, or when they did not become so."""
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
    threads = [thread.name for thread in threading.enumerate() if not thread.name.startswith(_POOLS)]
    return megabytes, len(threads), len(os.listdir("/proc/self/fd"))
