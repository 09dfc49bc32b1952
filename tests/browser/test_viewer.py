"""The viewer in a real Chromium: what is where on the screen, and that it gets there without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from tests.browser.site import Site, serving
from tests.browser.support import LINE_PIXELS, PLANES, amber, expect, pixels
from tests.webapp.support import BoneEngine, wait_for

SHAPE = (48, 32, 24)
SPACING_MM = (1.25, 2.0, 2.5)
BLOCK_MM = 20.0
COUNT_DRAWS = """
window.drawn = 0;
for (const name of ['drawArrays', 'drawElements', 'drawArraysInstanced']) {
  const draw = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...a) { window.drawn += 1; return draw.apply(this, a); };
}
"""
THIRTY_FRAMES = """
new Promise((done) => {
  let n = 0;
  const next = () => (++n > 30 ? done(window.drawn) : requestAnimationFrame(next));
  next();
})
"""
pytestmark = pytest.mark.browser


def lopsided_ct() -> Volume:
    """A 20 mm cube of bone that reaches from the middle to the patient's right, front and head.

    Stored left to right, back to front, feet first mixed up (axes P, I, R), anisotropic, and oblique by 8 degrees.
    """
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[2:-2, 2:-2, 2:-2] = 0
    middle = [n // 2 for n in SHAPE]
    reach = [round(BLOCK_MM / mm) for mm in SPACING_MM]
    block = tuple(slice(m - 2, m - 2 + r) for m, r in zip(middle, reach, strict=True))
    hu[block] = 900
    angle = np.deg2rad(8.0)
    tilt = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = tilt @ np.diag(SPACING_MM)
    affine[:3, 3] = (-30, -30, -30)
    turned = hu.transpose(1, 2, 0)[::-1, ::-1, :]  # array axes now run P, I, R
    matrix = np.eye(4)
    matrix[:3, :3] = affine[:3, [1, 2, 0]] @ np.diag([-1.0, -1.0, 1.0])
    matrix[:3, 3] = affine[:3, 3] + affine[:3, 1] * (SHAPE[1] - 1) + affine[:3, 2] * (SHAPE[2] - 1)
    return Volume(np.ascontiguousarray(turned), Grid(turned.shape, matrix))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def study_url(site: Site, tmp_path: Path) -> str:
    return site.add_volume(tmp_path, lopsided_ct())


@pytest.fixture
def page(browser: Any, study_url: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.problems = []
    page.addresses = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: page.addresses.append(request.url))
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    yield page
    context.close()


def bright_grey(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Bone at the bone window; lines and letters of the overlay are thin or small and fall out of the largest runs."""
    return (rgb.min(axis=-1) > 150) & (np.ptp(rgb, axis=-1) < 20)


def extent(mask: NDArray[np.bool_], axis: int) -> tuple[int, int]:
    """First and last row (axis 0) or column (axis 1) in which at least a tenth of a panel's side is set."""
    lines = np.flatnonzero(mask.sum(axis=1 - axis) > 0.1 * mask.shape[1 - axis])
    return int(lines[0]), int(lines[-1])


def test_right_front_and_head_are_where_a_radiologist_looks_for_them_and_a_cube_is_square(page: Any) -> None:
    for testid in PLANES:
        wait_for(lambda testid=testid: bright_grey(pixels(page, testid)).sum() > 500)
        mask = bright_grey(pixels(page, testid))
        (top, bottom), (left, right) = extent(mask, 0), extent(mask, 1)
        rows, columns = mask.shape
        assert (top + bottom) / 2 < 0.48 * rows, f"{testid}: above the middle"
        assert (left + right) / 2 < 0.48 * columns, f"{testid}: left of the middle"
        assert (bottom - top) / (right - left) == pytest.approx(1.0, abs=0.12), f"{testid}: as high as wide in mm"


def test_the_crosshair_links_the_panels_and_reads_the_hu_under_it(page: Any) -> None:
    box = page.get_by_test_id("view-axial").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(middle[0] - 12, middle[1] - 12)
    page.wait_for_function("window.spineview.hu === 900")
    right, _, superior = page.evaluate("window.spineview.position")
    page.mouse.wheel(0, 120)
    superior -= SPACING_MM[2]
    page.wait_for_function(f"Math.abs(window.spineview.position[2] - {superior}) < 0.001")
    page.keyboard.press("ArrowRight")
    right -= SPACING_MM[0]
    page.wait_for_function(f"Math.abs(window.spineview.position[0] - {right}) < 0.001")
    expect(page.get_by_test_id("hu-probe")).to_contain_text("HU")
    number = page.get_by_test_id("view-sagittal").locator(".sv-number")
    expect(number).to_contain_text(f"{'L' if right < 0 else 'R'} {abs(right):.1f} mm")
    expect(page.get_by_test_id("view-axial").locator(".sv-number")).to_contain_text(f"/ {SHAPE[2]}")


def test_a_thick_slab_shows_what_lies_behind_the_slice(browser: Any, study_url: str) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page.goto(f"{study_url}#at=0,0,-10&level=40,400")  # two slices below the cube of bone
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.window[1] === 400")
    number = page.get_by_test_id("view-axial").locator(".sv-number")
    assert bright_grey(pixels(page, "view-axial")).sum() < 500
    for mode, words in (("max", "MIP 22.5 mm"), ("mean", "Ø 22.5 mm")):
        page.get_by_test_id("slab-20").click()
        page.get_by_test_id(f"slab-mode-{mode}").click()
        expect(number).to_contain_text(words)
        wait_for(lambda: bright_grey(pixels(page, "view-axial")).sum() > 5000)
        page.get_by_test_id("slab-0").click()
        wait_for(lambda: bright_grey(pixels(page, "view-axial")).sum() < 500)
    page.close()


def test_windows_change_what_is_bright(page: Any) -> None:
    page.get_by_test_id("window-lung").click()
    page.wait_for_function("window.spineview.window[0] === -600")
    wait_for(lambda: bright_grey(pixels(page, "view-axial")).mean() > 0.2)  # soft tissue is white now
    expect(page.get_by_test_id("window-level")).to_contain_text("W 1500")


def test_segment_colours_all_four_panels_without_a_reload_or_a_byte_from_outside(page: Any, site: Site) -> None:
    assert amber(pixels(page, "view-axial")).sum() < LINE_PIXELS
    page.get_by_test_id("segment-button").click()
    expect(page.get_by_test_id("label-list")).to_contain_text("Spine", timeout=30_000)
    page.wait_for_function("window.spineview.masks.length === 1")
    for testid in (*PLANES, "view-3d"):
        wait_for(lambda testid=testid: amber(pixels(page, testid)).sum() > 2 * LINE_PIXELS)
    expect(page.get_by_test_id("stage")).to_have_text("Done")
    doubt = page.get_by_test_id("confidence")
    expect(doubt).to_contain_text("Confidence: low")
    expect(doubt).to_contain_text("Check this result:")
    expect(doubt.get_by_role("listitem")).to_have_text([BoneEngine.confidence.reasons[n].sentence for n in (0, 1)])
    page.get_by_test_id("show-model").click()
    wait_for(lambda: amber(pixels(page, "view-axial")).sum() < LINE_PIXELS)
    page.get_by_test_id("show-model").click()
    page.get_by_test_id("layout-compare").click()
    wait_for(lambda: amber(pixels(page, "view-sagittal")).sum() > 2 * LINE_PIXELS)
    assert amber(pixels(page, "view-original-slice")).sum() < LINE_PIXELS
    wait_for(lambda: pixels(page, "view-original-3d").max() > 150)
    assert sum("/ws/" not in address and address.endswith(".js") for address in page.addresses) < 10
    assert [
        address
        for address in page.addresses
        if not address.startswith((site.address, site.address.replace("http", "ws")))
    ] == []
    assert page.problems == []


def test_nothing_is_drawn_while_nobody_does_anything(browser: Any, study_url: str) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.add_init_script(COUNT_DRAWS)
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready && window.drawn > 3")
    settled = page.evaluate(THIRTY_FRAMES)
    assert page.evaluate(THIRTY_FRAMES) == settled
    context.close()


def test_a_tablet_shows_four_panels_above_the_tools_and_a_finger_moves_the_crosshair(
    browser: Any, study_url: str
) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    boxes = [page.get_by_test_id(name).bounding_box() for name in (*PLANES, "view-3d")]
    tools = page.locator(".sv-tools").bounding_box()
    assert all(box["width"] > 380 and box["height"] > 250 for box in boxes)
    assert all(box["y"] + box["height"] <= tools["y"] for box in boxes)
    small = page.eval_on_selector_all(
        "button, a", "all => all.map((e) => e.getBoundingClientRect()).filter((r) => r.height && r.height < 40).length"
    )
    assert small == 0
    before = page.evaluate("window.spineview.crosshair")
    page.touchscreen.tap(boxes[0]["x"] + boxes[0]["width"] * 0.4, boxes[0]["y"] + boxes[0]["height"] * 0.4)
    page.wait_for_function(
        f"window.spineview.crosshair[0] > {before[0]} && window.spineview.crosshair[1] > {before[1]}"
    )
    context.close()
