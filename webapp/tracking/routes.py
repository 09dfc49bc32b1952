"""The socket of a study's live view: where the tool is in the image, at most sixty times a second."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from webapp.http.errors import WebError
from webapp.services import Services
from webapp.storage.navigation.documents import newest, numbers
from webapp.storage.store import Store
from webapp.tracking.hub import Snapshot, TrackerHub

LEAST_S = 0.015
"""Between two messages to one page."""
HEARTBEAT_S = 0.04
"""A message comes at least this often, news or not, so that a page knows that its connection lives."""
_REGISTRATION_EVERY_S = 0.5
_MOST_WATCHERS = 64
_NOT_CONFIGURED, _TOO_MANY = 4404, 4503
_TOOL_AXIS = np.array([0.0, 0.0, 1.0])  # from the handle to the tip

Array = NDArray[np.float64]


def message_of(snapshot: Snapshot, registration: dict[str, Any] | None) -> dict[str, Any]:
    """Make the message of a moment. A place is given only through a registration that is accepted.

    ``state`` is the snapshot's, or ``unregistered``. ``tip_ras_mm`` and ``axis_ras`` (a unit vector from the handle to
    the tip) are null without a place; of any state but ``live`` they say where the tool was, not where it is.
    """
    message: dict[str, Any] = {
        "type": "pose",
        "number": snapshot.number,
        "state": snapshot.state,
        "tool": snapshot.tool,
        "status": snapshot.status,
        "age_ms": None if not np.isfinite(snapshot.age_s) else round(snapshot.age_s * 1000),
        "arrived_ms": round(snapshot.arrived_at * 1000, 1),
        "registration": None,
        "tip_ras_mm": None,
        "axis_ras": None,
    }
    if registration is None or registration["verdict"] != "accepted":
        message["state"] = "unregistered" if snapshot.state in ("live", "stale", "hidden") else snapshot.state
        return message
    message["registration"] = {name: registration[name] for name in ("number", "level", "expected_tre95_mm")}
    if snapshot.tracker_from_tool is not None:
        pose = np.array(registration["image_from_tracker"]) @ snapshot.tracker_from_tool
        message["tip_ras_mm"] = np.round(pose[:3, 3], 3).tolist()
        message["axis_ras"] = np.round(pose[:3, :3] @ _TOOL_AXIS, 5).tolist()
    return message


def live_routes(services: Services, hub: TrackerHub) -> list[BaseRoute]:
    """Make the socket's route; Host and Origin are checked by ``webapp.http.security``, rights by the gate."""

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        if not services.settings.tracker:
            await websocket.close(_NOT_CONFIGURED)
        elif hub.watchers >= _MOST_WATCHERS:
            await websocket.close(_TOO_MANY)
        else:
            await _watch(websocket, hub, _Registrations(services.store, websocket.path_params["study_id"]))

    return [WebSocketRoute("/studies/{study_id}/live", live)]


class _Registrations:
    """The newest registration of a study, looked for now and then; a new one counts within half a second."""

    def __init__(self, store: Store, study_id: str) -> None:
        self._store, self._study_id = store, study_id
        self._number: int | None = None
        self._found: dict[str, Any] | None = None
        self._asked = float("-inf")

    async def now(self) -> dict[str, Any] | None:
        """Read it; None while there is none, or the study is gone."""
        if time.monotonic() - self._asked > _REGISTRATION_EVERY_S:
            self._asked = time.monotonic()
            await asyncio.to_thread(self._read)
        return self._found

    def _read(self) -> None:
        try:
            known = numbers(self._store, self._study_id, "registration")
            if not known or known[-1] != self._number:
                self._found = newest(self._store, self._study_id, "registration")
                self._number = known[-1] if known else None
        except WebError:
            self._found, self._number = None, None


async def _watch(websocket: WebSocket, hub: TrackerHub, registrations: _Registrations) -> None:
    with hub.watching() as news:
        listening = asyncio.create_task(_listen(websocket))
        try:
            while not listening.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await news.wait()
                news.clear()
                registration = await registrations.now()
                await websocket.send_text(json.dumps(message_of(hub.snapshot(), registration)))
                await asyncio.sleep(LEAST_S)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page left
        finally:
            listening.cancel()


async def _listen(websocket: WebSocket) -> None:
    """Answer what a page asks to compare its clock with this server's; nothing else is understood."""
    while True:
        try:
            asked = await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return
        try:
            ping = float(json.loads(asked)["ping"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        await websocket.send_text(json.dumps({"type": "pong", "ping": ping, "now_ms": time.time() * 1000}))
