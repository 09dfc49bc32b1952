"""Correcting masks in a real Chromium: seen, undone, kept, saved, downloaded; and by two at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import Grid, to_canonical
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map
from tests.browser.site import Site, serving
from tests.browser.support import expect, pixels
from webapp.storage.mask_files import write_mask
from webapp.storage.tables import Mask

pytestmark = pytest.mark.browser
T12, L1 = NUMBERS["T12"], NUMBERS["L1"]
SHAPE = (48, 44, 40)
TILT = np.deg2rad(12)
AFFINES = {
    "aligned": np.array([[-1.0, 0, 0, 24], [0, -1.0, 0, 22], [0, 0, 1.5, -30], [0, 0, 0, 1]]),
    "oblique": np.array([
        [-np.cos(TILT), np.sin(TILT), 0, 24], [-np.sin(TILT), -np.cos(TILT), 0, 22], [0, 0, 1.5, -30], [0, 0, 0, 1.0],
    ]),
}  # fmt: skip
PLANES = ("axial", "coronal", "sagittal")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("editing")) as site:
        yield site


def add_vertebrae(site: Site, folder: Path, kind: str = "aligned") -> tuple[str, Mask]:
    """A study with two vertebrae of a job; the address of its page, and the mask."""
    grid = Grid(SHAPE, AFFINES[kind])
    hu = np.full(SHAPE, 40, np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    labels[18:30, 16:28, 6:16] = L1
    labels[18:30, 16:28, 18:28] = T12
    hu[labels > 0] = 500
    address = site.add_volume(folder, Volume(hu, grid))
    study_id = address.rsplit("/", 1)[1]
    store = site.application.state.services.store
    staged = store.stage()
    mask = write_mask(LabelMap(labels, grid, "vertebrae"), Volume(hu, grid), staged, study_id, "vertebrae")
    assert store.jobs.complete(store.jobs.add(study_id).id, mask, staged, "")
    return address, mask


def opened(browser: Any, address: str, **options: Any) -> Any:
    page = browser.new_page(viewport={"width": 1300, "height": 900}, locale="en-GB", **options)
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.masks.length")
    return page


def start(page: Any, button: str = "edit-start") -> None:
    page.get_by_test_id(button).first.click()
    expect(page.get_by_test_id("edit-panel")).to_be_visible()


def place(page: Any, plane: str, across: float, down: float) -> tuple[float, float]:
    """A place in a panel, as parts of its size."""
    box = page.get_by_test_id(f"view-{plane}").locator(".sv-canvas").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def stroke(page: Any, plane: str, *places: tuple[float, float]) -> None:
    page.mouse.move(*place(page, plane, *places[0]))
    page.mouse.down()
    for each in places[1:]:
        page.mouse.move(*place(page, plane, *each), steps=3)
    page.mouse.up()


def kept(page: Any) -> None:
    expect(page.get_by_test_id("edit-saving")).to_have_attribute("data-state", "saved", timeout=30_000)


def volume(page: Any) -> float:
    return float(page.get_by_test_id("edit-volume").inner_text().split()[0])


def volume_after(page: Any, before: float) -> float:
    """The label's volume once it is another one."""
    page.wait_for_function(
        "before => parseFloat(document.querySelector('[data-testid=edit-volume]').textContent) !== before", arg=before
    )
    return volume(page)


def masks(address: str) -> list[dict[str, Any]]:
    site, study_id = address.rsplit("/studies/", 1)
    found: list[dict[str, Any]] = httpx.get(f"{site}/api/v1/studies/{study_id}/masks").json()["masks"]
    return found


def downloaded(address: str, mask_id: str, folder: Path) -> NDArray[np.uint8]:
    """Labels of a mask as they are downloaded, on the displayed grid."""
    path = folder / f"{mask_id}.nii.gz"
    path.write_bytes(httpx.get(f"{address.rsplit('/studies/', 1)[0]}/api/v1/masks/{mask_id}.nii.gz").content)
    found = read_label_map(path)
    return to_canonical(found.labels, found.grid)


def drawn(site: Site, mask_id: str) -> NDArray[np.uint8]:
    """Labels as the server has them for the browser."""
    content = httpx.get(f"{site.address}/api/v1/masks/{mask_id}/volume.bin").content
    return np.frombuffer(content, np.uint8).reshape(SHAPE, order="F")


@pytest.mark.parametrize("kind", list(AFFINES))
def test_what_is_painted_on_each_plane_is_seen_undone_kept_saved_and_downloaded(
    browser: Any, site: Site, tmp_path: Path, kind: str
) -> None:
    address, mask = add_vertebrae(site, tmp_path, kind)
    page = opened(browser, address)
    start(page)
    page.get_by_test_id("edit-over").select_option("all")
    page.get_by_test_id("edit-label").select_option(str(L1))
    steps = [volume(page)]
    for plane in PLANES:
        before = pixels(page, f"view-{plane}")
        stroke(page, plane, (0.3, 0.3), (0.4, 0.35))
        page.mouse.move(5, 5)  # no circle of the brush in the picture
        changed = np.abs(pixels(page, f"view-{plane}") - before).max(axis=2) > 40
        assert changed.sum() > 200, plane
        steps.append(volume_after(page, steps[-1]))
    assert steps == sorted(set(steps))
    page.keyboard.press("Control+z")
    assert volume_after(page, steps[-1]) == steps[-2]
    page.get_by_test_id("edit-redo").click()
    assert volume_after(page, steps[-2]) == steps[-1]
    page.get_by_test_id("edit-tool-eraser").click()
    stroke(page, "axial", (0.3, 0.3), (0.33, 0.3))
    assert volume_after(page, steps[-1]) < steps[-1]
    kept(page)
    final = volume(page)

    page.reload()
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.masks.length")
    start(page, "edit-continue")
    page.get_by_test_id("edit-label").select_option(str(L1))
    assert volume(page) == final
    page.get_by_test_id("edit-comment").fill("by hand")
    page.get_by_test_id("edit-save").click()
    expect(page.get_by_test_id("edit-panel")).to_have_count(0, timeout=30_000)
    newest = masks(address)[0]
    assert newest["id"] != mask.id
    page.wait_for_function(f"window.spineview.masks.includes('{newest['id']}')")

    after, before = (downloaded(address, each, tmp_path) for each in (newest["id"], mask.id))
    voxel_ml = 1.5 / 1000
    assert np.count_nonzero(after == L1) * voxel_ml == pytest.approx(final, abs=0.006)
    assert newest["statistics"][str(L1)]["volume_ml"] == pytest.approx(final, abs=0.006)
    assert np.array_equal(after, drawn(site, newest["id"]))
    changed = np.argwhere(after != before)
    assert len(changed) > 100
    page.get_by_test_id("versions").locator("summary").click()
    expect(page.get_by_test_id("version-difference").first).to_contain_text("ml")
    page.get_by_test_id("version-restore").click()
    expect(page.get_by_test_id("version")).to_have_count(3, timeout=30_000)
    assert np.array_equal(downloaded(address, masks(address)[0]["id"], tmp_path), before)
    page.close()


def test_a_voxel_that_is_tapped_is_the_voxel_that_is_downloaded(browser: Any, site: Site, tmp_path: Path) -> None:
    address, _ = add_vertebrae(site, tmp_path)
    page = opened(browser, address)
    page.mouse.click(*place(page, "axial", 0.31, 0.42))  # the crosshair goes to a place in soft tissue
    voxel = page.evaluate("window.spineview.crosshair")
    start(page)
    page.get_by_test_id("edit-label").select_option(str(T12))
    page.get_by_test_id("edit-radius").fill("0.5")
    page.mouse.click(*place(page, "axial", 0.31, 0.42))
    kept(page)
    page.get_by_test_id("edit-save").click()
    expect(page.get_by_test_id("edit-panel")).to_have_count(0, timeout=30_000)
    newest, before = (each["id"] for each in masks(address))
    changed = np.argwhere(drawn(site, newest) != drawn(site, before))
    assert changed.tolist() == [voxel]
    assert drawn(site, newest)[tuple(voxel)] == T12
    page.close()


def test_two_browsers_edit_the_same_mask_and_nothing_is_lost(browser: Any, site: Site, tmp_path: Path) -> None:
    address, mask = add_vertebrae(site, tmp_path)
    one, two = opened(browser, address), opened(browser, address)
    for page, at in ((one, (0.25, 0.3)), (two, (0.7, 0.7))):
        start(page)
        page.get_by_test_id("edit-label").select_option(str(L1))
        stroke(page, "axial", at, (at[0] + 0.03, at[1]))
        kept(page)
    one.get_by_test_id("edit-save").click()
    expect(one.get_by_test_id("edit-panel")).to_have_count(0, timeout=30_000)
    theirs = masks(address)[0]["id"]
    two.get_by_test_id("edit-save").click()
    expect(two.get_by_test_id("edit-conflict")).to_contain_text("nothing is lost")
    assert masks(address)[0]["id"] == theirs
    two.get_by_test_id("edit-with-theirs").click()
    expect(two.get_by_test_id("edit-panel")).to_have_count(0, timeout=30_000)
    both, first, base = (drawn(site, each) for each in (masks(address)[0]["id"], theirs, mask.id))
    assert ((first != base) & (both == first)).sum() == (first != base).sum()
    assert (both != first).any()
    one.close()
    two.close()


def test_a_finger_paints_and_two_fingers_move_the_picture(browser: Any, site: Site, tmp_path: Path) -> None:
    address, _ = add_vertebrae(site, tmp_path)
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.masks.length")
    start(page)
    page.get_by_test_id("edit-label").select_option(str(L1))
    before = volume(page)
    client = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    a, b, c, d = (place(page, "axial", *at) for at in ((0.3, 0.3), (0.45, 0.3), (0.3, 0.6), (0.45, 0.6)))
    touch("touchStart", a)
    touch("touchStart", a, c)
    touch("touchMove", b, d)
    touch("touchEnd")
    assert volume(page) == before
    touch("touchStart", a)
    touch("touchMove", b)
    touch("touchEnd")
    assert volume_after(page, before) > before
    for button in page.get_by_test_id("edit-panel").locator("button:visible, select:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 40, button.inner_text()
    context.close()
