"""One page in a Chromium of its own: when it shows something, what it fetches, how it turns, what memory it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZE = {"width": 1200, "height": 800}
SHOWN_WITHIN_S = 90
TURNING_S = 6

# Counts frames in which anything was drawn, and keeps drawn pictures readable; the same for whatever page it is.
WATCH = """
window.frames_ = 0;
let dirty = false;
for (const name of ['drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced']) {
  const draw = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...a) { dirty = true; return draw.apply(this, a); };
}
const tick = () => { if (dirty) window.frames_ += 1; dirty = false; requestAnimationFrame(tick); };
requestAnimationFrame(tick);
const context = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  return context.call(this, kind, kind === 'webgl2' ? { ...options, preserveDrawingBuffer: true } : options);
};
const probe = new OffscreenCanvas(64, 64).getContext('2d', { willReadFrequently: true });
// How many of 64 x 64 pixels of a part (fractions x, y, width, height) of a canvas are no background.
window.bright_ = (canvas, [x, y, w, h]) => {
  probe.clearRect(0, 0, 64, 64);
  probe.drawImage(canvas, x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height, 0, 0, 64, 64);
  const { data } = probe.getImageData(0, 0, 64, 64);
  let count = 0;
  for (let n = 0; n < data.length; n += 4) if (data[n] > 40) count += 1;
  return count;
};
window.seen_ = {};
window.watch_ = (parts) => {
  const look = () => {
    for (const [name, find] of Object.entries(parts)) {
      const found = window.seen_[name] === undefined && find();
      if (found && window.bright_(found.canvas, found.part) > 40) window.seen_[name] = performance.now();
    }
    if (Object.keys(parts).some((name) => window.seen_[name] === undefined)) setTimeout(look, 30);
  };
  look();
};
"""


@dataclass
class Measured:
    """Seconds from the page's address to a picture, megabytes, frames a second, and megabytes of memory at most."""

    first_slice_s: float = 0.0
    first_3d_s: float = 0.0
    megabytes: float = 0.0
    frames_per_s: float = 0.0
    peak_mb: float = 0.0
    notes: list[str] = field(default_factory=list)


@contextmanager
def measured(chromium: str, parts: str) -> Iterator[tuple[Page, Measured]]:
    """Open a fresh page; ``parts`` is JavaScript: functions that find a canvas and the part of it to look at."""
    result = Measured()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        system = browser.new_browser_cdp_session()
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        page.add_init_script(f"{WATCH}; window.watch_({parts});")
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        sizes: list[float] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        memory = Memory([process["id"] for process in processes(system)])
        yield page, result
        result.megabytes = sum(sizes) / 1e6
        result.peak_mb, _ = memory.stop([])
        browser.close()


class Sends(Protocol):
    """A browser that takes commands of the Chrome DevTools Protocol."""

    def send(self, method: str, /) -> Any:
        """Return the answer to one command."""


def processes(system: Sends) -> list[dict[str, Any]]:
    """List the browser's processes as it reports them: ``id`` and ``type``."""
    found: list[dict[str, Any]] = system.send("SystemInfo.getProcessInfo")["processInfo"]
    return found


class Memory(threading.Thread):
    """The most memory that these processes and their children hold, shared pages counted once (PSS)."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(daemon=True)
        self._pids = pids
        self._together_kib = 0
        self._each_kib: dict[int, int] = {}
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        """Look every third of a second."""
        while not self._over.wait(0.3):
            now = {pid: _pss_kib(pid) for pid in self._family()}
            self._together_kib = max(self._together_kib, sum(now.values()))
            self._each_kib |= {pid: max(kib, self._each_kib.get(pid, 0)) for pid, kib in now.items()}

    def stop(self, tabs: list[int]) -> tuple[float, float]:
        """Megabytes at most: of all together, and of the greatest of the processes ``tabs``."""
        self._over.set()
        self.join()
        greatest = max((self._each_kib.get(pid, 0) for pid in tabs), default=0)
        return self._together_kib * 1024 / 1e6, greatest * 1024 / 1e6

    def _family(self) -> set[int]:
        parents: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found, waiting = set(), list(self._pids)
        while waiting:
            pid = waiting.pop()
            if pid not in found:
                found.add(pid)
                waiting += parents.get(pid, [])
        return found


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def await_pictures(page: Page, result: Measured) -> None:
    """Note when the first slice and the first 3D picture were seen."""
    page.wait_for_function("window.seen_.slice && window.seen_.volume", timeout=1000 * SHOWN_WITHIN_S)
    seen = page.evaluate("window.seen_")
    result.first_slice_s, result.first_3d_s = seen["slice"] / 1000, seen["volume"] / 1000


def turn(page: Page, result: Measured, middle: tuple[float, float]) -> None:
    """Drag around ``middle`` for a while and count the frames that were drawn."""
    page.mouse.move(*middle)
    page.mouse.down()
    before, started = page.evaluate("window.frames_"), time.monotonic()
    n = 0
    while time.monotonic() - started < TURNING_S:
        n += 1
        page.mouse.move(middle[0] + (n % 60 - 30) * 2, middle[1] + (n % 7))
        page.wait_for_timeout(15)
    result.frames_per_s = (page.evaluate("window.frames_") - before) / (time.monotonic() - started)
    page.mouse.up()
