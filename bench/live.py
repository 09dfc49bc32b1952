"""Print how long a tracked pose takes from the tracker to the picture in a real Chromium, and how many are drawn.

    CHROMIUM=/usr/bin/chromium python bench/live.py [--seconds 20] [--rate 60] [--pages 2]

A simulated tracker sends poses over OpenIGTLink, each stamped with its time; the whole server passes them on; pages
draw them above a phantom's slices and in 3D. The page is watched from outside: a picture counts when the browser has
painted the frame in which the tool's tip was drawn anew, and its latency is the time since the stamp of the pose that
the socket brought last. All clocks are this computer's. Then the tracker falls silent, and the time is taken from its
last pose until the page says that it is stale. ``--tablet`` shows the page as a tablet does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from playwright.sync_api import Page, sync_playwright

from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.planning.propose import propose
from segmentation.tracking.messages import transform_bytes
from segmentation.tracking.server import serving as tracker_serving
from segmentation.tracking.simulate import SimulatedTracker, random_motion
from segmentation.writers import write_nifti, write_volume
from webapp.asgi import create_asgi
from webapp.settings import Settings
from webapp.storage.navigation.documents import add_document

FLAGS = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
DESKTOP = {"viewport": {"width": 1300, "height": 900}}
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
WAIT_MS = 180_000
L4 = 23

WATCH = """
window.pictures_ = [];
window.staleAt_ = 0;
let last = null;
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    if (String(given[0]).endsWith('/live')) this.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'pose') last = message;
    });
  }
};
let number = -1;
new MutationObserver((changes) => {
  const state = document.querySelector('.sv-live')?.dataset.state;
  if (state === 'stale' && !window.staleAt_) window.staleAt_ = Date.now();
  const drawn = changes.some(({ target }) => target.closest?.('.sv-navigation'));
  if (!drawn || !last || last.state !== 'live' || last.number === number) return;
  number = last.number;
  const { sent_ms: sent, arrived_ms: arrived } = last;
  // A task posted by the frame's own callback runs when that frame has been painted.
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.pictures_.push([Date.now(), Date.now() - sent, Date.now() - arrived]);
    channel.port2.postMessage(0);
  });
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


@contextmanager
def serving(folder: Path, tracker: str) -> Iterator[tuple[str, Any]]:
    """Serve on a free port; gives the address and the application."""
    application = create_asgi(
        Settings(data_dir=folder / "data", min_free_bytes=0, preload_model=False, tracker=tracker)
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", application
    finally:
        server.should_exit = True
        thread.join(10)


def study_with_plan(address: str, application: Any, folder: Path, motion: np.ndarray) -> str:
    """Upload a phantom, plan its L4, and store the true registration; gives the page's address."""
    files = {name: (path, (folder / path).read_bytes()) for name, path in
             (("file", "ct.nii.gz"), ("reference", "vert.nii.gz"))}  # fmt: skip
    study = httpx.post(f"{address}/api/v1/studies", files=files, timeout=120).json()
    plan = httpx.post(f"{address}/api/v1/studies/{study['id']}/plans", json={"levels": ["L4"]}, timeout=120)
    plan.raise_for_status()
    content = {"verdict": "accepted", "level": "L4", "label": L4, "expected_tre95_mm": 1.0, "mask_id": "", "file": "",
               "image_from_tracker": np.linalg.inv(motion).tolist(), "reasons": [], "notice": "",
               "points_ras_mm": [], "residuals_mm": [], "inliers": [], "landmark_errors_mm": [], "expected_tre": [],
               "suggested_points_ras_mm": []}  # fmt: skip
    add_document(application.state.store, study["id"], "registration", content, "bench")
    return f"{address}{study['url']}"


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
    print(f"| {name} | {len(at)} | {hz:.0f} | {' | '.join(figures)} |", flush=True)


def run(options: argparse.Namespace, chromium: str, folder: Path) -> None:
    """Measure and print."""
    spec = PhantomSpec(("L3", "L4", "L5"), sacrum=False, ribs=False, organs=False, spacing_mm=(1.0,) * 3)
    phantom = make_phantom(spec)
    write_volume(phantom.volume, folder / "ct.nii.gz")
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    motion = random_motion(np.random.default_rng(2))
    room = Room(SimulatedTracker(propose(phantom.labels, [L4])[0], motion), options.rate)
    with serving(folder, f"127.0.0.1:{room.port}") as (address, application), sync_playwright() as playwright:
        url = study_with_plan(address, application, folder, motion)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        look = TABLET if options.tablet else DESKTOP
        pages = [opened(browser, url, look) for _ in range(options.pages)]
        print(f"{options.rate:g} poses a second, {options.pages} pages, load {os.getloadavg()[0]:.1f}")
        print("| page | pictures | Hz | from the tracker to the picture: median, 95 % | from the server |")
        print("|---|---|---|---|---|")
        for follows in (False, True):
            for page in pages:
                page.get_by_test_id("live-follows").set_checked(follows)
                page.evaluate("window.pictures_ = []")
            pages[0].wait_for_timeout(options.seconds * 1000)
            for number, page in enumerate(pages):
                name = f"{number + 1}, slices {'follow' if follows else 'stay'}"
                show(name, page.evaluate("window.pictures_"))
        for page in pages:
            page.evaluate("window.staleAt_ = 0")
        room.sends = False
        for page in pages:
            page.wait_for_function("window.staleAt_ > 0")
            print(f"stale after {page.evaluate('window.staleAt_') - room.last_sent * 1000:.0f} ms")
        browser.close()
    room.leave()


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("--tablet", action="store_true")
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium: set CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        run(options, chromium, Path(folder))


if __name__ == "__main__":
    main()
