"""The program's measures on the page: listed, drawn on the slice, changed by hand and set back, reported."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from segmentation.core.volume import Volume
from segmentation.phantom.measured import Level, MeasuredPhantom, SpineSpec, make_measured
from tests.browser.site import Site, serving
from tests.browser.support import expect
from webapp.storage.mask_files import write_mask

pytestmark = pytest.mark.browser
HEIGHT = "measure-row-vertebra/L2/anterior_height_mm"
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("measures"), preload_model=False) as site:
        yield site


def add_named(site: Site, folder: Path, phantom: MeasuredPhantom) -> str:
    """Add a study with vertebrae as a job would have found them; answers the address of its page."""
    hu = phantom.volume.hu.copy()
    hu[:3] = -1000  # air, as around every patient
    volume = Volume(hu, phantom.volume.grid)
    address = site.add_volume(folder, volume)
    store, study = site.application.state.store, address.rsplit("/", 1)[1]
    staged = store.stage()
    mask = write_mask(phantom.labels, volume, staged, study, "vertebrae", "net 1")
    assert store.jobs.complete(store.jobs.add(study).id, mask, staged, "")
    return address


@pytest.fixture(scope="module")
def address(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    phantom = make_measured(SpineSpec("page", (Level("L1"), Level("L2", 24.0, 27.0)), (2.0, 2.0, 2.2)))
    return add_named(site, tmp_path_factory.mktemp("files"), phantom)


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready")
    expect(page.get_by_test_id("measures-vertebrae")).to_be_visible(timeout=PATIENCE_MS)
    yield page
    page.close()


def millimetres(text: str) -> float:
    return float(re.findall(r"(\d+\.\d)", text)[0])


def test_a_height_is_drawn_moved_stored_and_set_back(page: Any, address: str) -> None:
    page.get_by_test_id("measures-L2").locator("summary").click()
    row = page.get_by_test_id(HEIGHT)
    automatic = millimetres(row.inner_text())
    assert automatic == pytest.approx(24, abs=0.8)
    row.click()
    drawn = page.get_by_test_id("drawn-sagittal")
    expect(drawn.get_by_test_id("drawn-text")).to_have_text(re.compile(r"Anterior height 2\d\.\d ± \d\.\d mm"))
    expect(page.get_by_test_id("drawn-axial").get_by_test_id("drawn-text")).to_have_count(0)
    assert drawn.locator("line.sv-guide").count() == 2  # the endplates

    handles = drawn.get_by_test_id("drawn-handle")
    upper, lower = (handles.nth(n).locator("circle").last.bounding_box() for n in (0, 1))
    length = lower["y"] - upper["y"]
    assert length > 40  # close enough to see
    page.mouse.move(lower["x"] + 5, lower["y"] + 5)
    page.mouse.down()
    page.mouse.move(lower["x"] + 5, lower["y"] + 5 - 0.25 * length, steps=4)
    page.mouse.up()
    edited = row.get_by_test_id("measure-edited")
    expect(edited).to_contain_text("changed by a reader")
    expect(page.get_by_test_id("measure-edited")).to_have_count(2)  # the wedge ratio follows
    assert millimetres(row.inner_text()) == pytest.approx(0.75 * automatic, abs=0.8)
    expect(page.get_by_test_id("measures-L2").locator("summary").first).to_contain_text("Genant 2")

    page.reload()  # it is kept
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("measures-L2").locator("summary").click(timeout=PATIENCE_MS)
    expect(edited).to_be_visible()
    page.get_by_test_id("measure-reset").click()
    expect(page.get_by_test_id("measure-edited")).to_have_count(0)
    assert millimetres(page.get_by_test_id(HEIGHT).inner_text()) == automatic


def test_the_report_comes_in_the_pages_language(page: Any) -> None:
    with page.expect_download(timeout=PATIENCE_MS) as waiting:
        page.get_by_test_id("measures-report").click()
    text = PdfReader(io.BytesIO(Path(waiting.value.path()).read_bytes())).pages[0].extract_text()
    assert "Measurements of the spine in CT" in text
    assert "L2" in text


def test_a_tab_on_a_tablet_begins_with_what_it_names_and_its_report(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 820, "height": 1180}, locale="en-GB", has_touch=True)
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready")
    expect(page.get_by_test_id("measures-vertebrae")).to_be_attached(timeout=PATIENCE_MS)
    page.get_by_test_id("tab-measure").tap()
    curves = page.get_by_test_id("measures").locator("details").first
    expect(curves.locator("summary")).to_be_in_viewport(ratio=1)
    expect(page.get_by_test_id("measures-report")).to_be_in_viewport(ratio=1)
    page.get_by_test_id("tab-correct").tap()
    expect(page.get_by_test_id("edit-start")).to_be_in_viewport(ratio=1)
    page.close()


def test_a_chinese_page_gets_a_chinese_report(browser: Any, address: str) -> None:
    page = browser.new_page(locale="zh-CN")
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready")
    with page.expect_download(timeout=PATIENCE_MS) as waiting:
        page.get_by_test_id("measures-report").click(timeout=PATIENCE_MS)
    text = PdfReader(io.BytesIO(Path(waiting.value.path()).read_bytes())).pages[0].extract_text()
    assert re.search("[\u4e00-\u9fff]{4}", text)
    page.close()
