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
from webapp.storage.navigation.documents import Kind, newest, numbers
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


def message_of(
    snapshot: Snapshot, registration: dict[str, Any] | None, check: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make the message of a moment. A place is given only through a registration that is accepted.

    ``state`` is the snapshot's, or ``unregistered``. ``tip_ras_mm`` and ``axis_ras`` (a unit vector from the handle to
    the tip) are null without a place; of any state but ``live`` they say where the tool was, not where it is.
    ``tip_tracker_mm`` is the same place as the tracker says it. ``sent_ms`` is by the tracker's clock, ``arrived_ms``
    by this server's. ``check`` is the last touch that checked the registration, if there was one.
    """
    message: dict[str, Any] = {
        "type": "pose",
        "number": snapshot.number,
        "state": snapshot.state,
        "tool": snapshot.tool,
        "status": snapshot.status,
        "age_ms": None if not np.isfinite(snapshot.age_s) else round(snapshot.age_s * 1000),
        "arrived_ms": round(snapshot.arrived_at * 1000, 1),
        "sent_ms": None if snapshot.sent_at is None else round(snapshot.sent_at * 1000, 1),
        "registration": None,
        "check": None,
        "tip_ras_mm": None,
        "tip_tracker_mm": None,
        "axis_ras": None,
    }
    if registration is None or registration["verdict"] != "accepted":
        message["state"] = "unregistered" if snapshot.state in ("live", "stale", "hidden") else snapshot.state
        return message
    message["registration"] = {name: registration[name] for name in ("number", "level", "expected_tre95_mm")}
    if check is not None and check["registration"] == registration["number"]:
        message["check"] = {name: check[name] for name in ("number", "place", "state")}
    if snapshot.tracker_from_tool is not None:
        message["tip_tracker_mm"] = np.round(snapshot.tracker_from_tool[:3, 3], 3).tolist()
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
    """The newest registration of a study and its last check; new ones count within half a second."""

    def __init__(self, store: Store, study_id: str) -> None:
        self._store, self._study_id = store, study_id
        self._found: dict[Kind, dict[str, Any] | None] = {"registration": None, "check": None}
        self._asked = float("-inf")

    async def now(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Read both; None while there is none, or the study is gone."""
        if time.monotonic() - self._asked > _REGISTRATION_EVERY_S:
            self._asked = time.monotonic()
            await asyncio.to_thread(self._read)
        return self._found["registration"], self._found["check"]

    def _read(self) -> None:
        for kind, found in self._found.items():
            try:
                known = numbers(self._store, self._study_id, kind)
                if not known or found is None or known[-1] != found["number"]:
                    self._found[kind] = newest(self._store, self._study_id, kind)
            except WebError:
                self._found[kind] = None


async def _watch(websocket: WebSocket, hub: TrackerHub, registrations: _Registrations) -> None:
    with hub.watching() as news:
        listening = asyncio.create_task(_listen(websocket))
        try:
            while not listening.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await news.wait()
                news.clear()
                message = message_of(hub.snapshot(), *await registrations.now())
                await websocket.send_text(json.dumps(message))
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
