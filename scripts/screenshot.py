"""Take the README's picture: the demo phantom, segmented, in a real Chromium. Never patient data.

python scripts/screenshot.py docs/screenshot.png
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
from playwright.sync_api import Locator, Page, expect, sync_playwright

SIZE = (1440, 900)
VIEWS = ("view-axial", "view-coronal", "view-sagittal", "view-3d")
SEGMENTED_WITHIN_S = 600
DRAWN_WITHIN_S = 60
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(out: Path) -> int:
    """Write the picture; returns the exit code."""
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
        browser.close()
    print(f"{out}: {out.stat().st_size // 1024} KB")
    return 0


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server on an empty folder, until the block ends."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "segmentation.cli", "serve", "--port", "0", "--data", data]
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
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshot.png")))
