"""Proxy of the server-drawn 3D view: start and end a page's process, pass its page and socket on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from webapp.http.csp import SERVER_DRAWN_VIEW
from webapp.http.errors import WebError, body, not_found
from webapp.storage.folders import NIFTI_FILE
from webapp.storage.store import Store
from webapp.storage.tables import Study
from webapp.translations import request_language
from webapp.viewer.state import latest_masks

if TYPE_CHECKING:
    import websockets

log = logging.getLogger(__name__)

STARTED_WITHIN_S = 60
MOST_CHILDREN = 4
"""Each draws on the server's processors; a fifth page is told that it must wait."""
HasSession = Callable[[tuple[str, str]], bool]
"""Whether a page, by study and token, has a viewer session: made-up tokens have none."""
_PASSED_ON = {"content-type", "cache-control", "etag", "last-modified"}


class RemoteViews:
    """The drawing processes, one for each page (study and token)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._children: dict[tuple[str, str], Child] = {}
        self._lock = asyncio.Lock()

    async def child(self, study: Study, token: str) -> Child | None:
        """Return the process of this page, started if it is new; None while there are too many."""
        key = (study.id, token)
        async with self._lock:
            for other, child in list(self._children.items()):
                if child.ended:
                    del self._children[other]
            if key not in self._children:
                if len(self._children) >= MOST_CHILDREN:
                    return None
                self._children[key] = await Child.start(await asyncio.to_thread(self._files, study))
            return self._children[key]

    async def leave(self, study_id: str, token: str) -> None:
        """End the process of this page, whose socket closed."""
        child = self._children.pop((study_id, token), None)
        if child is not None:
            await child.end()

    async def close(self) -> None:
        """End all."""
        for key in list(self._children):
            await self.leave(*key)

    def _files(self, study: Study) -> list[Path]:
        masks = latest_masks(self._store.masks.of_study(study.id))[:1]
        original = self._store.folder(study.id) / study.original
        return [original, *(self._store.mask_folder(mask) / NIFTI_FILE for mask in masks)]


class Child:
    """One drawing process and the port it answers on; it ends when its standard input closes."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.address = f"127.0.0.1:{port}"

    @classmethod
    async def start(cls, files: list[Path]) -> Child:
        """Start it on a CT and at most one mask, and wait until it draws.

        Raises:
            OSError: it did not say its port in time.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "webapp.viewer.remote_render", *map(str, files)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), STARTED_WITHIN_S)
            return cls(process, int(line))
        except (TimeoutError, ValueError) as error:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise OSError("the process that draws 3D did not start") from error

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.returncode is not None

    async def end(self) -> None:
        """Close its input and wait until it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def remote_routes(store: Store, views: RemoteViews, has_session: HasSession) -> list[BaseRoute]:
    """Route the page of a server-drawn view, all it asks for, and its socket, under the study's address.

    Only a page that has a viewer session gets one, and no other site's page can ask for it.
    """

    async def page(request: Request) -> Response:
        study_id, token = request.path_params["study_id"], request.path_params["token"]
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return _refused(request, WebError(403, "foreign_origin", "request.foreign_origin"))
        study = await asyncio.to_thread(store.studies.get, study_id)
        if study is None or not has_session((study_id, token)):
            return _refused(request, not_found("page"))
        try:
            child = await views.child(study, token)
        except OSError:
            log.exception("no server-drawn view of study %s", study.id)
            return _refused(request, WebError(503, "no_drawing", "remote.not_started"))
        if child is None:
            return _refused(request, WebError(503, "busy", "remote.busy"))
        import httpx

        async with httpx.AsyncClient(follow_redirects=True) as client:
            answer = await client.get(f"http://{child.address}/{request.path_params['path']}", timeout=30)
        headers = {name: value for name, value in answer.headers.items() if name in _PASSED_ON}
        headers["Content-Security-Policy"] = SERVER_DRAWN_VIEW
        return Response(answer.content, answer.status_code, headers)

    async def socket(websocket: WebSocket) -> None:
        study_id, token = websocket.path_params["study_id"], websocket.path_params["token"]
        study = await asyncio.to_thread(store.studies.get, study_id)
        child = None if study is None or not has_session((study_id, token)) else await views.child(study, token)
        if child is None:
            await websocket.close(1013)
            return
        await websocket.accept()
        try:
            import websockets

            async with websockets.connect(f"ws://{child.address}/ws", max_size=None) as inner:
                await _carry(websocket, inner)
        finally:
            await views.leave(study_id, token)

    address = "/studies/{study_id}/remote/{token}"
    return [
        WebSocketRoute(f"{address}/ws", socket),
        Route(f"{address}/{{path:path}}", page),
    ]


def _refused(request: Request, error: WebError) -> Response:
    """Say in the frame, in the reader's language, why nothing is drawn."""
    shown = body(error, request_language(request))["error"]
    return PlainTextResponse(f"{shown['message']} {shown['hint']}".strip(), error.status)


async def _carry(outer: WebSocket, inner: websockets.ClientConnection) -> None:
    """Messages both ways until either side closes."""

    async def inwards() -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while (message := await outer.receive())["type"] != "websocket.disconnect":
                data = message.get("bytes")
                await inner.send(message["text"] if data is None else data)

    async def outwards() -> None:
        async for message in inner:
            await (outer.send_bytes(message) if isinstance(message, bytes) else outer.send_text(message))

    tasks = [asyncio.create_task(inwards()), asyncio.create_task(outwards())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
