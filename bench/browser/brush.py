"""How long a dab of the brush takes until it is on the screen, on the page of a large scan with its vertebrae."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from browser.page import FLAGS
from playwright.sync_api import sync_playwright

WAIT_MS = 300_000
STROKES, DABS = 6, 12
FRAME_MS = 33
# From a pointer's event until the browser has done with the frame after it.
WATCH = """() => {
  window.dabs = [];
  document.querySelector('[data-testid=view-axial] .sv-canvas').addEventListener('pointermove', ({ buttons }) => {
    if (!buttons) return;
    const begun = performance.now();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.dabs.push(performance.now() - begun);
      port2.postMessage(0);
    });
  }, { capture: true });
}"""


def add_vertebrae(application: Any, study_id: str, scan: Path) -> None:
    """Give a study its phantom's labels, as a job would have found them."""
    from segmentation.readers import read_label_map, read_volume
    from webapp.storage.mask_files import write_mask

    store = application.state.store
    staged = store.stage()
    labels, volume = read_label_map(scan / "vert.nii.gz"), read_volume(scan / "ct.nii.gz")
    mask = write_mask(labels, volume, staged, study_id, "vertebrae")
    store.jobs.complete(store.jobs.add(study_id).id, mask, staged, "")


def brush_times(chromium: str, study: str, voxels: tuple[int, ...]) -> str:
    """One line: milliseconds of a dab, the middle one and the worst."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(study)
        page.wait_for_function(
            "window.spineview && window.spineview.ready && window.spineview.masks.length", timeout=WAIT_MS
        )
        page.get_by_test_id("edit-start").click()
        page.get_by_test_id("edit-panel").wait_for(timeout=WAIT_MS)
        page.get_by_test_id("edit-over").select_option("all")
        page.evaluate(WATCH)
        box = page.get_by_test_id("view-axial").locator(".sv-canvas").bounding_box()
        assert box is not None
        for stroke in range(STROKES):
            x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * (0.35 + 0.05 * stroke)
            page.mouse.move(x, y)
            page.mouse.down()
            for dab in range(1, DABS + 1):
                page.mouse.move(x + 6 * dab, y + dab)
                page.wait_for_function(f"window.dabs.length >= {stroke * DABS + dab}")
            page.mouse.up()
        dabs = page.evaluate("window.dabs")
        browser.close()
    middle, worst = statistics.median(dabs), max(dabs)
    kept = "kept" if middle <= FRAME_MS else "NOT kept"
    size = " x ".join(map(str, voxels))
    return (
        f"brush       {size} voxels, {len(dabs)} dabs, from the pointer to the end of the frame: "
        f"{middle:.0f} ms in the middle, {worst:.0f} ms at worst; one frame of {FRAME_MS} ms: {kept}"
    )
