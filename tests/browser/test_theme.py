"""Light and dark: as the system has it, or as the button says; pictures stay black in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.phantom import Phantom
from tests.browser.site import Site, serving
from tests.browser.support import pixels
from webapp.dicomweb.config import PacsServer
from webapp.paths import STATIC_DIR

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("theme")) as site:
        yield site


@pytest.fixture(scope="module")
def study(site: Site, small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> str:
    return site.add_volume(tmp_path_factory.mktemp("study"), small_phantom.volume, small_phantom.labels)


def brightness(page: Any, testid: str) -> float:
    """Mean grey, 0 to 255, of what is seen of an element."""
    return float(np.mean(pixels(page, testid)))


def is_light(page: Any) -> bool:
    return brightness(page, "research-only") > 128


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_page_looks_as_the_system_has_it(browser: Any, site: Site, study: str, system: str) -> None:
    page = browser.new_page(color_scheme=system)
    page.goto(site.address)
    assert is_light(page) == (system == "light")
    page.emulate_media(color_scheme="dark" if system == "light" else "light")
    assert is_light(page) == (system == "dark")
    page.close()


def test_the_button_s_choice_is_kept_and_does_not_flash(browser: Any, site: Site, study: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(site.address)
    page.get_by_test_id("theme-switch").click()
    assert is_light(page)
    page.route("**/theme.js*", lambda route: route.abort())  # what is seen first is what the server wrote
    for address in (site.address, f"{site.address}/nothing-here", study):
        page.goto(address)
        scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert scheme == "light", address
    context.close()


def test_the_system_s_own_theme_is_not_remembered(browser: Any, site: Site, study: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(site.address)
    for light in (True, False):
        page.get_by_test_id("theme-switch").click()
        assert is_light(page) == light
    page.emulate_media(color_scheme="light")
    assert is_light(page)
    context.close()


def test_pictures_stay_black_while_the_viewer_turns_light(browser: Any, study: str) -> None:
    page = browser.new_page(color_scheme="dark", viewport={"width": 1280, "height": 860})
    page.goto(study)
    page.wait_for_function("window.spineview && window.spineview.ready")
    dark, slices = brightness(page, "notice"), pixels(page, "view-sagittal")
    page.get_by_test_id("theme-switch").click()
    assert dark < 100
    assert brightness(page, "notice") > 180
    assert np.abs(pixels(page, "view-sagittal") - slices).mean() < 1
    page.close()


@pytest.mark.parametrize("sheet", sorted((STATIC_DIR / "css").rglob("*.css")), ids=lambda path: path.name)
def test_colours_are_named_in_one_place(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    literals = re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(", text)
    assert bool(literals) == (sheet.name == "tokens.css")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_page_is_wider_than_a_phone(browser: Any, tmp_path: Path, locale: str) -> None:
    away = PacsServer(name="Away", url="http://127.0.0.1:9/dicom-web")
    with serving(tmp_path, pacs=(away,)) as site:
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale=locale)
        for path in ("/", "/pacs", "/nothing-here"):
            page.goto(site.address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        page.close()
