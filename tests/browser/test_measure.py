"""Measuring in a real Chromium, against lengths and angles that the phantom knows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.phantom import PhantomSpec, make_phantom
from tests.browser.site import Site, serving
from tests.browser.support import expect
from tests.webapp.support import wait_for

pytestmark = pytest.mark.browser
SPECS = {
    "aligned": PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, organs=False, spacing_mm=(1.5, 1.5, 1.5)),
    "oblique": PhantomSpec(
        ("L1", "L2", "L3"), sacrum=False, ribs=False, organs=False, spacing_mm=(2.0, 1.0, 1.4), orientation="AIL",
        rotation_deg=(8.0, -6.0, 10.0),
    ),
}  # fmt: skip
Point = NDArray[np.float64]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("measure")) as site:
        yield site


@pytest.fixture(scope="module", params=list(SPECS))
def study(request: pytest.FixtureRequest, site: Site, tmp_path_factory: Any) -> tuple[str, dict[str, Any]]:
    return site.add_phantom(tmp_path_factory.mktemp(request.param), SPECS[request.param])


def opened(browser: Any, address: str, at: Point) -> Any:
    """The page with the crosshair at ``at`` in the middle of every panel, at a known scale."""
    page = browser.new_page(viewport={"width": 1300, "height": 900}, locale="en-GB")
    page.goto(f"{address}#at={','.join(f'{mm:.4f}' for mm in at)}")
    page.wait_for_function("window.spineview && window.spineview.ready")
    return page


def to_page(page: Any, testid: str, axes: tuple[int, int]) -> Callable[[Point], tuple[float, float]]:
    """Where a place in the patient is on the page: ``axes`` run to the left and to the top of this panel."""
    panel = page.get_by_test_id(testid)
    box = panel.locator(".sv-canvas").bounding_box()
    cross = np.array(page.evaluate("window.spineview.position"))
    vertical = panel.locator(".sv-vertical").first.bounding_box()
    horizontal = panel.locator(".sv-horizontal").first.bounding_box()
    bar, label = panel.locator(".sv-scale"), panel.locator(".sv-scale").inner_text()
    length_mm = float(label.split()[0]) * (10 if "cm" in label else 1)
    px_per_mm = bar.evaluate("node => parseFloat(node.style.width)") / length_mm

    def convert(at: Point) -> tuple[float, float]:
        left_mm, up_mm = at[axes[0]] - cross[axes[0]], at[axes[1]] - cross[axes[1]]
        x, y = vertical["x"] - left_mm * px_per_mm, horizontal["y"] - up_mm * px_per_mm
        assert box["x"] < x < box["x"] + box["width"]
        assert box["y"] < y < box["y"] + box["height"]
        return x, y

    return convert


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def value(page: Any, n: int = -1) -> float:
    """The first number of a measurement in the list."""
    return float(page.get_by_test_id("measurement-value").nth(n).inner_text().replace("°", " ").split()[0])


def level(truth: dict[str, Any], name: str) -> dict[str, Any]:
    found = next(level for level in truth["levels"] if level["name"] == name)
    return {key: np.array(entry) if isinstance(entry, list) else entry for key, entry in found.items()}


def stored(address: str) -> list[dict[str, Any]]:
    site, study_id = address.rsplit("/studies/", 1)
    measurements: list[dict[str, Any]] = httpx.get(f"{site}/api/v1/studies/{study_id}/measurements").json()[
        "measurements"
    ]
    return measurements


def test_height_angle_and_cobb_angle_are_those_of_the_phantom_and_are_there_again_after_a_reload(
    browser: Any, study: tuple[str, dict[str, Any]]
) -> None:
    address, truth = study
    first, last = level(truth, "L1"), level(truth, "L3")
    page = opened(browser, address, first["centre_mm"])
    at = to_page(page, "view-sagittal", (1, 2))

    height = first["superior"] * first["body_height_mm"] / 2
    page.get_by_test_id("measure-distance").click()
    drag(page, at(first["centre_mm"] - height), at(first["centre_mm"] + height))
    expect(page.get_by_test_id("measurement-value")).to_have_count(1)
    assert value(page) == pytest.approx(first["body_height_mm"], abs=0.5)

    page.get_by_test_id("measure-angle").click()
    drag(page, at(first["centre_mm"] + 14 * first["anterior"]), at(first["centre_mm"]))
    page.mouse.click(*at(first["centre_mm"] + 11 * first["superior"]))
    expect(page.get_by_test_id("measurement-value")).to_have_count(2)
    assert value(page) == pytest.approx(90, abs=0.5)

    page.get_by_test_id("measure-cobb").click()
    for one in (first, last):
        half = one["anterior"] * 30
        drag(page, at(one["centre_mm"] - half), at(one["centre_mm"] + half))
    expect(page.get_by_test_id("measurement-value")).to_have_count(3)
    assert value(page) == pytest.approx(abs(last["tilt_deg"] - first["tilt_deg"]), abs=0.5)

    wait_for(lambda: len(stored(address)) == 3)
    page.reload()
    page.wait_for_function("window.spineview && window.spineview.ready")
    expect(page.get_by_test_id("measurement-value")).to_have_count(3)
    assert value(page, 0) == pytest.approx(first["body_height_mm"], abs=0.5)
    page.close()


def covered(spec: dict[str, Any], centre_mm: Point) -> NDArray[np.int16]:
    """HU nearest to places half a millimetre apart in an ellipse of 9 by 6 mm around ``centre_mm``."""
    volume = make_phantom(PhantomSpec(**{key: _tuples(value) for key, value in spec.items()})).volume
    steps = np.stack(np.meshgrid(np.arange(-9, 9.1, 0.5), np.arange(-6, 6.1, 0.5)), axis=-1).reshape(-1, 2)
    inside = steps[(steps[:, 0] / 9) ** 2 + (steps[:, 1] / 6) ** 2 <= 1]
    places = centre_mm + np.column_stack([inside, np.zeros(len(inside))])
    index = np.rint(volume.grid.to_index(places)).astype(int)
    return volume.hu[tuple(index.T)]


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def test_an_ellipse_in_the_vertebra_reads_its_trabecular_hu(browser: Any, study: tuple[str, dict[str, Any]]) -> None:
    address, truth = study
    body = level(truth, "L2")
    page = opened(browser, address, body["centre_mm"])
    at = to_page(page, "view-axial", (0, 1))
    before = page.get_by_test_id("measurement-value").count()
    page.get_by_test_id("measure-ellipse").click()
    corner = np.array([9.0, 6.0, 0.0])
    drag(page, at(body["centre_mm"] + corner), at(body["centre_mm"] - corner))
    expect(page.get_by_test_id("measurement-value")).to_have_count(before + 1)
    wait_for(lambda: len(stored(address)) == before + 1)
    made = stored(address)[-1]
    assert made["value"] == pytest.approx(np.pi * 9 * 6, rel=0.06)
    there = covered(truth["spec"], np.array(page.evaluate("window.spineview.position")))
    assert made["statistics"]["mean_hu"] == pytest.approx(there.mean(), abs=6)
    assert made["statistics"]["sd_hu"] == pytest.approx(there.std(), abs=6)
    assert there.mean() == pytest.approx(truth["hu"]["trabecular"], abs=30)
    expect(page.get_by_test_id("view-axial").locator(".sv-measures text").first).to_contain_text("HU")
    page.close()


def test_a_measurement_is_reshaped_named_taken_home_and_deleted(browser: Any, site: Site, tmp_path: Any) -> None:
    address, truth = site.add_phantom(tmp_path, SPECS["aligned"])
    body = level(truth, "L2")
    page = opened(browser, address, body["centre_mm"])
    at = to_page(page, "view-coronal", (0, 2))
    ends = [body["centre_mm"] + np.array([mm, 0.0, 0.0]) for mm in (-15.0, 15.0)]
    page.get_by_test_id("measure-distance").click()
    page.mouse.click(*at(ends[0]))
    page.mouse.move(*at(body["centre_mm"]))
    page.mouse.click(*at(ends[1]))
    expect(page.get_by_test_id("measurement-value")).to_have_count(1)
    assert value(page) == pytest.approx(30, abs=0.5)
    wait_for(lambda: len(stored(address)) == 1)

    drag(page, at(ends[1]), at(ends[1] + np.array([10.0, 0.0, 0.0])))
    assert value(page) == pytest.approx(40, abs=0.5)
    page.get_by_test_id("measurements").get_by_role("textbox").fill("=width")
    page.get_by_test_id("measurements").get_by_role("textbox").press("Enter")
    wait_for(lambda: stored(address)[0]["label"] == "=width" and stored(address)[0]["value"] > 39)

    with page.expect_download() as download:
        page.get_by_test_id("measurements-csv").click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [(row["kind"], row["label"], row["unit"]) for row in table] == [("distance", "'=width", "mm")]
    assert float(table[0]["value"]) == pytest.approx(40, abs=0.5)

    drawn = page.get_by_test_id("view-coronal").locator(".sv-measure")
    expect(drawn).to_have_count(1)
    page.get_by_test_id("view-coronal").locator(".sv-canvas").press("PageUp")
    expect(drawn).to_have_count(0)  # it lies on another slice
    page.get_by_test_id("measurement-value").click()
    expect(drawn).to_have_count(1)
    page.get_by_test_id("measurement-delete").click()
    expect(drawn).to_have_count(0)
    wait_for(lambda: stored(address) == [])
    page.close()
