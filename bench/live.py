"""Print how long a tracked pose takes from the tracker to the picture in a real Chromium, and how many are drawn.

    CHROMIUM=/usr/bin/chromium python bench/live.py [--seconds 20] [--rate 60] [--pages 1] [--silences 5]

A simulated tracker sends poses over OpenIGTLink, each stamped with its time; the whole server passes them on; pages
on a desk and on a tablet draw them above a phantom's slices and in 3D. Each page is watched from outside: it says which
pose it drew, and the picture counts as shown when the browser begins the next frame, which it does once this one is
handed on to be displayed. Latencies are the time since the stamp of that pose, and since it came to the server. All
clocks are this computer's. Then the tracker falls silent, and the time is taken from its last pose until the page's
next frame after it says that it is stale.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from browser.page import FLAGS
from playwright.sync_api import Page, sync_playwright
from serving import serving, upload

from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.planning.propose import propose
from segmentation.tracking.messages import transform_bytes
from segmentation.tracking.server import serving as tracker_serving
from segmentation.tracking.simulate import SimulatedTracker, random_motion
from segmentation.writers import write_nifti, write_volume
from webapp.storage.navigation.documents import add_document

LOOKS: dict[str, dict[str, Any]] = {
    "desktop, 1300 x 900": {"viewport": {"width": 1300, "height": 900}},
    "tablet, 820 x 1180": {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True},
}
WAIT_MS = 180_000
L4 = 23

WATCH = """
window.pictures_ = [];
window.stale_ = [];
window.missed_ = 0;
const poses = new Map();
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    if (String(given[0]).endsWith('/live')) this.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'pose' && message.state === 'live') poses.set(message.number, message);
    });
  }
};
const shown = (act) => requestAnimationFrame(() => act(Date.now()));
let [drawn, state] = ['', ''];
new MutationObserver(() => {
  const live = document.querySelector('.sv-live')?.dataset;
  if (!live) return;
  if (live.state !== state && live.state === 'stale') shown((now) => window.stale_.push(now));
  state = live.state;
  if (live.drawn === drawn) return;
  drawn = live.drawn;
  const pose = poses.get(Number(drawn));
  if (!pose) window.missed_ += 1;
  else shown((now) => window.pictures_.push([now, now - pose.sent_ms, now - pose.arrived_ms]));
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


class Room:
    """A simulated tracker in a thread; ``sends`` False makes it silent."""

    def __init__(self, tracker: SimulatedTracker, rate: float) -> None:
        self.sends, self.port, self.last_sent = True, 0, 0.0
        self._tracker, self._rate = tracker, rate
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _serve(self) -> None:
        async with tracker_serving("127.0.0.1", 0) as server:
            self.port, begun = server.port, time.monotonic()
            self._ready.set()
            due = begun
            while not self._over.is_set():
                if self.sends:
                    self.last_sent = time.time()
                    server.send(transform_bytes(self._tracker.pose(time.monotonic() - begun, self.last_sent)))
                due += 1 / self._rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def leave(self) -> None:
        """End it."""
        self._over.set()
        self._thread.join()


def study_with_plan(address: str, application: Any, folder: Path, motion: np.ndarray) -> str:
    """Upload a phantom, plan its L4, and store the true registration; gives the page's address."""
    url = upload(address, folder)
    study = url.rsplit("/", 1)[1]
    plan = httpx.post(f"{address}/api/v1/studies/{study}/plans", json={"levels": ["L4"]}, timeout=120)
    plan.raise_for_status()
    content = {"verdict": "accepted", "level": "L4", "label": L4, "expected_tre95_mm": 1.0, "mask_id": "", "file": "",
               "image_from_tracker": np.linalg.inv(motion).tolist(), "reasons": [], "notice": "",
               "points_ras_mm": [], "residuals_mm": [], "inliers": [], "landmark_errors_mm": [], "expected_tre": [],
               "suggested_points_ras_mm": []}  # fmt: skip
    add_document(application.state.store, study, "registration", content, "bench")
    return url


def opened(browser: Any, url: str, look: dict[str, Any]) -> Page:
    """Open the study and follow the tool."""
    page: Page = browser.new_page(locale="en-GB", **look)
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("tab-navigate").click()
    page.get_by_test_id("screw").first.wait_for()
    page.get_by_test_id("live-toggle").click()
    page.wait_for_function("document.querySelector('.sv-live')?.dataset.state === 'live'")
    return page


def show(name: str, pictures: list[list[float]]) -> None:
    """Print a line of the table."""
    at, sent, arrived = (np.array(column) for column in zip(*pictures, strict=True))
    hz = (len(at) - 1) / max((at[-1] - at[0]) / 1000, 1e-9)
    figures = [f"{np.median(each):.0f}, {np.quantile(each, 0.95):.0f} ms" for each in (sent, arrived)]
    gap = np.diff(at).max(initial=0)
    print(f"| {name} | {len(at)} | {hz:.0f} | {' | '.join(figures)} | {gap:.0f} ms |", flush=True)


def silence(room: Room, pages: list[Page]) -> list[float]:
    """Let the tracker fall silent; milliseconds from its last pose until each page says that it is stale."""
    room.sends = False
    last_ms = room.last_sent * 1000
    times = []
    for page in pages:
        page.wait_for_function(f"window.stale_.some((at) => at > {last_ms})")
        times.append(page.evaluate(f"window.stale_.find((at) => at > {last_ms})") - last_ms)
    room.sends = True
    for page in pages:
        page.wait_for_function("document.querySelector('.sv-live')?.dataset.state === 'live'")
        page.wait_for_timeout(500)
    return times


def measure(name: str, browser: Any, url: str, room: Room, options: argparse.Namespace) -> list[float]:
    """Print the lines of one kind of page; gives the times until it called the tool stale."""
    pages = [opened(browser, url, LOOKS[name]) for _ in range(options.pages)]
    for follows in (False, True):
        for page in pages:
            page.get_by_test_id("live-follows").set_checked(follows)
        pages[0].wait_for_timeout(1000)
        for page in pages:
            page.evaluate("window.pictures_ = []")
        pages[0].wait_for_timeout(options.seconds * 1000)
        for page in pages:
            show(f"{name}, slices {'follow' if follows else 'stay'}", page.evaluate("window.pictures_"))
    times = [each for _ in range(options.silences) for each in silence(room, pages)]
    for page in pages:
        page.close()
    return times


def run(options: argparse.Namespace, chromium: str, folder: Path) -> None:
    """Measure and print."""
    spec = PhantomSpec(("L3", "L4", "L5"), sacrum=False, ribs=False, organs=False, spacing_mm=(1.0,) * 3)
    phantom = make_phantom(spec)
    write_volume(phantom.volume, folder / "ct.nii.gz")
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    motion = random_motion(np.random.default_rng(2))
    room = Room(SimulatedTracker(propose(phantom.labels, [L4])[0], motion), options.rate)
    tracker = f"127.0.0.1:{room.port}"
    with serving(folder, tracker=tracker) as (address, application), sync_playwright() as playwright:
        url = study_with_plan(address, application, folder, motion)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"{options.rate:g} poses a second, pages open at once: {options.pages}, {os.cpu_count()} processor cores")
        print(
            "| page | pictures | Hz | from the tracker to the picture: median, 95 % | from the server | longest gap |"
        )
        print("|---|---|---|---|---|---|")
        times = {name: measure(name, browser, url, room, options) for name in LOOKS}
        print()
        for name, each in times.items():
            figures = f"{np.median(each):.0f} ms (median), {max(each):.0f} ms (greatest of {len(each)})"
            print(f"{name}: called stale after {figures}")
        browser.close()
    room.leave()
    print(f"load while it ran: {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("--silences", type=int, default=5)
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium: set CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        run(options, chromium, Path(folder))


if __name__ == "__main__":
    main()
