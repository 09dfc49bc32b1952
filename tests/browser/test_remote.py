"""Without WebGL2 the server draws the 3D view, in a process that ends with the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.phantom import PhantomSpec
from tests.browser.site import serving
from tests.browser.support import expect, pixels
from tests.webapp.support import wait_for

SPEC = PhantomSpec(("L1", "L2", "L3"), sacrum=False, ribs=False, spacing_mm=(2.0, 2.0, 2.0))
NO_WEBGL = """
const context = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith('webgl') ? null : context.call(this, kind, ...rest);
};
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("remote")
    with serving(folder) as site:
        yield site.add_phantom(folder / "phantom", SPEC)[0]


def colourful(rgb: NDArray[np.int16]) -> int:
    return int((np.ptp(rgb, axis=-1) > 60).sum())


def drawing(study_id: str) -> int:
    """How many processes draw this study."""
    found = 0
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_text()
        except OSError:
            continue
        found += "webapp.viewer.remote_view" in words and study_id in words
    return found


def test_the_server_draws_turns_on_a_drag_and_stops_with_the_page(browser: Any, study_url: str) -> None:
    study_id = study_url.rsplit("/", 1)[1]
    page = browser.new_page(viewport={"width": 1000, "height": 700}, locale="en-GB")
    page.add_init_script(NO_WEBGL)
    page.goto(study_url)
    remote = page.get_by_test_id("remote-view")
    expect(remote).to_contain_text("the server draws", timeout=20_000)
    wait_for(lambda: colourful(pixels(page, "remote-view")) > 5000, 50)
    assert drawing(study_id) == 1
    before = pixels(page, "remote-view")
    box = remote.bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    for step in range(6):
        page.mouse.move(box["x"] + 300 + 25 * step, box["y"] + 300)
    page.mouse.up()
    wait_for(lambda: np.abs(pixels(page, "remote-view") - before).mean() > 2)
    page.close()
    wait_for(lambda: drawing(study_id) == 0)
