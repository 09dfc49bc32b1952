"""Reviews, the link to what is seen, the help sheet and the keys of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segmentation.phantom import Phantom
from tests.browser.site import Site, serving
from tests.browser.support import amber, expect, pixels
from tests.webapp.support import wait_for

pytestmark = pytest.mark.browser
READY = "window.spineview && window.spineview.ready"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("review")) as site:
        yield site


@pytest.fixture
def study(site: Site, small_phantom: Phantom, tmp_path: Path) -> str:
    return site.add_volume(tmp_path, small_phantom.volume)


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[[str], Any]]:
    pages = []

    def open_it(address: str) -> Any:
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB")
        pages.append(page)
        page.goto(address)
        page.wait_for_function(READY)
        return page

    yield open_it
    for page in pages:
        page.close()


def test_a_link_brings_back_crosshair_window_layout_and_camera(open_page: Callable[[str], Any], study: str) -> None:
    page = open_page(study)
    page.get_by_test_id("view-coronal").click(position={"x": 120, "y": 140})
    page.get_by_test_id("window-soft").click()
    page.get_by_test_id("layout-compare").click()
    page.get_by_test_id("plane-coronal").click()
    box = page.get_by_test_id("view-3d").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 330, box["y"] + 230, steps=4)
    page.mouse.up()
    page.get_by_test_id("link-copy").click()
    link = page.get_by_test_id("link").input_value()
    assert link.startswith(study + "#at=")

    other = open_page(link)
    expect(other.get_by_test_id("layout-compare")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_test_id("plane-coronal")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_test_id("window-level")).to_have_text("WL 40 WW 400")
    where = page.evaluate("window.spineview.position")
    assert other.evaluate("window.spineview.position") == pytest.approx(where, abs=0.01)
    other.get_by_test_id("link-copy").click()
    assert camera(other.get_by_test_id("link").input_value()) == pytest.approx(camera(link), abs=0.1)


def camera(link: str) -> list[float]:
    said = dict(part.split("=") for part in link.split("#")[1].split("&"))
    return [float(x) for x in said["camera"].split(",")]


def test_a_review_is_given_read_elsewhere_and_leads_to_its_place(open_page: Callable[[str], Any], study: str) -> None:
    page = open_page(study)
    page.get_by_test_id("view-axial").click(position={"x": 100, "y": 120})
    where = page.evaluate("window.spineview.position")
    page.get_by_test_id("review-comment").fill("The left pedicle <b>is missing</b>")
    page.get_by_test_id("review-needs_work").click()
    expect(page.get_by_test_id("reviews")).to_contain_text("The left pedicle <b>is missing</b>")

    colleague = open_page(study)
    entry = colleague.get_by_test_id("reviews").get_by_role("listitem")
    expect(entry).to_contain_text("Needs work")
    entry.get_by_test_id("review-go").click()
    wait_for(lambda: colleague.evaluate("window.spineview.position") == pytest.approx(where, abs=0.01))
    colleague.get_by_test_id("review-accepted").click()
    expect(entry).to_have_count(2)
    entry.first.get_by_test_id("review-delete").click()
    entry.first.get_by_test_id("review-delete-confirm").click()
    expect(entry).to_have_count(1)
    colleague.get_by_test_id("back").click()
    listed = colleague.locator(f'[data-study-id="{study.split("/")[-1]}"]').get_by_test_id("study-verdict")
    expect(listed).to_have_text("Needs work")


def test_a_question_mark_opens_the_help_and_escape_closes_it(open_page: Callable[[str], Any], study: str) -> None:
    page = open_page(study)
    sheet = page.get_by_test_id("help-sheet")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Two fingers")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.get_by_test_id("review-comment").fill("why")
    page.get_by_test_id("review-comment").press("?")
    expect(sheet).to_be_hidden()
    assert page.get_by_test_id("review-comment").input_value() == "why?"
    page.get_by_test_id("help-button").click()
    expect(sheet).to_be_visible()
    page.get_by_test_id("help-close").click()
    expect(sheet).to_be_hidden()


def test_the_whole_page_is_driven_by_keys(open_page: Callable[[str], Any], study: str) -> None:
    page = open_page(study)
    page.get_by_test_id("segment-button").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("window.spineview.masks.length === 1")
    coronal = page.get_by_test_id("view-coronal")
    page.keyboard.press("2")
    expect(page.get_by_test_id("view-axial")).to_be_hidden()
    wait_for(lambda: amber(pixels(page, "view-coronal")).sum() > 5000)
    page.keyboard.press("m")
    wait_for(lambda: amber(pixels(page, "view-coronal")).sum() < 1000)
    page.keyboard.press("m")
    page.keyboard.press("o")
    expect(page.get_by_test_id("mask-style-outline")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("w")
    expect(page.get_by_test_id("window-soft")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("2")
    expect(page.get_by_test_id("view-axial")).to_be_visible()
    coronal.locator(".sv-canvas").focus()
    before = page.evaluate("window.spineview.crosshair")
    page.keyboard.press("Space")
    page.wait_for_function(f"window.spineview.crosshair[1] > {before[1] + 1}")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("cine-coronal")).to_have_attribute("aria-pressed", "false")
