"""The 3D view in a real Chromium: presets, transfer function, clipping box, mask, standard views."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom import PhantomSpec
from tests.browser.site import Site, serving
from tests.browser.support import expect, pixels
from tests.webapp.support import wait_for

SPEC = PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, spacing_mm=(2.0, 2.0, 2.0))
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("volume")) as site:
        yield site


@pytest.fixture(scope="module")
def study_url(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    return site.add_phantom(tmp_path_factory.mktemp("phantom"), SPEC)[0]


def half_known() -> tuple[Volume, LabelMap]:
    """A block of bone, 30 x 20 x 40 mm, and a reference of its lower half alone."""
    grid = Grid((60, 50, 64), np.diag([-1.0, -1.0, 1.0, 1.0]))
    hu = np.full(grid.shape, -1000, dtype=np.int16)
    hu[15:45, 14:34, 12:52] = 700
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[15:45, 14:34, 12:32] = 20
    return Volume(hu, grid), LabelMap(labels, grid, "vertebrae")


@pytest.fixture
def page(browser: Any, study_url: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    yield page
    assert page.problems == []
    context.close()


def view(page: Any) -> NDArray[np.int16]:
    """The middle of the 3D view, without the letters and buttons at its edges and corners."""
    rgb = pixels(page, "view-3d")
    rows, columns = rgb.shape[:2]
    return rgb[rows // 10 : -rows // 10, columns // 5 : -columns // 5]


def lit(rgb: NDArray[np.int16]) -> int:
    return int((rgb.max(axis=-1) > 60).sum())


def colourful(rgb: NDArray[np.int16]) -> int:
    return int(((np.ptp(rgb, axis=-1) > 70) & (rgb.max(axis=-1) > 90)).sum())


def saturated(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.ptp(rgb, axis=-1) > 40


def steady(page: Any) -> NDArray[np.int16]:
    """The view once two pictures of it in a row are the same."""
    last: list[NDArray[np.int16]] = [view(page)]

    def same() -> bool:
        last.append(view(page))
        return np.array_equal(last[-1], last[-2])

    wait_for(same)
    return last[-1]


def test_each_preset_shows_something_of_its_own(page: Any) -> None:
    page.get_by_test_id("show-crosshair").uncheck()
    pictures = []
    for preset in ("bone", "muscle", "skin", "lung"):
        page.get_by_test_id(f"volume-preset-{preset}").click()
        pictures.append(steady(page))
    assert all(lit(picture) > 2000 for picture in pictures)
    for n, one in enumerate(pictures):
        assert all(np.abs(one - other).mean() > 3 for other in pictures[:n])
    page.get_by_test_id("volume-preset-off").click()
    assert lit(steady(page)) < 0.2 * lit(pictures[0])


def test_a_point_of_the_transfer_function_makes_bone_vanish_and_an_added_one_brings_it_back(page: Any) -> None:
    page.get_by_test_id("show-crosshair").uncheck()
    before = lit(steady(page))
    page.get_by_test_id("transfer").locator("summary").click()
    points = page.get_by_test_id("transfer-editor").get_by_role("slider", name="Opacity point")
    count = points.count()
    for _ in range(count - 2):  # all but the first two, which are transparent
        points.nth(2).press("Delete")
    expect(points).to_have_count(2)
    wait_for(lambda: lit(view(page)) < 0.2 * before)
    page.get_by_test_id("transfer-field").dblclick(position={"x": 90, "y": 10})
    expect(points).to_have_count(3)
    wait_for(lambda: lit(view(page)) > 0.5 * before)
    points.nth(2).focus()
    value = points.nth(2).get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    expect(points.nth(2)).not_to_have_attribute("aria-valuetext", value)


def test_a_colour_point_recolours_the_bone(page: Any) -> None:
    assert colourful(steady(page)) < 1500
    page.get_by_test_id("transfer").locator("summary").click()
    stops = page.get_by_test_id("transfer-editor").get_by_role("slider", name="Colour point")
    for n in range(stops.count()):
        stops.nth(n).focus()
        page.get_by_test_id("transfer-colour").fill("#2040ff")
    wait_for(lambda: colourful(view(page)) > 3000)


def test_the_mask_colours_the_volume_itself_and_turns_the_rest_to_faint_grey(page: Any) -> None:
    page.get_by_test_id("show-reference").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    surfaces = steady(page)
    assert colourful(surfaces) > 3000
    page.get_by_test_id("mask-style-colour").click()
    wait_for(lambda: np.abs(view(page) - surfaces).mean() > 2)
    coloured = steady(page)
    assert colourful(coloured) > 3000
    # Skin is wholly outside the mask: as a preset of its own it is opaque, beside the mask a grey veil.
    page.get_by_test_id("volume-preset-skin").click()
    veiled = steady(page)
    grey = (np.ptp(veiled, axis=-1) < 25) & (veiled.max(axis=-1) > 12)
    assert grey.mean() > 0.3
    assert colourful(veiled) > 1500
    page.get_by_test_id("show-reference").click()
    wait_for(lambda: view(page).max(axis=-1).mean() > 1.5 * veiled.max(axis=-1).mean())


def reddish(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    return (rgb[..., 0] > 90) & (rgb[..., 0] - rgb[..., 1:].max(axis=-1) > 50)


def bluish(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    return (rgb[..., 2] > 90) & (rgb[..., 2] - rgb[..., :2].max(axis=-1) > 50)


def test_all_masks_shown_colour_the_volume_each_in_its_own_colour(page: Any, site: Site, tmp_path: Path) -> None:
    """The model finds all bone, the reference the lower half of it: where both are, the reference is seen."""
    page.goto(site.add_volume(tmp_path, *half_known()))
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("segment-button").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    page.get_by_test_id("show-reference").check()
    page.wait_for_function("window.spineview.masks.length === 2")
    page.get_by_test_id("label-model-1").locator('input[type="color"]').fill("#ff2020")
    page.get_by_test_id("label-reference-20").locator('input[type="color"]').fill("#2040ff")
    page.get_by_test_id("look-A").click()
    page.get_by_test_id("mask-style-colour").click()
    wait_for(lambda: bluish(view(page)).sum() > 2000 and reddish(view(page)).sum() > 2000)
    both = steady(page)
    red, blue = (np.argwhere(colour(both))[:, 0] for colour in (reddish, bluish))
    assert np.percentile(red, 95) < np.percentile(blue, 5), "red above, blue below"

    page.get_by_test_id("label-reference-20").get_by_role("checkbox").uncheck()
    wait_for(lambda: bluish(view(page)).sum() < 200)
    assert reddish(steady(page)).sum() > 1.5 * len(red)
    page.get_by_test_id("label-reference-20").get_by_role("checkbox").check()
    page.get_by_test_id("show-model").uncheck()
    crosshair = 0.1 * len(red)  # one of its lines is red
    wait_for(lambda: reddish(view(page)).sum() < crosshair and bluish(view(page)).sum() > 0.8 * len(blue))


def test_surfaces_lie_where_the_labels_are(page: Any) -> None:
    page.get_by_test_id("look-L").click()
    page.get_by_test_id("volume-preset-ramp").click()
    page.get_by_test_id("show-reference").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    wait_for(lambda: colourful(view(page)) > 3000)
    surfaces = saturated(steady(page))
    page.get_by_test_id("mask-style-colour").click()
    wait_for(lambda: not np.array_equal(saturated(view(page)), surfaces))
    voxels = saturated(steady(page))
    assert (surfaces & voxels).sum() / (surfaces | voxels).sum() > 0.8


def test_the_clipping_box_cuts_the_upper_half_away(page: Any) -> None:
    page.get_by_test_id("view-3d").locator(".sv-canvas").press("a")
    before = steady(page)
    page.get_by_test_id("clip-box").locator("summary").click()
    page.get_by_test_id("clip-is-1").fill("50")
    wait_for(lambda: lit(view(page)) < 0.8 * lit(before))
    cut = steady(page)
    half = len(cut) // 2
    assert lit(cut[: half - 12]) < 0.15 * lit(before[: half - 12])
    assert lit(cut[half + 12 :]) > 0.8 * lit(before[half + 12 :])
    page.get_by_test_id("clip-reset").click()
    wait_for(lambda: lit(view(page)) > 0.95 * lit(before))


def test_the_patient_is_seen_from_six_sides_by_button_and_by_key(page: Any) -> None:
    panel = page.get_by_test_id("view-3d")
    edges = [panel.locator(f".sv-at-{edge}") for edge in ("left", "right", "top", "bottom")]
    seen = []
    for side, letters in {"A": "RLSI", "P": "LRSI", "L": "APSI", "R": "PASI", "S": "LRAP", "I": "RLAP"}.items():
        page.get_by_test_id(f"look-{side}").click()
        for edge, letter in zip(edges, letters, strict=True):
            expect(edge).to_have_text(letter)
        seen.append(steady(page))
    for key, picture in zip("aplrsi", seen, strict=True):
        panel.locator(".sv-canvas").press(key)
        wait_for(lambda picture=picture: np.array_equal(view(page), picture))
