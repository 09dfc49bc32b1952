"""Take the README's picture and clip: the demo phantom, segmented, in a real Chromium. Never patient data.

python scripts/screenshot.py docs/screenshot.png [docs/turning.gif]
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

SIZE = (1440, 900)
VIEWS = ("view-axial", "view-coronal", "view-sagittal", "view-3d")
SEGMENTED_WITHIN_S = 600
DRAWN_WITHIN_S = 60
RECORDED_WITHIN_S = 300
CLIP_SIZE: ViewportSize = {"width": 1060, "height": 820}  # panels of a handy size
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(out: Path, clip: Path | None = None) -> int:
    """Write the picture, and the clip of the 3D view if it has a name; returns the exit code."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("screenshot: no Chromium found; set CHROMIUM to its path", file=sys.stderr)
        return 2
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-US")
        page.goto(address)
        page.get_by_test_id("demo-button").click()
        open_study(page, address)
        page.get_by_test_id("segment-button").click()
        expect(page.get_by_test_id("download-mask")).to_be_visible(timeout=1000 * SEGMENTED_WITHIN_S)
        for view in VIEWS:
            wait_until_drawn(page, page.get_by_test_id(view))
        out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=out)
        if clip is not None:
            record(page, clip)
        browser.close()
    for made in (out, clip):
        if made is not None:
            print(f"{made}: {made.stat().st_size // 1024} KB")
    return 0


def record(page: Page, clip: Path) -> None:
    """Save the CT coloured by its mask, turning once: the page's own clip."""
    page.set_viewport_size(CLIP_SIZE)
    page.get_by_test_id("mask-style-colour").click()
    page.get_by_test_id("volume-preset-spine").click()
    page.get_by_test_id("look-A").click()
    wait_until_drawn(page, page.get_by_test_id("view-3d"))
    with page.expect_download(timeout=1000 * RECORDED_WITHIN_S) as download:
        page.get_by_test_id("capture-clip").click()
    download.value.save_as(clip)


@contextmanager
def serving() -> Iterator[str]:
    """Serve on an empty folder until the block ends; yield the address."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                yield _announced(server)
            finally:
                server.terminate()
                server.wait(30)


def _announced(server: subprocess.Popen[str]) -> str:
    for line in server.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("screenshot: the server ended before it said where it answers")


def open_study(page: Page, address: str) -> None:
    """Go to the study's page, if the demo button did not already."""
    if re.search(r"/studies/", page.url) is None:
        row = page.get_by_test_id("study-link").or_(page.get_by_test_id("segment-button"))
        expect(row.first).to_be_visible(timeout=120_000)
        if "/studies/" not in page.url:
            page.goto(address.rstrip("/") + str(page.get_by_test_id("study-link").first.get_attribute("href")))
    expect(page.get_by_test_id("segment-button")).to_be_enabled(timeout=120_000)


def wait_until_drawn(page: Page, view: Locator) -> None:
    """Wait until a view shows more than one shade, and two pictures of it in a row are the same."""
    before, deadline = None, time.monotonic() + DRAWN_WITHIN_S
    while time.monotonic() < deadline:
        now = np.asarray(Image.open(io.BytesIO(view.screenshot())).convert("L"), dtype=float)
        if before is not None and now.shape == before.shape and now.std() > 10 and np.array_equal(now, before):
            return
        before = now
        page.wait_for_timeout(500)
    raise SystemExit(f"screenshot: {view} stayed empty")


if __name__ == "__main__":
    names = [Path(name) for name in sys.argv[1:]] or [Path("docs/screenshot.png")]
    sys.exit(main(*names[:2]))
