"""Pictures, clips and an emulated headset in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from segmentation.phantom import PhantomSpec
from tests.browser.site import serving
from tests.browser.support import amber, expect
from tests.webapp.support import wait_for
from webapp.paths import STATIC_DIR

SPEC = PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, spacing_mm=(2.0, 2.0, 2.0))
IWER = STATIC_DIR / "viewer" / "node_modules" / "iwer" / "build" / "iwer.min.js"
HEADSET = "window.headset = new IWER.XRDevice(IWER.metaQuest3); window.headset.installRuntime({ forceInstall: true });"
MARK_PX = 22
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("capture")
    with serving(folder) as site:
        yield site.add_phantom(folder / "phantom", SPEC)[0]


def opened(browser: Any, study_url: str, scripts: tuple[str, ...] = ()) -> Any:
    page = browser.new_page(viewport={"width": 1100, "height": 800}, locale="en-GB")
    for script in scripts:
        page.add_init_script(script)
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready")
    return page


def picture(page: Any, name: str) -> NDArray[np.int16]:
    page.get_by_test_id("capture-which").focus()
    page.get_by_test_id("capture-which").select_option(name)
    with page.expect_download() as download:
        page.get_by_test_id("capture-picture").click()
    assert download.value.suggested_filename.startswith(f"spineview-{name}-")
    with Image.open(download.value.path()) as saved:
        return np.asarray(saved.convert("RGB")).astype(np.int16)


def test_a_picture_of_the_layout_holds_every_panel_its_letters_and_its_warning(browser: Any, study_url: str) -> None:
    page = opened(browser, study_url)
    page.wait_for_timeout(500)
    whole = picture(page, "layout")
    frame = page.locator(".sv-grid").bounding_box()
    assert abs(len(whole) - frame["height"] - MARK_PX) <= 2
    assert amber(whole[-MARK_PX:]).sum() > 100
    for testid in ("view-axial", "view-coronal", "view-sagittal", "view-3d"):
        box = page.get_by_test_id(testid).bounding_box()
        top, left = round(box["y"] - frame["y"]), round(box["x"] - frame["x"])
        part = whole[top : top + round(box["height"]), left : left + round(box["width"])]
        assert (part.min(axis=-1) > 100).sum() > 800, testid  # bone
        letter = page.get_by_test_id(testid).locator(".sv-at-left").bounding_box()
        x, y = round(letter["x"] - frame["x"]), round(letter["y"] - frame["y"])
        there = whole[y : y + round(letter["height"]), x : x + round(letter["width"])]
        assert (there.min(axis=-1) > 180).sum() > 10, testid

    one = picture(page, "sagittal")
    box = page.get_by_test_id("view-sagittal").bounding_box()
    assert abs(one.shape[1] - box["width"]) <= 2
    scale = page.get_by_test_id("view-sagittal").locator(".sv-scale").bounding_box()
    row = one[round(scale["y"] + scale["height"] - box["y"]) - 1, round(scale["x"] - box["x"]) :]
    assert (row[: round(scale["width"])].min(axis=-1) > 100).mean() > 0.9
    page.close()


def test_a_clip_turns_the_patient_once(browser: Any, study_url: str) -> None:
    page = opened(browser, study_url)
    with page.expect_download(timeout=180_000) as download:
        page.get_by_test_id("capture-clip").click()
    expect(page.get_by_test_id("capture-clip")).to_be_enabled()
    assert download.value.suggested_filename.endswith(".gif")
    frames = []
    with Image.open(download.value.path()) as clip:
        assert clip.n_frames == 60
        for n in (0, 15, 30, 45):
            clip.seek(n)
            frames.append(np.asarray(clip.convert("RGB")).astype(np.int16))
    for one, following in pairwise(frames):
        assert (np.abs(one - following).max(axis=-1) > 40).mean() > 0.01
    assert all(amber(frame[-MARK_PX:]).sum() > 50 for frame in frames)
    page.close()


def test_without_a_headset_the_button_says_why(browser: Any, study_url: str) -> None:
    page = opened(browser, study_url)
    expect(page.get_by_test_id("vr-enter")).to_be_disabled()
    expect(page.get_by_test_id("vr-reason")).to_have_text("No headset was found.")
    page.close()
    page = opened(browser, study_url, ("Object.defineProperty(window, 'isSecureContext', { value: false })",))
    expect(page.get_by_test_id("vr-reason")).to_contain_text("HTTPS")
    page.close()


def test_in_a_headset_the_spine_stands_at_true_scale_and_can_be_held_and_enlarged(browser: Any, study_url: str) -> None:
    if not IWER.is_file():
        pytest.skip("the emulated headset is not installed: run `make viewer`")
    page = opened(browser, study_url, (IWER.read_text(encoding="utf-8"), HEADSET))
    page.get_by_test_id("vr-enter").click()
    expect(page.get_by_test_id("vr-reason")).to_contain_text("mask")
    page.get_by_test_id("show-reference").click()
    page.wait_for_function("window.spineview.masks.length === 1")
    page.get_by_test_id("vr-enter").click()
    page.wait_for_function("window.spineview.vr && window.spineview.vr[1] > window.spineview.vr[0]")
    before = np.array(page.evaluate("window.spineview.vr")).reshape(3, 2)
    height = np.ptp(before[2])
    assert 90 < height < 140  # three lumbar vertebrae, in mm

    # One hand: what it holds moves as it does; the wearer looks at the patient's front, so right is the patient's left.
    hand(page, "right", (0.1, -0.1, -0.6), 1)
    hand(page, "right", (0.3, -0.1, -0.6), 1)
    page.wait_for_function(f"window.spineview.vr[0] < {before[0, 0] - 190}")
    moved = np.array(page.evaluate("window.spineview.vr")).reshape(3, 2)
    assert (moved - before).mean(axis=1) == pytest.approx([-200, 0, 0], abs=2)

    # Two hands, drawn apart: twice as large.
    hand(page, "left", (0.1, -0.1, -0.6), 1)
    hand(page, "left", (-0.1, -0.1, -0.6), 1)
    wait_for(lambda: np.ptp(np.array(page.evaluate("window.spineview.vr"))[4:]) == pytest.approx(2 * height, rel=0.03))
    page.get_by_test_id("vr-enter").press("Enter")  # the emulator's own canvas covers the page
    page.wait_for_function("window.spineview.vr === null")
    assert page.locator(".sv-vr").count() == 0
    page.close()


def hand(page: Any, side: str, at: tuple[float, float, float], squeeze: float) -> None:
    """Put a hand somewhere in the room (metres) and press its trigger; the frame after that has seen it."""
    page.evaluate(
        """async ([side, at, value]) => {
          const controller = window.headset.controllers[side];
          controller.position.set(...at);
          controller.updateButtonValue('trigger', value);
          for (let n = 0; n < 4; n += 1) await new Promise((done) => setTimeout(done, 120));
        }""",
        [side, list(at), squeeze],
    )
