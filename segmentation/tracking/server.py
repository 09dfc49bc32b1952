"""A server of OpenIGTLink for any number of clients: what the simulated tracker and a replay are sent by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_MOST_UNSENT = 1 << 16  # bytes that a client may be behind; what comes then is not sent to it


class MessageServer:
    """Sends the same messages to every client that is connected; see ``serving``."""

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self._someone = asyncio.Event()
        self.port = 0

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._writers)

    async def someone(self) -> None:
        """Wait until a client is connected."""
        await self._someone.wait()

    def send(self, message: bytes) -> None:
        """Send a message to every client; one that does not keep up misses it."""
        for writer in list(self._writers):
            if writer.is_closing():
                self._forget(writer)
            elif writer.transport.get_write_buffer_size() < _MOST_UNSENT:
                writer.write(message)

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep one client until it leaves; what it sends is read and not looked at."""
        self._writers.add(writer)
        self._someone.set()
        try:
            while await reader.read(4096):
                pass
        except (OSError, asyncio.CancelledError):
            pass  # the client is gone, or the server is about to be
        finally:
            self._forget(writer)

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        if not self._writers:
            self._someone.clear()
        writer.close()

    def close(self) -> None:
        """Send every client away."""
        for writer in list(self._writers):
            self._forget(writer)


@asynccontextmanager
async def serving(host: str, port: int) -> AsyncIterator[MessageServer]:
    """Serve while the context lasts; ``port`` 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    server = MessageServer()
    listener = await asyncio.start_server(server.attend, host, port)
    server.port = int(listener.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listener.close()
        server.close()
