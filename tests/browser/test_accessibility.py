"""axe-core on every page, light and dark, in both languages: nothing that keeps someone out, in WCAG 2.2 A and AA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from segmentation.phantom import Phantom
from segmentation.phantom.dicom import DicomSpec, write_dicom
from tests.browser.site import Site, serving
from tests.browser.test_result import add_result
from webapp.dicomweb.config import PacsServer

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desk": (1280, 860), "tablet": (820, 1180), "phone": (390, 844)}
LAYOUTS = {"desk": ("four", "masks"), "tablet": ("four", "curtain"), "phone": ("four", "blink")}
THEMES = ("light", "dark")
LOCALES = ("en-GB", "zh-CN")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("accessibility")) as site:
        yield site


@pytest.fixture(scope="module")
def study(site: Site, small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> str:
    return site.add_volume(tmp_path_factory.mktemp("study"), small_phantom.volume, small_phantom.labels)


def violations(page: Any) -> list[str]:
    """What is serious or critical in one theme or the other, with the places."""
    return [found for theme in THEMES for found in _violations_in(page, theme)]


def _violations_in(page: Any, theme: str) -> list[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # a colour on its way to another is neither
    options = {"runOnly": {"type": "tag", "values": TAGS}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}, {theme}): {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("size", SIZES)
def test_the_study_list(browser: Any, site: Site, study: str, size: str, locale: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    page.goto(site.address)
    page.get_by_test_id("study-row").first.wait_for()
    assert violations(page) == []
    page.get_by_test_id("delete-button").first.click()
    page.get_by_test_id("confirm-delete").wait_for()
    assert violations(page) == [], "dialog"
    page.keyboard.press("Escape")
    page.get_by_test_id("upload-input").set_input_files({"name": "words.txt", "mimeType": "", "buffer": b"words"})
    page.get_by_test_id("upload-error").wait_for()
    assert violations(page) == [], "refusal"
    page.close()


@pytest.mark.parametrize(
    ("size", "locale"), [("desk", "en-GB"), ("desk", "zh-CN"), ("tablet", "zh-CN"), ("phone", "en-GB")]
)
def test_the_viewer_in_its_layouts(browser: Any, study: str, size: str, locale: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    page.goto(study)
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("segment-button").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true; })")
    for layout in LAYOUTS[size]:
        page.get_by_test_id(f"layout-{layout}").click()
        # Scrolled back: a target half under the tabs is not a small one.
        page.eval_on_selector(".sv-tools", "tools => { tools.scrollTop = 0; }")
        assert violations(page) == [], layout
    page.keyboard.press("?")
    page.get_by_test_id("help-sheet").wait_for()
    assert violations(page) == [], "help"
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_correcting_measuring_reviewing_and_navigating(browser: Any, site: Site, tmp_path: Path, locale: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale=locale)
    page.goto(add_result(site, tmp_path))
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.masks.length")
    page.get_by_test_id("review-comment").fill("L1?")
    page.get_by_test_id("review-needs_work").click()
    page.get_by_test_id("review-reply").fill("Yes.")
    page.get_by_test_id("review-reply-send").click()
    page.get_by_test_id("review-replies").wait_for()
    page.get_by_test_id("measures-vertebrae").wait_for(timeout=120_000)
    page.get_by_test_id("edit-start").click()
    page.get_by_test_id("edit-panel").wait_for()
    page.get_by_test_id("delete-vertebrae").click()
    page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true; })")
    page.eval_on_selector(".sv-tools", "tools => { tools.scrollTop = 0; }")
    assert violations(page) == []
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_choice_of_a_dicom_series(
    browser: Any, site: Site, small_phantom: Phantom, tmp_path: Path, locale: str
) -> None:
    for number in (1, 2):
        write_dicom(small_phantom.volume, tmp_path / str(number), DicomSpec(series_number=number, seed=number))
    page = browser.new_page(locale=locale)
    page.goto(site.address)
    page.get_by_test_id("folder-input").set_input_files(tmp_path)
    page.get_by_test_id("series-row").nth(1).wait_for(timeout=60_000)
    assert violations(page) == []
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_search_of_the_archives(browser: Any, tmp_path: Path, locale: str) -> None:
    away = PacsServer(name="Away", url="http://127.0.0.1:9/dicom-web")
    with serving(tmp_path, pacs=(away,)) as site:
        page = browser.new_page(locale=locale)
        page.goto(f"{site.address}/pacs")
        page.get_by_role("heading", level=1).wait_for()
        assert violations(page) == []
        page.close()


def test_what_axe_would_find(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(
        '<html lang="en"><title>A page</title><main><button></button><p style="color:#ccc">Pale words</p></main>'
    )
    assert {found.split(" ")[0] for found in violations(page)} == {"button-name", "color-contrast"}
    page.close()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("path", ["/nothing-here", "/studies/nothing-here"])
def test_what_is_said_where_there_is_nothing(browser: Any, site: Site, path: str, locale: str) -> None:
    page = browser.new_page(locale=locale)
    page.goto(site.address + path)
    assert violations(page) == []
    page.close()
