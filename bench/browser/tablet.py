"""What the page of a large scan takes of a tablet's memory.

The browser is told that a graphics card draws, though a processor does: so the page hands to it all that it would
hand to a tablet's. What the card itself then holds is not the tab's, and not counted. Chromium is spoken to directly:
Playwright has the browser keep much of what was fetched in the tab's own process.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser.page import FLAGS, Memory, processes
from websockets.sync.client import ClientConnection, connect

BUDGET_MB = 700
WAIT_S = 300
SCREEN = {"width": 820, "height": 1180, "deviceScaleFactor": 1, "mobile": True}
# 0x9246 is UNMASKED_RENDERER_WEBGL.
CARD = """
const parameter_ = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? 'A tablet' : parameter_.call(this, name);
};
"""
SCROLL = """
for (const name of ['view-axial', 'view-coronal', 'view-sagittal'])
  for (let n = 0; n < 10; n += 1)
    document.querySelector(`[data-testid=${name}]`)
      .dispatchEvent(new KeyboardEvent('keydown', { key: 'PageUp', bubbles: true }));
"""


class Target:
    """A page of a browser, or the browser itself, by the Chrome DevTools Protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._last = socket, 0

    def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer to one command."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params or {}}))
        while True:
            said = json.loads(self._socket.recv(timeout=WAIT_S))
            if said.get("id") == self._last:
                result: dict[str, Any] = said["result"]
                return result

    def run(self, script: str) -> Any:
        """Return the value of JavaScript; what it throws is raised."""
        answer = self.send("Runtime.evaluate", {"expression": script, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Until JavaScript is true."""
        end = time.monotonic() + WAIT_S
        while not self.run(script):
            if time.monotonic() > end:
                raise TimeoutError(f"not within {WAIT_S} s: {script}")
            time.sleep(0.2)

    def press(self, test_id: str) -> None:
        """Click an element, and give the page the time to draw."""
        self.run(f"document.querySelector('[data-testid={test_id}]').click()")
        time.sleep(5)


def tablet_memory(chromium: str, study: str, voxels: tuple[int, ...]) -> str:
    """One line: megabytes of the tab at most while it loads, shows its mask in every way, and is scrolled through."""
    with _browser(chromium) as (browser, page):
        memory = Memory([process["id"] for process in processes(browser)])
        page.send("Emulation.setDeviceMetricsOverride", SCREEN)
        page.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        page.send("Page.enable")
        page.send("Page.addScriptToEvaluateOnNewDocument", {"source": CARD})
        page.send("Page.navigate", {"url": study})
        page.wait("window.spineview?.ready")
        page.press("show-reference")
        page.wait("window.spineview.masks.length === 1")
        page.run(SCROLL)
        page.press("mask-style-colour")
        page.press("layout-compare")
        page.wait("document.querySelector('[data-testid=view-original-3d] canvas') !== null")
        tabs = [process["id"] for process in processes(browser) if process["type"] == "renderer"]
        together, tab = memory.stop(tabs)
    kept = "kept" if tab <= BUDGET_MB else "NOT KEPT"
    return (
        f"tablet      {' x '.join(map(str, voxels))} voxels with a mask: {tab:.0f} MB in the tab at most; "
        f"budget {BUDGET_MB} MB: {kept}; all processes of the browser {together:.0f} MB"
    )


@contextmanager
def _browser(chromium: str) -> Iterator[tuple[Target, Target]]:
    """Start a browser with one empty page; yield both."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        flags = [*FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        process = subprocess.Popen([chromium, *flags], stderr=subprocess.DEVNULL)
        try:
            port, path = _port(Path(folder) / "DevToolsActivePort")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                page = next(target for target in json.load(answer) if target["type"] == "page")
            with (
                connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as system,
                connect(page["webSocketDebuggerUrl"], max_size=None) as socket,
            ):
                yield Target(system), Target(socket)
        finally:
            process.terminate()
            process.wait(20)


def _port(file: Path) -> tuple[int, str]:
    """Where the browser listens, once it does."""
    end = time.monotonic() + WAIT_S
    while not (file.is_file() and len(file.read_text().splitlines()) == 2):
        if time.monotonic() > end:
            raise TimeoutError("Chromium does not start")
        time.sleep(0.1)
    port, path = file.read_text().splitlines()
    return int(port), path
