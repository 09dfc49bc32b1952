"""What a doctor does, from the file to the downloaded mask: the real server process, the packaged model, a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from segmentation.evaluation.metrics import dice
from segmentation.inference.engine import Engine
from segmentation.phantom import Phantom
from segmentation.readers import read_label_map, read_volume
from segmentation.writers import write_nifti, write_volume
from tests.browser.support import LINE_PIXELS, PLANES, amber, expect, pixels
from tests.webapp.support import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
JOB_MS = 180_000
DONE = re.compile("^Done")  # of a scan that was segmented before it goes on: taken over


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`spineview serve`, as a process, on a port and a data folder of its own."""
    folder = tmp_path_factory.mktemp("serve")
    log = folder / "log"
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(folder / "data")]
    environment = {**os.environ, "HOME": str(folder), "SPINEVIEW_MIN_FREE_BYTES": "0"}
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        yield wait_for(lambda: re.search(r"answers at (http://\S+?)/ ", log.read_text()), 90)[1]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module")
def files(small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    ct, reference = folder / "ct.nii.gz", folder / "vert.nii.gz"
    write_volume(small_phantom.volume, ct)
    write_nifti(small_phantom.labels, reference)
    return ct, reference


@pytest.mark.parametrize("touch", [False, True], ids=["desk", "tablet"])
def test_upload_segment_see_and_download(
    browser: Any, site: str, files: tuple[Path, Path], tmp_path: Path, touch: bool
) -> None:
    ct, reference = files
    size = {"width": 820, "height": 1180} if touch else {"width": 1440, "height": 900}
    context = browser.new_context(viewport=size, has_touch=touch, accept_downloads=True, locale="en-GB")
    page = context.new_page()
    page.goto(site)
    page.get_by_test_id("reference-input").set_input_files(reference)
    open_upload(page, ct)
    address = page.url

    page.get_by_test_id("segment-button").click()
    expect(page.get_by_test_id("stage")).to_have_text(DONE, timeout=JOB_MS)
    expect(page.get_by_test_id("label-list")).to_contain_text("Spine")
    assert page.url == address
    for testid in (*PLANES, "view-3d"):
        wait_for(lambda testid=testid: amber(pixels(page, testid)).sum() > 2 * LINE_PIXELS, 60)
    with page.expect_download() as download:
        page.get_by_test_id("download-mask").first.click()
    path = tmp_path / "mask.nii.gz"
    download.value.save_as(path)

    # The mask is the engine's own, voxel for voxel, on the grid of the CT to the last bit.
    mask = read_label_map(path)
    own = Engine().segment(read_volume(ct))
    np.testing.assert_array_equal(mask.labels, own.labels)
    np.testing.assert_array_equal(nib.load(path).affine, nib.load(ct).affine)
    # The Dice on the page is the Dice of these two files. On a phantom: no measure of accuracy on patients.
    score = dice(mask.labels > 0, read_label_map(reference).labels > 0)
    expect(page.get_by_test_id("dice-value").first).to_contain_text(f"{score:.3f}"[:4])
    context.close()


def open_upload(page: Any, ct: Path) -> None:
    """Upload: the study opens by itself."""
    page.get_by_test_id("upload-input").set_input_files(ct)
    page.wait_for_url("**/studies/*", timeout=60_000)
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)


def test_two_browsers_on_two_studies_share_no_state(browser: Any, site: str, files: tuple[Path, Path]) -> None:
    pages = []
    for window in ("lung", "soft"):
        page = browser.new_context(viewport={"width": 1000, "height": 700}).new_page()
        page.goto(site)
        open_upload(page, files[0])
        page.get_by_test_id(f"window-{window}").click()
        pages.append(page)
    expect(pages[0].get_by_test_id("window-level")).to_contain_text("W 1500")
    expect(pages[1].get_by_test_id("window-level")).to_contain_text("W 400")
    assert pages[0].url != pages[1].url
    pages[0].get_by_test_id("view-axial").click(position={"x": 60, "y": 60})
    moved = pages[0].evaluate("window.spineview.crosshair")
    assert pages[1].evaluate("window.spineview.crosshair") != moved
    pages[0].get_by_test_id("segment-button").click()
    expect(pages[0].get_by_test_id("stage")).to_have_text(DONE, timeout=JOB_MS)
    expect(pages[1].get_by_test_id("label-list")).to_have_count(0)
    for page in pages:
        page.context.close()
