"""The scan on its way to the browser, and the graphics context gone and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import to_canonical
from segmentation.phantom import PhantomSpec, make_phantom
from tests.browser.site import serving
from tests.browser.support import PLANES, expect, pixels
from tests.webapp.support import wait_for

SPEC = PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, spacing_mm=(1.25, 1.25, 1.25))
LOSE = """
for (const canvas of document.querySelectorAll('[data-testid=view-3d] canvas')) {
  const lost = canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context');
  if (lost) { lost.loseContext(); window.lost = (window.lost ?? []); window.lost.push(lost); }
}
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("streaming")
    with serving(folder) as site:
        yield site.add_phantom(folder / "phantom", SPEC)[0]


def bright(rgb: NDArray[np.int16]) -> int:
    return int((rgb.min(axis=-1) > 100).sum())


def test_a_preview_is_seen_while_the_scan_is_on_its_way_and_every_voxel_is_right_at_the_end(
    browser: Any, study_url: str
) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 800}, locale="en-GB")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    held = threading.Event()
    routes: list[Any] = []

    def hold(route: Any) -> None:
        routes.append(route)
        held.set()

    page.route("**/volume.bin*", hold)
    page.goto(study_url)
    page.wait_for_function("window.spineview")
    for testid in (*PLANES, "view-3d"):
        wait_for(lambda testid=testid: bright(pixels(page, testid)) > 300)
    assert page.evaluate("window.spineview.ready") is False
    expect(page.get_by_test_id("hu-probe")).to_contain_text("≈")
    wait_for(lambda: page.wait_for_timeout(50) or held.is_set())
    routes[0].continue_()
    page.wait_for_function("window.spineview.ready")
    expect(page.get_by_test_id("hu-probe")).not_to_contain_text("≈")

    volume = make_phantom(SPEC).volume
    hu = to_canonical(volume.hu, volume.grid)
    panel = page.get_by_test_id("view-sagittal")
    panel.locator(".sv-canvas").focus()
    for key in ("ArrowRight", "ArrowUp", "PageUp", "ArrowDown"):
        page.keyboard.press(key)
        i, j, k = page.evaluate("window.spineview.crosshair")
        assert page.evaluate("window.spineview.hu") == hu[i, j, k]
    volumes = [address for address in asked if "/volume.bin" in address or "/preview.bin" in address]
    assert len(volumes) == len(set(volumes)) == 2
    page.close()


def test_a_scan_that_breaks_off_says_so(browser: Any, study_url: str) -> None:
    page = browser.new_page(locale="en-GB")
    page.route("**/volume.bin*", lambda route: route.fulfill(body=b"\0" * 1000))
    page.goto(study_url)
    expect(page.get_by_role("alert").first).to_contain_text("slices came", timeout=20_000)
    page.close()


def test_a_lost_graphics_context_comes_back_by_itself(browser: Any, study_url: str) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    names = (*PLANES, "view-3d")
    for testid in names:
        wait_for(lambda testid=testid: bright(pixels(page, testid)) > 300)
    page.wait_for_timeout(300)
    before = {testid: pixels(page, testid) for testid in names}
    page.evaluate(LOSE)
    assert page.evaluate("window.lost.length") >= 1
    page.evaluate("window.lost.forEach((context) => context.restoreContext())")
    for testid in names:
        wait_for(lambda testid=testid: np.abs(pixels(page, testid) - before[testid]).mean() < 1)
    page.get_by_test_id("look-P").click()  # and it can be used again
    wait_for(lambda: np.abs(pixels(page, "view-3d") - before["view-3d"]).mean() > 2)
    page.close()
