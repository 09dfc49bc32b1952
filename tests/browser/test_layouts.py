"""Layouts: one big panel, original beside segmented, curtain, blink, and two masks against each other."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from tests.browser.site import Site, serving
from tests.browser.support import amber, expect, pixels
from tests.webapp.support import wait_for

pytestmark = pytest.mark.browser
SHIFT_MM = 3.0
PAIRS = (("view-sagittal", "view-original-slice"), ("view-3d", "view-original-3d"))


def bone_and_reference() -> tuple[Volume, LabelMap]:
    """A block of bone, 30 x 20 x 40 mm, and a reference that ends 3 mm short of it headward."""
    grid = Grid((60, 50, 64), np.diag([-1.0, -1.0, 1.0, 1.0]))
    hu = np.full(grid.shape, -1000, dtype=np.int16)
    hu[6:54, 5:45, :] = 30
    hu[15:45, 14:34, 12:52] = 700
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[15:45, 14:34, 12 : 52 - int(SHIFT_MM)] = 20
    return Volume(hu, grid), LabelMap(labels, grid, "vertebrae")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("layouts")) as site:
        yield site


@pytest.fixture
def open_page(browser: Any, site: Site, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    contexts = []

    def open_it(**options: Any) -> Any:
        address = site.add_volume(tmp_path, *bone_and_reference())
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("window.spineview && window.spineview.ready")
        page.get_by_test_id("segment-button").click()
        page.wait_for_function("window.spineview.masks.length === 1")
        return page

    yield open_it
    for context in contexts:
        context.close()


def inside(page: Any, testid: str) -> NDArray[np.int16]:
    """Without the strips at the edges where titles, buttons and the legend of distances stand."""
    return pixels(page, testid)[60:-130, 80:-60]


def test_a_double_click_makes_one_panel_big_and_four_again(open_page: Callable[..., Any]) -> None:
    page = open_page()
    coronal = page.get_by_test_id("view-coronal")
    small = coronal.bounding_box()
    coronal.dblclick(position={"x": 200, "y": 200})
    expect(page.get_by_test_id("view-axial")).to_be_hidden()
    big = coronal.bounding_box()
    assert big["width"] > 1.9 * small["width"]
    wait_for(lambda: amber(pixels(page, "view-coronal")).sum() > 20000)
    coronal.dblclick(position={"x": 200, "y": 200})
    expect(page.get_by_test_id("view-axial")).to_be_visible()
    assert coronal.bounding_box() == small


def test_original_and_segmented_are_the_same_picture_but_for_the_mask(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_test_id("layout-compare").click()
    for view in PAIRS:
        wait_for(lambda view=view: amber(pixels(page, view[0])).sum() > 3000)
        assert amber(pixels(page, view[1])).sum() < 600
    page.get_by_test_id("show-model").uncheck()
    same_pictures(page)
    segmented = page.get_by_test_id("view-sagittal")
    segmented.hover(position={"x": 150, "y": 120})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    box = page.get_by_test_id("view-original-3d").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 280, box["y"] + 240, steps=4)
    page.mouse.up()
    page.get_by_test_id("view-original-slice").click(position={"x": 120, "y": 220})
    same_pictures(page)


def same_pictures(page: Any) -> None:
    for first, second in PAIRS:
        wait_for(lambda first=first, second=second: _alike(inside(page, first), inside(page, second)), 30)


def _alike(first: NDArray[np.int16], second: NDArray[np.int16]) -> bool:
    """In squares of 8 pixels, because the volume rendering's rays start at random fractions of a step."""
    if first.shape != second.shape or first.max() < 100:
        return False
    away = np.abs(_squares(first) - _squares(second)).max(axis=-1)
    return bool((away > 45).mean() < 0.01)


def _squares(rgb: NDArray[np.int16], side: int = 8) -> NDArray[np.float64]:
    rows, columns = rgb.shape[0] // side, rgb.shape[1] // side
    cut = rgb[: rows * side, -columns * side :]  # from the right: the buttons of the sides stand on the left
    return np.asarray(cut.reshape(rows, side, columns, side, 3).mean(axis=(1, 3)))


def test_a_curtain_shows_the_original_on_its_left_and_the_mask_on_its_right(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_test_id("layout-curtain").click()
    handle = page.get_by_test_id("curtain-slice")
    wait_for(lambda: abs(_middle(handle) - _middle(page.get_by_test_id("view-sagittal").locator(".sv-vertical"))) < 8)
    handle.focus()
    page.keyboard.press("Home")
    for wanted in (50, 75):
        while int(handle.get_attribute("aria-valuenow")) < wanted:
            page.keyboard.press("PageUp")
        at = int(handle.get_attribute("aria-valuenow")) / 100
        place = page.locator(".sv-curtain-slice").bounding_box()
        clip = {"x": place["x"], "y": place["y"], "width": place["width"], "height": place["height"]}
        wait_for(lambda clip=clip, at=at: _split(amber(_shot(page, clip)), at))
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(place["x"] + 0.3 * place["width"], box["y"] + 60, steps=5)
    page.mouse.up()
    expect(handle).to_have_attribute("aria-valuenow", "30")


def _middle(locator: Any) -> float:
    box = locator.first.bounding_box()
    return float(box["x"] + box["width"] / 2)


def _shot(page: Any, clip: dict[str, float]) -> NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")).astype(np.int16)


def _split(mask: NDArray[np.bool_], at: float) -> bool:
    edge = round(at * mask.shape[1])
    return bool(mask[60:-60, : edge - 15].sum() < 300 and mask[60:-60, edge + 15 :].sum() > 300)


def test_blinking_shows_one_and_the_other_until_it_is_held(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_test_id("layout-blink").click()
    place = page.get_by_test_id("view-sagittal").bounding_box()
    clip = {"x": place["x"], "y": place["y"], "width": place["width"], "height": place["height"]}
    for masked in (True, False, True):
        wait_for(lambda masked=masked: (amber(_shot(page, clip)).sum() > 3000) == masked)
    hold = page.get_by_test_id("blink-hold")
    hold.click()
    expect(hold).to_have_attribute("aria-pressed", "true")
    before = page.locator(".sv-root").get_attribute("class")
    page.wait_for_timeout(1500)  # longer than two turns
    assert page.locator(".sv-root").get_attribute("class") == before


def red(rgb: NDArray[np.int16]) -> int:
    """Pixels much redder than green or blue; the crosshair's line is fewer."""
    return int(((rgb[..., 0] > 90) & (rgb[..., 0] > 1.8 * rgb[..., 1]) & (rgb[..., 0] > 1.8 * rgb[..., 2])).sum())


def test_two_masks_are_compared_by_their_distance_in_mm(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_test_id("layout-masks").click()
    legend = page.get_by_test_id("distance-legend")
    expect(legend).to_contain_text("+3 mm")
    expect(legend).to_contain_text(f"greatest {SHIFT_MM:.1f} mm")
    page.wait_for_function("window.spineview.masks.length === 2")
    # The end face, 3 mm outside of the reference, is red; the faces where both agree are pale.
    page.get_by_test_id("look-S").click()
    wait_for(lambda: red(inside(page, "view-3d")) > 3000)
    page.get_by_test_id("look-I").click()
    wait_for(lambda: red(inside(page, "view-3d")) < 200)
    page.get_by_test_id("layout-four").click()
    expect(legend).to_be_hidden()
    wait_for(lambda: amber(inside(page, "view-3d")).sum() > 3000)


def test_cine_plays_until_someone_moves(open_page: Callable[..., Any]) -> None:
    page = open_page()
    before = page.evaluate("window.spineview.crosshair")
    page.get_by_test_id("cine-axial").click()
    page.wait_for_function(f"Math.abs(window.spineview.crosshair[2] - {before[2]}) > 2")
    assert page.evaluate("window.spineview.crosshair")[:2] == before[:2]
    page.get_by_test_id("view-coronal").click(position={"x": 200, "y": 150})
    expect(page.get_by_test_id("cine-axial")).to_have_attribute("aria-pressed", "false")


def test_fingers_scroll_pinch_and_read_and_a_double_tap_enlarges(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport={"width": 820, "height": 1180}, has_touch=True)
    box = page.get_by_test_id("view-axial").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = _Fingers(page)

    touch.start((x, y))
    expect(page.locator('[data-testid="view-axial"] .sv-bubble')).to_have_text("700 HU")
    touch.end()
    expect(page.locator('[data-testid="view-axial"] .sv-bubble')).to_be_hidden()

    before = page.evaluate("window.spineview.crosshair")[2]
    touch.start((x - 40, y), (x + 40, y))
    touch.move((x - 40, y + 60), (x + 40, y + 60))
    touch.end()
    page.wait_for_function(f"window.spineview.crosshair[2] < {before - 3}")

    scale = page.locator('[data-testid="view-axial"] .sv-scale')
    plain = (scale.inner_text(), scale.bounding_box()["width"])
    touch.start((x - 30, y), (x + 30, y))
    for spread in (40, 60, 90):
        touch.move((x - spread, y), (x + spread, y))
    touch.end()
    wait_for(lambda: (scale.inner_text(), scale.bounding_box()["width"]) != plain)

    for _ in range(2):
        touch.start((x, y))
        touch.end()
    expect(page.get_by_test_id("view-coronal")).to_be_hidden()


def test_fingers_turn_and_pinch_the_3d_view(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport={"width": 1180, "height": 820}, has_touch=True)
    box = page.get_by_test_id("view-3d").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = _Fingers(page)
    wait_for(lambda: amber(inside(page, "view-3d")).sum() > 3000)
    for gesture in (
        [((x, y),), ((x + 30, y),), ((x + 80, y + 10),)],
        [((x - 20, y), (x + 20, y)), ((x - 35, y), (x + 35, y)), ((x - 60, y), (x + 60, y))],
    ):
        before = amber(inside(page, "view-3d"))
        touch.start(*gesture[0])
        for points in gesture[1:]:
            touch.move(*points)
        touch.end()
        wait_for(lambda before=before: (before ^ amber(inside(page, "view-3d"))).mean() > 0.02)


def test_a_phone_shows_one_column_that_a_thumb_can_scroll(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    boxes = [page.get_by_test_id(f"view-{name}").bounding_box() for name in ("axial", "coronal", "sagittal", "3d")]
    tools = page.locator(".sv-tools").bounding_box()
    below = [*boxes, tools]
    assert all(upper["y"] + upper["height"] <= lower["y"] for upper, lower in pairwise(below))
    assert all(300 < box["width"] < 390 - 24 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_test_id("review-accepted").tap()
    expect(page.get_by_test_id("reviews")).to_contain_text("Accepted")


class _Fingers:
    """Real touches, through Chromium's own input."""

    def __init__(self, page: Any) -> None:
        self._client = page.context.new_cdp_session(page)

    def _send(self, kind: str, points: tuple[tuple[float, float], ...]) -> None:
        touches = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        self._client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def start(self, *points: tuple[float, float]) -> None:
        self._send("touchStart", points)

    def move(self, *points: tuple[float, float]) -> None:
        self._send("touchMove", points)

    def end(self) -> None:
        self._send("touchEnd", ())
