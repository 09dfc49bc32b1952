"""An ASGI application that is imported and built when it is first asked, or a little ahead of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class OnDemand:
    """ASGI application that costs a start nothing.

    Args:
        build: Imports and builds the application, in a thread; called once.
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._building: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, once the application is there."""
        await (await self.load())(scope, receive, send)

    async def load(self) -> ASGIApp:
        """Build the application; whoever comes meanwhile waits for the same one.

        Raises:
            Exception: What the building raised. The next to ask builds again.
        """
        if self._building is None or (self._building.done() and self._building.exception() is not None):
            self._building = asyncio.ensure_future(asyncio.to_thread(self._build))
        return await asyncio.shield(self._building)  # who goes away takes it from nobody else
