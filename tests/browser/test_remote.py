"""Without WebGL2 the processor draws the slices, and the server the 3D view, in a process that ends with the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.phantom import PhantomSpec
from tests.browser.site import serving
from tests.browser.support import LINE_PIXELS, PLANES, amber, expect, pixels
from tests.webapp.support import wait_for

SPEC = PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, spacing_mm=(2.0, 2.0, 2.0))
NO_WEBGL = """
const context = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith('webgl') ? null : context.call(this, kind, ...rest);
};
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("remote")
    with serving(folder) as site:
        yield site.add_phantom(folder / "phantom", SPEC)[0]


def colourful(rgb: NDArray[np.int16]) -> int:
    return int((np.ptp(rgb, axis=-1) > 60).sum())


def drawing(study_id: str) -> int:
    """How many processes draw this study."""
    found = 0
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_text()
        except OSError:
            continue
        found += "webapp.viewer.remote_render" in words and study_id in words
    return found


def test_the_server_draws_turns_on_a_drag_and_stops_with_the_page(browser: Any, study_url: str) -> None:
    study_id = study_url.rsplit("/", 1)[1]
    page = browser.new_page(viewport={"width": 1000, "height": 700}, locale="en-GB")
    page.add_init_script(NO_WEBGL)
    page.goto(study_url)
    remote = page.get_by_test_id("remote-view")
    expect(remote).to_contain_text("the server draws", timeout=20_000)
    wait_for(lambda: colourful(pixels(page, "remote-view")) > 1500, 50)
    assert drawing(study_id) == 1
    before = pixels(page, "remote-view")
    box = remote.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 180)
    page.mouse.down()
    for step in range(6):
        page.mouse.move(box["x"] + 60 + 25 * step, box["y"] + 180)
    page.mouse.up()
    wait_for(lambda: np.abs(pixels(page, "remote-view") - before).mean() > 2)
    page.close()
    wait_for(lambda: drawing(study_id) == 0)


def opened(browser: Any, study_url: str, script: str = "") -> Any:
    """The page of the study, whole and segmented, with its crosshair in the middle of the spine."""
    page = browser.new_page(viewport={"width": 1200, "height": 800}, locale="en-GB")
    if script:
        page.add_init_script(script)
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    if page.evaluate("window.spineview.masks.length") == 0:
        page.get_by_test_id("segment-button").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    return page


@pytest.fixture(scope="module")
def pages(browser: Any, study_url: str) -> Iterator[tuple[Any, Any]]:
    """The same study with a graphics card and without."""
    both = opened(browser, study_url), opened(browser, study_url, NO_WEBGL)
    yield both
    for page in both:
        page.close()


def differences(pages: tuple[Any, Any]) -> list[float]:
    """Mean difference of the two pages' slices, in 0 to 255, plane by plane."""
    drawn, flat = ([pixels(page, plane) for plane in PLANES] for page in pages)
    return [float(np.abs(one - other).mean()) for one, other in zip(drawn, flat, strict=True)]


def both_do(pages: tuple[Any, Any], testid: str, key: str = "") -> None:
    for page in pages:
        if key:
            page.get_by_test_id(testid).locator(".sv-canvas").press(key)
        else:
            page.get_by_test_id(testid).click()


def test_slices_without_webgl_are_those_with_it(pages: tuple[Any, Any]) -> None:
    flat = pages[1]
    wait_for(lambda: max(differences(pages)) < 3)
    for plane in PLANES:
        assert amber(pixels(flat, plane)).sum() > 500, plane

    before = [pixels(flat, plane) for plane in PLANES]
    both_do(pages, "view-axial", "PageUp")
    both_do(pages, "view-sagittal", "+")
    wait_for(lambda: np.abs(pixels(flat, "view-axial") - before[0]).mean() > 0.5)
    wait_for(lambda: max(differences(pages)) < 3)

    both_do(pages, "window-soft")
    wait_for(lambda: np.abs(pixels(flat, "view-coronal") - before[1]).mean() > 5)
    wait_for(lambda: max(differences(pages)) < 3)


def test_masks_without_webgl_are_outlined_and_hidden(pages: tuple[Any, Any]) -> None:
    flat = pages[1]
    filled = amber(pixels(flat, "view-sagittal")).sum()
    flat.get_by_test_id("mask-style-outline").click()
    wait_for(lambda: LINE_PIXELS < amber(pixels(flat, "view-sagittal")).sum() < 0.8 * filled, 120)
    flat.keyboard.press("m")
    wait_for(lambda: amber(pixels(flat, "view-sagittal")).sum() < LINE_PIXELS, 120)
