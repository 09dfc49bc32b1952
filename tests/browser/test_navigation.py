"""From upload to a tracked tool on the screen, with a simulated tracker, in a real Chromium."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.core.volume import LabelMap
from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.planning.propose import propose
from segmentation.registration import rigid
from segmentation.registration.search import prepare_level
from segmentation.tracking.messages import transform_bytes
from segmentation.tracking.server import serving as tracker_serving
from segmentation.tracking.simulate import SimulatedTracker, random_motion, touched_landmarks, touched_points
from tests.browser.site import Site, serving
from tests.browser.support import expect
from webapp.paths import STATIC_DIR

pytestmark = pytest.mark.browser
IWER = STATIC_DIR / "viewer" / "node_modules" / "iwer" / "build" / "iwer.min.js"
HEADSET = "window.headset = new IWER.XRDevice(IWER.metaQuest3); window.headset.installRuntime({ forceInstall: true });"
L4 = 23
SLOW_MS = 120_000  # for a machine that is busy with other things
SPEC = PhantomSpec(("L3", "L4", "L5"), sacrum=False, ribs=False, organs=False, spacing_mm=(1.5,) * 3)


class Room:
    """A simulated tracker in a thread, and the points that it touched on L4; ``sends`` False makes it silent."""

    def __init__(self, labels: LabelMap, folder: Path) -> None:
        random = np.random.default_rng(2)
        motion = random_motion(random)
        level = prepare_level(labels, L4)
        self.tracker = SimulatedTracker(propose(labels, [L4])[0], motion)
        points = rigid.apply(motion, touched_points(level, 150, 0.25, random))
        names, touched, image = touched_landmarks(level, 0.8, random)
        pairs = zip(names, rigid.apply(motion, touched), image, strict=True)
        self.points, self.landmarks = folder / "points.csv", folder / "landmarks.csv"
        self.points.write_text("x,y,z\n" + "".join(f"{x},{y},{z}\n" for x, y, z in points))
        self.landmarks.write_text(
            "name,x,y,z,r,a,s\n" + "".join(",".join([n, *map(str, [*a, *b])]) + "\n" for n, a, b in pairs)
        )
        self.sends, self.port = True, 0
        self.holds, self.slip = False, np.zeros(3)  # the tool stands on a place; mm that all of it is moved
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    async def _serve(self) -> None:
        async with tracker_serving("127.0.0.1", 0) as server:
            self.port, begun = server.port, time.monotonic()
            self._ready.set()
            while not self._over.is_set():
                if self.sends:
                    at = 0.5 if self.holds else time.monotonic() - begun
                    pose = self.tracker.pose(at, time.time())
                    if pose.tracker_from_tool is not None:
                        pose.tracker_from_tool[:3, 3] += self.slip
                    server.send(transform_bytes(pose))
                await asyncio.sleep(0.015)

    def leave(self) -> None:
        self._over.set()
        self._thread.join(60)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    room = Room(make_phantom(SPEC).labels, tmp_path_factory.mktemp("room"))
    yield room
    room.leave()


@pytest.fixture(scope="module")
def study(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("site"), tracker=f"127.0.0.1:{room.port}") as site:
        yield _added(site, tmp_path_factory.mktemp("phantom"))


def _added(site: Site, folder: Path) -> str:
    return site.add_phantom(folder, SPEC)[0]


def opened(browser: Any, address: str, scripts: tuple[str, ...] = (), **context: Any) -> Any:
    page = browser.new_page(**{"viewport": {"width": 1300, "height": 900}, "locale": "en-GB", **context})
    page.set_default_timeout(SLOW_MS)
    for script in scripts:
        page.add_init_script(script)
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("tab-navigate").click()
    return page


def planned_and_registered(page: Any, room: Room) -> None:
    page.get_by_test_id("plan-levels").fill("L4")
    page.get_by_test_id("plan-propose").click()
    expect(page.get_by_test_id("screw")).to_have_count(2, timeout=SLOW_MS)
    page.get_by_test_id("register-label").select_option(str(L4))
    page.get_by_test_id("register-points").set_input_files(room.points)
    page.get_by_test_id("register-landmarks").set_input_files(room.landmarks)
    page.get_by_test_id("register").click()
    expect(page.get_by_test_id("registration")).to_have_attribute("data-verdict", "accepted", timeout=SLOW_MS)


def touched_again(page: Any, room: Room) -> None:
    """The tip is held still and checked; then the reference slips by 5 mm, and the next touch of the place says so."""
    live = page.get_by_test_id("live")
    room.holds = True
    page.wait_for_timeout(1000)  # what was sent before is drawn by then
    page.get_by_test_id("touch-place").fill("spinous process")
    page.get_by_test_id("touch-at-crosshair").uncheck()
    page.get_by_test_id("touch-now").click()
    touches = page.get_by_test_id("touch")
    expect(touches).to_have_count(1, timeout=SLOW_MS)
    room.slip = np.array([5.0, 0, 0])
    page.wait_for_timeout(1000)
    page.get_by_test_id("touch-now").click()
    expect(touches).to_have_count(2, timeout=SLOW_MS)
    expect(touches.first).to_have_attribute("data-state", "drifted")
    expect(touches.first).to_contain_text(re.compile(r"Since the first touch\s*[45]\.\d mm"))
    expect(page.get_by_test_id("live-warning")).to_contain_text("DRIFT", timeout=SLOW_MS)
    expect(page.get_by_test_id("live-distance")).to_have_count(0)
    expect(page.locator(".sv-live-veil")).to_contain_text("moved")
    expect(live).to_have_attribute("data-state", "live")
    room.holds, room.slip = False, np.zeros(3)


def test_a_screw_is_dragged_checked_at_once_undone_and_kept(browser: Any, study: str, room: Room):
    page = opened(browser, study)
    planned_and_registered(page, room)
    page.get_by_test_id("screw").first.click()
    result = page.get_by_test_id("screw-result")
    expect(result).to_have_attribute("data-grade", "A", timeout=SLOW_MS)
    expect(page.get_by_test_id("clearance-chart")).to_be_visible(timeout=SLOW_MS)
    assert (
        page.get_by_test_id("pedicle-eye").evaluate(
            "eye => new Set(eye.getContext('2d').getImageData(0, 0, eye.width, eye.height).data).size"
        )
        > 20
    )  # bone and what is around it
    grip = page.get_by_test_id("view-axial").get_by_test_id("grip-tip")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "['B', 'C', 'D', 'E'].includes(document.querySelector('[data-testid=screw-result]').dataset.grade)"
    )
    expect(result).to_contain_text("Breach")
    page.get_by_test_id("screw-undo").click()
    expect(result).to_have_attribute("data-grade", "A", timeout=SLOW_MS)
    expect(page.get_by_test_id("screw-keep")).to_be_disabled()
    page.get_by_test_id("screw-thinner").click()
    page.get_by_test_id("screw-keep").click()
    expect(page.get_by_test_id("screw-keep")).to_be_disabled(timeout=SLOW_MS)
    address = page.get_by_test_id("plan-csv").get_attribute("href")
    table = page.request.get(page.url.split("/studies/")[0] + address).text()
    assert len(table.splitlines()) == 3
    assert "Research use only" in table
    page.close()


def test_from_upload_to_a_tracked_tool_on_the_screen(browser: Any, study: str, room: Room):
    page = opened(browser, study)
    planned_and_registered(page, room)
    assert page.get_by_test_id("screw").first.locator(".sv-grade").inner_text() == "A"
    assert page.locator(".sv-navigation .sv-screw").count() > 0
    expect(page.get_by_text("Research use only").first).to_be_visible()
    page.get_by_test_id("live-toggle").click()
    live = page.get_by_test_id("live")
    expect(live).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    expect(live).to_contain_text("Research use only")
    expect(page.get_by_test_id("live-distance")).to_contain_text("mm", timeout=SLOW_MS)
    page.wait_for_function("parseFloat(document.querySelector('.sv-live').dataset.hz) > 0")
    for plane in ("axial", "coronal", "sagittal"):
        expect(page.get_by_test_id(f"view-{plane}").locator(".sv-tool.sv-tip")).to_have_count(1, timeout=SLOW_MS)
    print(f"{live.get_attribute('data-hz')} Hz, {live.get_attribute('data-latency')} ms")  # noqa: T201

    touched_again(page, room)

    room.sends = False
    expect(live).to_have_attribute("data-state", "stale", timeout=SLOW_MS)
    expect(page.get_by_test_id("live-distance")).to_have_count(0)
    expect(page.locator(".sv-live-veil")).to_contain_text("STALE")
    page.wait_for_function("document.querySelectorAll('.sv-tool:not(.sv-not-live)').length === 0")
    room.sends = True
    expect(live).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    page.get_by_test_id("live-toggle").click()
    expect(live).to_have_count(0)
    assert page.locator(".sv-tool").count() == 0
    page.close()


def in_room(page: Any) -> dict[str, Any]:
    return dict(page.evaluate("window.spineview.room"))


def controller(page: Any, at: tuple[float, float, float], **buttons: float) -> None:
    """Put the right controller somewhere in the room, metres, and press its buttons."""
    page.evaluate(
        """async ([at, buttons]) => {
          const controller = window.headset.controllers.right;
          controller.position.set(...at);
          for (let n = 0; n < 3; n += 1) await new Promise((done) => setTimeout(done, 120));
          Object.entries(buttons).forEach(([name, value]) => controller.updateButtonValue(name, value));
          for (let n = 0; n < 4; n += 1) await new Promise((done) => setTimeout(done, 120));
        }""",
        [list(at), buttons],
    )


# Where the tool's tip is held to the controller's end: mm of the tracker from the first place, and metres of the room.
TOUCHED = [(0.0, 0.0, 0.0), (150.0, 0.0, 0.0), (0.0, 160.0, 0.0), (60.0, 50.0, 140.0)]
TURN = np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]])


def test_in_a_headset_the_spine_stands_where_the_patient_lies(browser: Any, study: str, room: Room):
    if not IWER.is_file():
        pytest.skip("the emulated headset is not installed: run `make viewer`")
    small = {"width": 700, "height": 480}  # a processor draws both eyes
    page = opened(browser, study, (IWER.read_text(encoding="utf-8"), HEADSET), viewport=small)
    page.get_by_test_id("show-reference").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    page.get_by_test_id("tab-navigate").click()
    planned_and_registered(page, room)
    room.holds = True
    page.get_by_test_id("live-follows").uncheck()
    page.get_by_test_id("live-toggle").click()
    expect(page.get_by_test_id("live")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    expect(page.get_by_test_id("xr-enter")).to_have_text("Enter AR")
    page.get_by_test_id("xr-enter").click()
    page.wait_for_function("window.spineview.room?.tool?.isLive")
    now = in_room(page)
    assert not now["isPlaced"]
    assert now["screws"] == 2
    assert "Research use only" in now["lines"][0]
    assert any("NOT in the patient" in line for line in now["lines"])

    tips, places = [], []
    for n, shift in enumerate(TOUCHED):
        room.slip = np.array(shift)
        page.wait_for_timeout(700)  # what was sent before is drawn by then
        at = TURN @ np.array(shift) / 1000 + [0.2, 1.1, -0.4]
        tips.append(in_room(page)["tool"]["tip"])
        places.append(at * 1000)
        controller(page, tuple(at.tolist()), trigger=1.0)
        controller(page, tuple(at.tolist()), trigger=0.0)
        assert in_room(page)["touches"] == n + 1
    page.wait_for_function("window.spineview.room.isPlaced")
    now = in_room(page)
    matrix = np.array(now["roomFromImage"]).reshape(4, 4).T
    off = rigid.apply(matrix, np.array(tips)) - np.array(places)
    off[:, 1] -= off[:, 1].mean()  # the height at which the headset counts from
    assert np.linalg.norm(off, axis=1).max() < 4
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1, abs=1e-4)
    assert not any("NOT in the patient" in line for line in now["lines"])

    # What stands in the patient's place is not moved by hand.
    before = page.evaluate("window.spineview.vr")
    controller(page, (0.2, 1.1, -0.4), squeeze=1.0)
    controller(page, (0.6, 1.3, -0.4), squeeze=1.0)
    assert page.evaluate("window.spineview.vr") == before
    room.sends = False
    page.wait_for_function("window.spineview.room.tool && !window.spineview.room.tool.isLive")
    assert any("STALE" in line for line in in_room(page)["lines"])
    room.sends, room.holds, room.slip = True, False, np.zeros(3)
    page.get_by_test_id("xr-enter").press("Enter")  # the emulator's own canvas covers the page
    page.wait_for_function("window.spineview.room === null")
    assert page.locator(".sv-vr").count() == 0
    page.close()


def test_in_chinese_on_a_tablet_by_finger_what_was_made_is_there(browser: Any, study: str):
    page = opened(browser, study, viewport={"width": 820, "height": 1180}, has_touch=True, locale="zh-CN")
    expect(page.get_by_test_id("navigation")).to_contain_text("仅供研究使用")
    expect(page.get_by_test_id("screw")).to_have_count(2, timeout=SLOW_MS)
    expect(page.get_by_test_id("registration")).to_contain_text("已接受")
    page.get_by_test_id("screw").first.tap()
    assert page.get_by_test_id("screw").first.get_attribute("aria-pressed") == "true"
    assert page.get_by_test_id("xr-tools").count() == 0  # Chromium has no headset here
    for button in page.get_by_test_id("navigation").locator("button").all():
        assert button.bounding_box()["height"] >= 40
    page.close()
