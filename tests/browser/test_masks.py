"""Masks on the page: filled or outlined, label by label, with their figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.phantom import Phantom
from tests.browser.site import Site, serving
from tests.browser.support import expect, pixels
from tests.webapp.support import wait_for

pytestmark = pytest.mark.browser
L2, L3, L4 = 21, 22, 23


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("masks")) as site:
        yield site


@pytest.fixture
def page(browser: Any, site: Site, small_phantom: Phantom, tmp_path: Path) -> Iterator[Any]:
    address = site.add_volume(tmp_path, small_phantom.volume, small_phantom.labels)
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB")
    page.goto(f"{address}#at=0,0,0")
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("show-reference").check()
    page.wait_for_function("window.spineview.masks.length === 1")
    yield page
    page.close()


def row(page: Any, label: int) -> Any:
    return page.get_by_test_id(f"label-reference-{label}")


def coloured(page: Any, testid: str = "view-sagittal") -> NDArray[np.bool_]:
    rgb = pixels(page, testid)[44:-40, 34:-34]
    return np.ptp(rgb, axis=-1) > 30


def height(mask: NDArray[np.bool_]) -> int:
    """Rows in which much is coloured; a crosshair's line is not."""
    return int((mask.sum(axis=1) > 12).sum())


def magenta(rgb: NDArray[np.int16]) -> int:
    return int(((rgb[..., 0] > 120) & (rgb[..., 2] > 120) & (rgb[..., 1] < 110)).sum())


def test_the_list_says_how_much_each_vertebra_is(page: Any, small_phantom: Phantom) -> None:
    for level in small_phantom.truth["levels"]:
        line = row(page, level["number"])
        expect(line).to_contain_text(level["name"])
        volume = line.locator('[data-figure="volume"]').inner_text()
        assert float(volume.removesuffix(" ml")) == pytest.approx(level["volume_ml"], abs=0.06)
        inside = small_phantom.labels.labels == level["number"]
        hu = line.locator('[data-figure="hu"]').inner_text()
        assert float(hu.removesuffix(" HU")) == pytest.approx(small_phantom.volume.hu[inside].mean(), abs=0.6)


def test_labels_are_hidden_isolated_coloured_and_zoomed_to(page: Any, small_phantom: Phantom) -> None:
    wait_for(lambda: coloured(page).sum() > 5000)
    everything = coloured(page).sum()
    row(page, L3).get_by_role("checkbox").uncheck()
    wait_for(lambda: coloured(page).sum() < 0.8 * everything)
    row(page, L3).get_by_role("button", name="show alone").click()
    wait_for(lambda: coloured(page).sum() < 0.5 * everything)
    assert not row(page, L2).get_by_role("checkbox").is_checked()
    assert row(page, L3).get_by_role("checkbox").is_checked()
    alone = coloured(page).sum()

    row(page, L3).get_by_role("button", name="zoom to it").click()
    wait_for(lambda: coloured(page).sum() > 1.5 * alone)
    level = next(level for level in small_phantom.truth["levels"] if level["number"] == L3)
    low, high = level["centre_mm"][2] - level["body_height_mm"], level["centre_mm"][2] + level["body_height_mm"]
    assert low < page.evaluate("window.spineview.position")[2] < high

    row(page, L3).locator('input[type="color"]').fill("#ff00ff")
    wait_for(lambda: magenta(pixels(page, "view-sagittal")) > alone)
    row(page, L3).get_by_role("button", name="show alone").click()
    wait_for(lambda: row(page, L2).get_by_role("checkbox").is_checked())


def test_one_label_is_faded_by_key_on_slices_and_as_a_surface(page: Any) -> None:
    wait_for(lambda: coloured(page).sum() > 5000 and coloured(page, "view-3d").sum() > 3000)
    slice_before, surface_before = (coloured(page, view).sum() for view in ("view-sagittal", "view-3d"))
    page.get_by_test_id("label-opacity-reference").locator("summary").press("Enter")
    slider = page.get_by_role("slider", name="L3: opacity")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0 %")
    wait_for(lambda: coloured(page).sum() < 0.8 * slice_before)
    wait_for(lambda: coloured(page, "view-3d").sum() < 0.85 * surface_before)
    assert row(page, L3).get_by_role("checkbox").is_checked()
    slider.press("End")
    wait_for(lambda: coloured(page).sum() > 0.98 * slice_before)
    wait_for(lambda: coloured(page, "view-3d").sum() > 0.98 * surface_before)


def test_an_outline_leaves_the_inside_as_the_ct_shows_it(page: Any) -> None:
    wait_for(lambda: coloured(page).sum() > 5000)
    filled = coloured(page).sum()
    page.get_by_test_id("mask-style-outline").click()
    wait_for(lambda: 300 < coloured(page).sum() < 0.4 * filled)
    page.get_by_test_id("opacity-slider").fill("0")
    wait_for(lambda: height(coloured(page)) < 10)


def test_the_api_tells_the_same(page: Any) -> None:
    address, study = re.findall(r"(.*)/studies/(\w+)", page.url)[0]
    masks = page.request.get(f"{address}/api/v1/studies/{study}/masks").json()["masks"]
    statistics = masks[0]["statistics"]
    assert sorted(statistics) == [str(L2), str(L3), str(L4)]
    assert statistics[str(L3)]["low_mm"][2] < statistics[str(L3)]["centre_mm"][2] < statistics[str(L3)]["high_mm"][2]
