"""A spine bent to the side, straightened along its vertebrae: what is seen, and where a click leads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap, Volume
from tests.browser.site import Site, serving
from tests.browser.support import expect, pixels
from tests.webapp.support import wait_for
from webapp.storage.mask_files import write_mask

pytestmark = pytest.mark.browser
SHAPE = (56, 40, 110)
MM = 1.5
RADIUS = 130.0  # mm, of the bend to the side
LEVELS = ("L5", "L4", "L3", "L2", "L1")  # from below
READY = "window.spineview && window.spineview.ready && window.spineview.masks.length"


def bent() -> tuple[Volume, LabelMap]:
    """A bright tube along an arc in the coronal plane, and five vertebrae around it."""
    grid = Grid(SHAPE, np.diag([MM, MM, MM, 1.0]))
    at = np.indices(SHAPE) * MM
    x, y, z = at[0] - 30 + RADIUS, at[1] - 30, at[2] - 82
    along = RADIUS * np.arctan2(z, x)
    away = np.hypot(np.hypot(x, z) - RADIUS, y)
    hu = np.full(SHAPE, -1000, np.int16)
    hu[away < 6] = 1200
    labels = np.zeros(SHAPE, np.uint8)
    for n, level in enumerate(LEVELS):
        labels[(away < 12) & (np.abs(along - (n - 2) * 28) < 9)] = NUMBERS[level]
    return Volume(hu, grid), LabelMap(labels, grid, "vertebrae")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("straightened"), preload_model=False) as site:
        yield site


@pytest.fixture(scope="module")
def address(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    volume, vertebrae = bent()
    address = site.add_volume(Path(tmp_path_factory.mktemp("scan")), volume)
    store, study = site.application.state.store, address.rsplit("/", 1)[1]
    staged = store.stage()
    mask = write_mask(vertebrae, volume, staged, study, "vertebrae", "net 1")
    assert store.jobs.complete(store.jobs.add(study).id, mask, staged, "")
    return address


def middles(page: Any, view: str) -> NDArray[np.float64]:
    """The middle of the tube in each row of a picture that shows it, px; rows of its middle half."""
    bright = pixels(page, view).min(axis=-1) > 170
    rows = [np.nonzero(row)[0].mean() for row in bright if row.sum() > 4]
    found: NDArray[np.float64] = np.asarray(rows[len(rows) // 4 : -len(rows) // 4])
    return found


def test_one_button_straightens_the_spine_and_a_click_leads_to_the_true_place(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900}, locale="en-GB")
    page.goto(address)
    page.wait_for_function(READY)
    for key in ("m", "h"):  # the scan alone, without the crosshair's lines
        page.keyboard.press(key)
    wait_for(lambda: len(middles(page, "view-coronal")) > 40)
    assert np.ptp(middles(page, "view-coronal")) > 5  # bent
    page.get_by_test_id("layout-straight").click()
    expect(page.get_by_test_id("layout-straight")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("view-3d")).to_be_hidden()
    box = page.get_by_test_id("view-straight-coronal").locator(".sv-canvas").bounding_box()
    for view in ("view-straight-coronal", "view-straight-sagittal"):
        wait_for(lambda view=view: len(middles(page, view)) > 80)
        assert np.ptp(middles(page, view)) < 4, view
        expect(page.get_by_test_id(view).get_by_test_id("reformation-caution")).to_contain_text("not anatomical")
        # The other plane shows the tube once the crosshair stands on it, not in the hollow of the bend.
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    for part in (0.4, 0.6):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + part * box["height"])
        page.wait_for_timeout(400)  # a click might be the first of two
        x, y, z = page.evaluate("window.spineview.position")
        # On the curve through the middles of the vertebrae, but for half a voxel along each axis.
        assert abs(np.hypot(x - 30 + RADIUS, z - 82) - RADIUS) < 2, (x, y, z)
        assert abs(y - 30) < 2, (x, y, z)
        assert (z > 82) == (part < 0.5)
        assert x < 29  # and not straight above the middle

    page.get_by_test_id("measure-distance").click()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    page.wait_for_timeout(400)
    expect(page.get_by_test_id("measurements").locator("li")).to_have_count(0)
    page.get_by_test_id("layout-straight").click()
    expect(page.get_by_test_id("view-straight-coronal")).to_be_hidden()
    expect(page.get_by_test_id("view-3d")).to_be_visible()
    page.close()
