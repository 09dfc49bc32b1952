"""What a doctor sees and does once there is a result: bone with names in 3D, clipping, films, paper, deleting."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from pypdf import PdfReader

from segmentation.core.geometry import Grid
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap, Volume
from tests.browser.site import Site, serving
from tests.browser.support import expect, pixels
from tests.webapp.support import wait_for
from webapp.storage.mask_files import write_mask

pytestmark = pytest.mark.browser
SHAPE = (48, 60, 60)
LEVELS = {NUMBERS["T12"]: 8, NUMBERS["L1"]: 24, NUMBERS["L2"]: 40}  # lowest slice of each
READY = "window.spineview && window.spineview.ready && window.spineview.masks.length"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("result"), preload_model=False) as site:
        yield site


def add_result(site: Site, folder: Path) -> str:
    """A study whose vertebrae a job found, over a table 25 mm behind them; answers the address of its page."""
    grid = Grid(SHAPE, np.diag([-1.5, -1.5, 1.5, 1.0]))  # i to the left, j to the back
    hu = np.full(SHAPE, -1000, np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    for number, first in LEVELS.items():
        labels[16:32, 18:34, first : first + 12] = number
    hu[labels > 0] = 600
    hu[4:44, 52:56] = 700  # the table
    volume = Volume(hu, grid)
    address = site.add_volume(folder, volume)
    store, study = site.application.state.store, address.rsplit("/", 1)[1]
    staged = store.stage()
    mask = write_mask(LabelMap(labels, grid, "vertebrae"), volume, staged, study, "vertebrae", "net 1")
    assert store.jobs.complete(store.jobs.add(study).id, mask, staged, "")
    return address


@pytest.fixture(scope="module")
def address(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    return add_result(site, tmp_path_factory.mktemp("scan"))


def opened(browser: Any, address: str, **options: Any) -> Any:
    page = browser.new_page(**{"viewport": {"width": 1300, "height": 900}, "locale": "en-GB", **options})
    page.goto(address)
    page.wait_for_function(READY)
    return page


def spread(page: Any) -> NDArray[np.int16]:
    """How far red, green and blue of the 3D view lie apart."""
    found: NDArray[np.int16] = np.ptp(pixels(page, "view-3d"), axis=-1)
    return found


def lit(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = rgb.max(axis=-1) > 110
    return found


def test_bone_is_ivory_and_vertebrae_get_their_colours_when_that_is_asked(browser: Any, address: str) -> None:
    page = opened(browser, address)
    expect(page.get_by_test_id("mask-style-bone")).to_have_attribute("aria-pressed", "true")
    wait_for(lambda: lit(pixels(page, "view-3d")).sum() > 8000)
    rgb = pixels(page, "view-3d")
    warm = rgb[lit(rgb)]
    assert (np.diff(warm.mean(axis=0)) < -10).all()  # red before green before blue
    assert (spread(page) > 110).mean() < 0.01
    page.get_by_test_id("mask-style-surface").click()
    wait_for(lambda: (spread(page) > 110).mean() > 0.03)
    page.close()


def test_the_table_is_left_out_of_3d_while_there_is_a_result(browser: Any, address: str) -> None:
    page = opened(browser, address)
    page.get_by_test_id("look-L").click()  # the table stands on the right
    wait_for(lambda: lit(pixels(page, "view-3d")).sum() > 8000)
    columns = np.flatnonzero(lit(pixels(page, "view-3d"))[60:-60].any(axis=0))
    page.get_by_test_id("show-vertebrae").uncheck()
    page.wait_for_function("window.spineview.masks.length === 0")
    wait_for(lambda: np.flatnonzero(lit(pixels(page, "view-3d"))[60:-60].any(axis=0))[-1] > columns[-1] + 40)
    page.close()


def test_names_stand_beside_the_vertebrae_in_3d_and_can_be_hidden(browser: Any, address: str) -> None:
    page = opened(browser, address)
    names = page.get_by_test_id("names-3d").locator("span")
    expect(names).to_have_count(3)
    places = {node.inner_text(): node.bounding_box() for node in names.all()}
    assert places["L2"]["y"] < places["L1"]["y"] < places["T12"]["y"]  # the phantom is numbered from below
    assert all(float(node.evaluate("n => parseFloat(getComputedStyle(n).fontSize)")) >= 14 for node in names.all())
    page.get_by_test_id("label-vertebrae-20").get_by_role("button", name="show alone").click()
    expect(names).to_have_text(["L1"])
    page.get_by_test_id("labels-all-vertebrae").click()
    expect(names).to_have_count(3)
    page.keyboard.press("n")
    expect(names).to_have_count(0)
    page.close()


BOXES = """(selector) => [...document.querySelectorAll(selector)].filter((node) => node.style.visibility !== 'hidden')
  .map((node) => node.getBoundingClientRect()).map(({ left, right, top, bottom }) => [left, right, top, bottom])"""


def test_on_a_tablet_names_leave_the_buttons_of_the_six_sides_free_and_files_are_chosen_with_a_finger(
    browser: Any, address: str
) -> None:
    page = opened(browser, address, viewport={"width": 700, "height": 1000}, has_touch=True)
    page.wait_for_function("document.querySelectorAll('.sv-name-3d').length === 3")
    (left, right, top, bottom), *_ = page.evaluate(BOXES, ".sv-sides")
    (from_, to, *_), *_ = page.evaluate(BOXES, "[data-testid=view-3d]")
    names = page.evaluate(BOXES, ".sv-name-3d")
    assert not [box for box in names if box[0] < right and left < box[1] and box[2] < bottom and top < box[3]]
    assert any(box[0] > (from_ + to) / 2 for box in names)  # on the other side of its vertebra, where there is room
    page.get_by_test_id("tab-navigate").tap()
    for field in ("plan-file", "register-points", "register-landmarks"):
        box = page.get_by_test_id(field).bounding_box()
        assert box["height"] >= 44, (field, box)
    page.get_by_test_id("register-points").set_input_files(
        {"name": "points.csv", "mimeType": "text/csv", "buffer": b"0,0,0"}
    )
    expect(page.get_by_test_id("register-tools")).to_contain_text("points.csv")
    page.close()


def test_the_tabs_stand_in_one_line_beside_the_panels(browser: Any, address: str) -> None:
    page = opened(browser, address, viewport={"width": 1180, "height": 820}, has_touch=True)
    heights = page.evaluate(BOXES, ".sv-tabs button span:not(.sv-count)")
    assert len({round(box[2]) for box in heights if box[1] > box[0]}) == 1, heights
    page.close()


def held(page: Any, where: str, handle: str, dx: float, dy: float) -> None:
    """Drag a handle of the clipping box."""
    box = page.get_by_test_id(where).get_by_test_id(handle).locator("circle").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def test_the_clipping_box_is_drawn_and_held_on_slices_and_in_3d(browser: Any, address: str) -> None:
    page = opened(browser, address)
    slices = page.get_by_test_id("clip-on-coronal")
    expect(slices.locator("polygon")).to_have_count(0)
    page.get_by_test_id("look-A").click()
    wait_for(lambda: lit(pixels(page, "view-3d")).sum() > 8000)
    page.get_by_test_id("clip-box").locator("summary").click()
    expect(slices.locator("polygon")).to_have_count(1)
    expect(page.get_by_test_id("clip-on-3d").locator("line")).to_have_count(12)
    before = lit(pixels(page, "view-3d")).sum()
    height = slices.locator("polygon").bounding_box()["height"]
    held(page, "clip-on-coronal", "clip-handle-2-1", 0, height / 2)  # the upper side, down to the middle
    expect(page.get_by_test_id("clip-is-1")).to_have_value(re.compile("^(4[89]|5[0-2])$"))
    wait_for(lambda: lit(pixels(page, "view-3d")).sum() < 0.75 * before)
    held(page, "clip-on-3d", "clip-handle-2-1", 0, 60)  # the same side, farther down
    expect(page.get_by_test_id("clip-is-1")).to_have_value(re.compile("^([1-3][0-9]|4[0-5])$"))
    # Sliders lie as the screen shows the patient: the patient's right is left.
    sides = [page.get_by_test_id(f"clip-rl-{end}").bounding_box()["x"] for end in (1, 0)]
    assert sides == sorted(sides)
    page.close()


def test_a_vertebra_that_the_box_cuts_is_closed(browser: Any, address: str) -> None:
    page = opened(browser, address)
    page.get_by_test_id("volume-preset-off").click()  # the surfaces alone
    page.get_by_test_id("mask-style-surface").click()
    page.get_by_test_id("look-A").click()
    wait_for(lambda: lit(pixels(page, "view-3d")).sum() > 8000)
    whole = pixels(page, "view-3d")
    page.get_by_test_id("clip-box").locator("summary").click()
    held(page, "clip-on-sagittal", "clip-handle-1-1", 60, 0)  # the front side, into the bodies
    page.get_by_test_id("clip-box").locator("summary").click()
    # Seen from the front, the cut is as large as the bodies were: without it nothing but their hollow backs were left.
    wait_for(lambda: not page.get_by_test_id("clip-on-3d").locator("line").count())
    wait_for(lambda: (np.abs(pixels(page, "view-3d") - whole).max(axis=-1) > 20).sum() > 500)
    wait_for(lambda: 0.75 < lit(pixels(page, "view-3d")).sum() / lit(whole).sum() < 1.1)
    page.close()


def test_a_film_of_1080_lines_turns_the_patient(browser: Any, address: str) -> None:
    page = opened(browser, address, accept_downloads=True)
    with page.expect_download(timeout=280_000) as download:
        page.get_by_test_id("capture-video").click()
    film = Path(download.value.path()).read_bytes()
    name = download.value.suggested_filename
    assert re.fullmatch(r"spineview-3d-.*\.(mp4|webm)", name)
    player = browser.new_page()  # the study's page lets no film in
    size = player.evaluate(
        """async ([kind, data]) => {
            const film = document.createElement('video');
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            film.src = URL.createObjectURL(new Blob([bytes], { type: kind }));
            await new Promise((done, fail) => {
              film.onloadeddata = done;
              film.onerror = () => fail(film.error);
            });
            return [film.videoWidth, film.videoHeight];
        }""",
        [f"video/{name.rsplit('.', 1)[1]}", base64.b64encode(film).decode()],
    )
    assert size == [1920, 1080]
    player.close()
    expect(page.get_by_test_id("capture-video")).to_be_enabled()
    expect(page.get_by_test_id("view-3d")).to_be_visible()
    page.close()


def test_the_page_is_printed_with_its_pictures_and_its_table(browser: Any, address: str) -> None:
    page = opened(browser, address)
    pdf = PdfReader(io.BytesIO(page.pdf()))
    text = "".join(each.extract_text() for each in pdf.pages)
    for words in ("ct.nii.gz", "T12", "L1", "L2", " ml", "esearch"):
        assert words in text
    assert "Segment again" not in text
    images = [image.image for each in pdf.pages for image in each.images]
    pictures = [np.asarray(image.convert("L")) for image in images if image]
    assert max(int((picture > 110).sum()) for picture in pictures) > 10_000
    page.close()


def test_a_mask_is_deleted_only_once_that_was_confirmed(browser: Any, site: Site, tmp_path: Path) -> None:
    address = add_result(site, tmp_path)
    page = opened(browser, address)
    masks = address.replace("/studies/", "/api/v1/studies/") + "/masks"
    page.get_by_test_id("delete-vertebrae").click()
    page.get_by_test_id("delete-vertebrae-keep").click()
    assert len(httpx.get(masks).json()["masks"]) == 1
    page.get_by_test_id("delete-vertebrae").click()
    page.get_by_test_id("delete-vertebrae-confirm").click()
    expect(page.get_by_test_id("label-list")).to_have_count(0, timeout=30_000)
    assert httpx.get(masks).json()["masks"] == []
    page.close()
