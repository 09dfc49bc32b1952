"""The live view's socket: a tracker in a thread, the whole application, and what a page is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.registration import rigid
from segmentation.tracking.messages import bytes_of, transform_bytes
from segmentation.tracking.readings import DeviceStatus, ToolPose
from segmentation.tracking.server import MessageServer, serving
from tests.webapp.conftest import TestClient
from tests.webapp.support import BoneEngine
from webapp.asgi import create_asgi
from webapp.settings import Settings
from webapp.storage.navigation.documents import add_document
from webapp.tracking.hub import TrackerHub
from webapp.tracking.routes import message_of

IMAGE_FROM_TRACKER = rigid.compose(rigid.from_vector(np.array([0, 0, np.pi / 2])), np.array([100.0, 0, 0]))
TOOL = rigid.compose(np.eye(3), np.array([10.0, 20, 30]))
TIP = [80.0, 10, 30]  # a quarter about z brings 10, 20 to -20, 10; then 100 to the right


class Tracker:
    """A tracker whose tool stands still; it may pause, lose its tool, or leave."""

    def __init__(self) -> None:
        self.sends = True
        self.sees = True
        self.server: MessageServer | None = None
        self.port = 0
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Tracker:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    async def _serve(self) -> None:
        async with serving("127.0.0.1", 0) as server:
            self.port = server.port
            self._ready.set()
            while not self._over.is_set():
                if self.sends:
                    server.send(transform_bytes(ToolPose("Probe", TOOL, self.sees, time.time()), 2))
                    server.send(bytes_of(DeviceStatus("Camera", 1, 0, "OK", "", time.time())))
                await asyncio.sleep(0.01)


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with Tracker() as tracker:
        yield tracker


@pytest.fixture
def client(tracker: Tracker, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        data_dir=tmp_path / "data", min_free_bytes=0, preload_model=False, tracker=f"127.0.0.1:{tracker.port}"
    )
    with TestClient(create_asgi(settings, BoneEngine), raise_server_exceptions=False) as client:
        yield client


def registered(client: TestClient, study_id: str, verdict: str) -> None:
    content = {"verdict": verdict, "level": "L4", "expected_tre95_mm": 0.9,
               "image_from_tracker": IMAGE_FROM_TRACKER.tolist()}  # fmt: skip
    add_document(client.app.state.store, study_id, "registration", content, "somebody")


def until(socket: Any, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> dict[str, Any]:
    """The first message of a kind."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = json.loads(socket.receive_text())
        if wanted(message):
            return message
    raise AssertionError("no such message")


def test_a_page_sees_the_tool_where_the_registration_puts_it_and_is_told_when_it_is_stale(
    client: TestClient, tracker: Tracker, upload: Callable[..., dict], ct: Path
):
    study = upload(ct)["id"]
    assert client.get(f"/api/v1/studies/{study}/tracker").json()["live_url"] == f"/studies/{study}/live"
    with client.websocket_connect(f"/studies/{study}/live") as page:
        bare = until(page, lambda m: m["state"] == "unregistered")
        assert bare["tip_ras_mm"] is None
        registered(client, study, "not_to_be_trusted")
        refused = until(page, lambda m: m["state"] == "unregistered")
        assert refused["tip_ras_mm"] is None
        registered(client, study, "accepted")
        live = until(page, lambda m: m["state"] == "live")
        assert live["tip_ras_mm"] == pytest.approx(TIP, abs=1e-3)
        assert live["axis_ras"] == pytest.approx([0, 0, 1], abs=1e-4)
        assert live["registration"] == {"number": 2, "level": "L4", "expected_tre95_mm": 0.9}
        assert abs(time.time() * 1000 - live["arrived_ms"]) < 60_000
        assert 0 <= live["arrived_ms"] - live["sent_ms"] < 60_000  # one clock here
        assert live["tip_tracker_mm"] == pytest.approx([10, 20, 30], abs=1e-3)
        assert live["check"] is None
        for registration in (1, 2):  # of the newest registration the second is
            drifted = {"registration": registration, "place": "tip", "state": "drifted"}
            add_document(client.app.state.store, study, "check", drifted, "somebody")
        warned = until(page, lambda m: m["check"] is not None)
        assert warned["check"] == {"number": 2, "place": "tip", "state": "drifted"}
        assert warned["state"] == "live"
        with client.websocket_connect(f"/studies/{study}/live") as other:
            assert until(other, lambda m: m["state"] == "live")["tip_ras_mm"] == live["tip_ras_mm"]
        tracker.sees = False
        assert until(page, lambda m: m["state"] == "hidden")["tip_ras_mm"] is not None
        tracker.sees = True
        until(page, lambda m: m["state"] == "live")
        tracker.sends = False
        stale = until(page, lambda m: m["state"] == "stale")
        assert stale["age_ms"] >= 150
        for _ in range(10):  # never live again before the tracker speaks again
            assert json.loads(page.receive_text())["state"] == "stale"
        tracker.sends = True
        until(page, lambda m: m["state"] == "live")
        page.send_text(json.dumps({"ping": 7}))
        page.send_text("nonsense")
        assert until(page, lambda m: m["type"] == "pong")["ping"] == 7


def test_a_tracker_that_left_is_said_to_be_away(
    client: TestClient, tracker: Tracker, upload: Callable[..., dict], ct: Path
):
    study = upload(ct)["id"]
    registered(client, study, "accepted")
    with client.websocket_connect(f"/studies/{study}/live") as page:
        until(page, lambda m: m["state"] == "live")
        tracker.__exit__()
        away = until(page, lambda m: m["state"] == "disconnected")
        assert away["tip_ras_mm"] is None
        assert away["status"]


def test_messages_are_stale_within_two_hundred_milliseconds():
    """By the clock of the hub: the age at which a pose stops being live, and the longest pause between two messages."""
    from segmentation.tracking.freshness import STALE_AFTER_S
    from webapp.tracking.routes import HEARTBEAT_S

    assert STALE_AFTER_S + HEARTBEAT_S < 0.2


def test_poses_are_seen_from_the_reference_that_moves_with_the_patient(tmp_path: Path):
    """Tool and reference move together by any motion: the tool stays where it is, seen from the reference."""

    class Connected:
        is_connected, problem = True, ""

    hub = TrackerHub(
        Settings(data_dir=tmp_path, tracker="127.0.0.1", tracker_reference="Patient", tracker_tool="Probe")
    )
    hub._client = Connected()  # type: ignore[assignment]
    random = np.random.default_rng(3)
    now = time.monotonic()
    for _ in range(3):
        moved = rigid.compose(rigid.from_vector(random.normal(size=3)), random.normal(size=3) * 100)
        hub.take(ToolPose("Patient", moved, True, None), now)
        hub.take(ToolPose("Probe", moved @ TOOL, True, None), now)
        snapshot = hub.snapshot()
        assert snapshot.tracker_from_tool == pytest.approx(TOOL, abs=1e-9)
    hub.take(ToolPose("Patient", np.eye(4), False, None), now)
    assert hub.snapshot().state in ("hidden", "stale")
    registration = {"verdict": "accepted", "number": 1, "level": "L4", "expected_tre95_mm": 1.0,
                    "image_from_tracker": np.eye(4).tolist()}  # fmt: skip
    assert message_of(hub.snapshot(), registration)["state"] != "live"
