"""What the page of a large scan takes of a tablet's memory.

The browser is told that a graphics card draws, though a processor does: so the page hands to it all that it would hand to
a tablet's. What the card itself then holds is not the tab's, and not counted.
"""

from __future__ import annotations

from playwright.sync_api import Page
from viewer_page import await_pictures, measured

TABLET = {"viewport": {"width": 820, "height": 1180}, "device_scale_factor": 1, "has_touch": True}
BUDGET_MB = 700
WAIT_MS = 600_000
# 0x9246 is UNMASKED_RENDERER_WEBGL.
CARD = """
const parameter_ = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? 'A tablet' : parameter_.call(this, name);
};
"""


def tablet_memory(chromium: str, study: str, parts: str, voxels: tuple[int, ...]) -> str:
    """One line: megabytes of the tab at most while it loads, shows its mask in every way, and is scrolled through."""
    with measured(chromium, parts, TABLET, CARD) as (page, result):
        page.goto(study)
        await_pictures(page, result)
        page.wait_for_function("window.spineview.ready", timeout=WAIT_MS)
        page.get_by_test_id("show-reference").click()
        page.wait_for_function("window.spineview.masks.length === 1", timeout=WAIT_MS)
        _use(page)
    kept = "kept" if result.tab_mb <= BUDGET_MB else "NOT KEPT"
    return (
        f"tablet      {' x '.join(map(str, voxels))} voxels with a mask: {result.tab_mb:.0f} MB in the tab at most; "
        f"budget {BUDGET_MB} MB: {kept}; all processes of the browser {result.peak_mb:.0f} MB"
    )


def _use(page: Page) -> None:
    """Slices one after another, then the CT coloured by the mask, then the original beside it."""
    for panel in ("view-axial", "view-coronal", "view-sagittal"):
        page.get_by_test_id(panel).focus()
        for _ in range(10):
            page.keyboard.press("PageUp")
    page.get_by_test_id("mask-style-colour").click()
    page.wait_for_timeout(5000)
    page.get_by_test_id("layout-compare").click()
    page.wait_for_timeout(5000)
