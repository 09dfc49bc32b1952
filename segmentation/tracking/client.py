"""A client of a tracker's server: connects, reads, and connects again for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from segmentation.tracking.messages import DamagedMessage, start_bytes
from segmentation.tracking.readings import Reading, read_as
from segmentation.tracking.stream import MessageStream

Take = Callable[[Reading, float], None]
"""Takes a reading and the time of its arrival by ``time.monotonic()``."""

CONNECT_S, SILENT_S = 3.0, 10.0
"""Longest wait for a connection; a server that is silent for longer is asked for a new one."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_PIECE = 65536
_STARTED = ("", "TDATA", "QTDATA")


class TrackerClient:
    """Follows one server until its task is cancelled.

    Attributes:
        is_connected: Whether there is a connection now.
        connections: How many there have been.
        problem: Why there is none, in the system's words; "" while there is one.
        damaged: Messages that were left out because of a wrong checksum or content.
    """

    def __init__(self, host: str, port: int, take: Take, axes: str = "tracker", start: str = "") -> None:
        if start not in _STARTED:
            raise ValueError(f"start is none of {_STARTED}")
        self.is_connected = False
        self.connections = 0
        self.problem = ""
        self.damaged = 0
        self._address, self._take, self._axes, self._start = (host, port), take, axes, start

    async def run(self) -> None:
        """Connect, read and connect again; ends only by being cancelled."""
        pause = _FIRST_PAUSE_S
        while True:
            before = self.connections
            try:
                await self._follow()
            except (OSError, TimeoutError, DamagedMessage) as error:
                self.problem = str(error) or type(error).__name__
            finally:
                self.is_connected = False
            pause = _FIRST_PAUSE_S if self.connections > before else min(2 * pause, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def _follow(self) -> None:
        # Not wait_for, which in Python 3.11 may swallow the cancellation that ends this task.
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(*self._address)
        stream = MessageStream()
        self.is_connected, self.problem = True, ""
        self.connections += 1
        try:
            if self._start:
                writer.write(start_bytes(self._start, 20))
            while piece := await _next_piece(reader):
                arrived, damaged = time.monotonic(), stream.damaged
                for reading in stream.feed(piece):
                    self._take(read_as(reading, self._axes), arrived)
                self.damaged += stream.damaged - damaged
            self.problem = "closed by the tracker"
        finally:
            writer.close()


async def _next_piece(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(SILENT_S):
        return await reader.read(_PIECE)
