"""The connection to the tracker that an administrator named, and what is known of its tools now."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid
from segmentation.tracking.address import parse_address
from segmentation.tracking.client import TrackerClient
from segmentation.tracking.freshness import Freshness
from segmentation.tracking.readings import DeviceStatus, Reading, ToolPose
from webapp.settings import Settings

log = logging.getLogger(__name__)

Array = NDArray[np.float64]
_MOST_TOOLS = 64  # names; a server that invents ever new ones fills no memory


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is known of the tool at one moment.

    Attributes:
        state: ``live``; ``stale``: nothing new came in time; ``hidden``: the tracker does not see it; ``no_tool``: it
            never spoke of it; ``disconnected``.
        tool: Its name; "" while none is known.
        tracker_from_tool: Its last pose, (4, 4); None before the first.
        age_s: Of the last news.
        arrived_at: When the pose came, seconds since 1970 by this server's clock.
        sent_at: When it was sent, by the tracker's clock; None where it does not say.
        status: What the tracker's device last said of itself; "" where all is well.
        number: Counts news, so that a reader sees whether there is any.
    """

    state: str
    tool: str
    tracker_from_tool: Array | None
    age_s: float
    arrived_at: float
    status: str
    number: int
    sent_at: float | None = None


@dataclass
class _Known:
    pose: ToolPose
    fresh: Freshness
    seen: Array | None = None
    arrived_at: float = 0.0
    sent_at: float | None = None


class TrackerHub:
    """Follows the tracker while somebody watches. Lives on the event loop; nothing here is for other threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = parse_address(settings.tracker) if settings.tracker else None
        self._tools: dict[str, _Known] = {}
        self._status = ""
        self._number = 0
        self._watchers: set[asyncio.Event] = set()
        self._client: TrackerClient | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """Take part; the event is set when there is news. The first to come starts the connection, the last ends it."""
        event = asyncio.Event()
        self._watchers.add(event)
        if self._task is None and self._address is not None:
            axes, query = self._settings.tracker_axes, self._settings.tracker_query
            self._client = TrackerClient(*self._address, self.take, axes, query)
            self._task = asyncio.create_task(self._client.run())
        try:
            yield event
        finally:
            self._watchers.discard(event)
            if not self._watchers:
                self.stop()

    def stop(self) -> None:
        """End the connection and forget what it said."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._client, self._status = None, None, ""
        self._tools.clear()

    def take(self, reading: Reading, arrived_s: float) -> None:
        """Take what the tracker said."""
        if isinstance(reading, DeviceStatus):
            self._status = "" if reading.is_ok else (reading.text or reading.error or str(reading.code))[:200]
        elif isinstance(reading, ToolPose):
            if reading.tool not in self._tools and len(self._tools) >= _MOST_TOOLS:
                return
            known = self._tools.setdefault(reading.tool, _Known(reading, Freshness()))
            known.pose = reading
            known.fresh.news(arrived_s, reading.sent_s)
            if reading.is_visible:
                known.seen, known.arrived_at = reading.tracker_from_tool, time.time() - (time.monotonic() - arrived_s)
                known.sent_at = reading.sent_s
            self._number += 1
        for event in self._watchers:
            event.set()

    def snapshot(self) -> Snapshot:
        """Tell what is known now of the tool, seen from the patient's reference where one is named."""
        now, name = time.monotonic(), self._tool()
        known = self._tools.get(name)
        if self._client is None or not self._client.is_connected:
            problem = self._client.problem if self._client else ""
            return Snapshot("disconnected", name, None, float("inf"), 0.0, problem[:200], self._number)
        if known is None:
            return Snapshot("no_tool", name, None, float("inf"), 0.0, self._status, self._number)
        parts, place = [known], known.seen
        if self._settings.tracker_reference:
            reference = self._tools.get(self._settings.tracker_reference)
            if reference is None:
                return Snapshot("no_tool", name, None, float("inf"), 0.0, self._status, self._number)
            parts.append(reference)
            both = place is not None and reference.seen is not None
            place = rigid.inverse(reference.seen) @ place if both else None  # type: ignore[arg-type, operator]
        age = max(part.fresh.age_s(now) for part in parts)
        state = "live"
        if not all(part.fresh.is_live(now) for part in parts):
            state = "stale"
        elif not all(part.pose.is_visible for part in parts):
            state = "hidden"
        return Snapshot(state, name, place, age, known.arrived_at, self._status, self._number, known.sent_at)

    def _tool(self) -> str:
        if self._settings.tracker_tool:
            return self._settings.tracker_tool
        return next((name for name in self._tools if name != self._settings.tracker_reference), "")
