"""Where a place of the patient is seen: phantoms in twelve orientations, anisotropic and oblique."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.volume import Volume
from segmentation.phantom import Phantom, PhantomSpec, make_phantom
from tests.browser.site import Site, serving
from tests.browser.support import pixels
from tests.webapp.support import wait_for

pytestmark = pytest.mark.browser
METAL_HU = 3000
RODS_MM = np.diag([24.0, 16.0, 28.0])  # towards R, A and S
HALF_WIDTH_MM = 2.0
ORIENTATIONS = ("LPS", "RAS", "LAS", "RPI", "PIR", "ASL", "SRP", "IPL", "AIL", "SPR", "PRS", "IRA")
# Axis of the patient across and up the screen; the sign is that of "towards the left" and "towards the top".
SCREEN = {"axial": ((0, 1), (1, 1)), "coronal": ((0, 1), (2, 1)), "sagittal": ((1, 1), (2, 1))}


@dataclass(frozen=True)
class Case:
    name: str
    spec: PhantomSpec


def case(name: str, orientation: str, spacing_mm: tuple[float, float, float], **more: Any) -> Case:
    spec = PhantomSpec(
        levels=("L2", "L3", "L4"), sacrum=False, ribs=False, organs=False, noise_hu=0, lordosis_deg=20,
        fov_mm=(96, 84, 100), centre_mm=(4, 0, 3), orientation=orientation, spacing_mm=spacing_mm, **more,
    )  # fmt: skip
    return Case(name, spec)


CASES = [
    *(case(orientation, orientation, (1.0, 1.25, 2.0)) for orientation in ORIENTATIONS),
    case("oblique", "LPS", (1.0, 1.0, 1.0), rotation_deg=(12.0, -9.0, 15.0)),
    case("oblique-anisotropic", "AIL", (2.0, 0.8, 1.2), rotation_deg=(-20.0, 6.0, 11.0)),
]


def with_rods(phantom: Phantom, corner_mm: NDArray[np.float64]) -> Volume:
    """The phantom with three metal rods that start at ``corner_mm`` and run right, forward and headward."""
    grid = phantom.volume.grid
    places = grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3).astype(float)) - corner_mm
    inside = np.zeros(len(places), dtype=bool)
    for rod in RODS_MM:
        along = np.clip(places @ rod / (rod @ rod), 0, 1)
        inside |= (np.abs(places - along[:, None] * rod) <= HALF_WIDTH_MM).all(axis=1)
    hu = phantom.volume.hu.copy()
    hu[inside.reshape(grid.shape)] = METAL_HU
    return Volume(hu, grid, phantom.volume.header)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("geometry")) as site:
        yield site


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: asked.name)
def test_a_landmark_is_under_the_crosshair_right_is_left_and_a_millimetre_is_one(
    browser: Any, site: Site, tmp_path: Path, asked: Case
) -> None:
    phantom = make_phantom(asked.spec)
    landmark = np.array(next(level for level in phantom.truth["levels"] if level["name"] == "L3")["centre_mm"])
    volume = with_rods(phantom, landmark)
    address = site.add_volume(tmp_path, volume)
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto(f"{address}#at={','.join(f'{mm:.3f}' for mm in landmark)}&level=2000,200")
    page.wait_for_function("window.spineview && window.spineview.ready && window.spineview.window[0] === 2000")
    try:
        assert page.evaluate("window.spineview.hu") == METAL_HU
        away = np.abs(np.array(page.evaluate("window.spineview.position")) - landmark)
        assert (away <= 0.5 * voxel_size(volume) + 0.001).all()
        for plane, axes in SCREEN.items():
            check_panel(page, plane, axes, volume, landmark)
    finally:
        page.close()


def test_3d_looks_along_the_patient_where_the_scan_does_not(browser: Any, site: Site, tmp_path: Path) -> None:
    address = site.add_volume(tmp_path, make_phantom(CASES[-2].spec).volume)
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto(f"{address}#at=0,0,0")
    page.wait_for_function("window.spineview && window.spineview.ready")
    page.get_by_test_id("volume-preset-off").click()  # what is left are the lines of the crosshair
    page.get_by_test_id("look-S").click()
    page.get_by_test_id("link-copy").click()
    said = dict(part.split("=") for part in page.get_by_test_id("link").input_value().split("#")[1].split("&"))
    position, focal, up = np.array([float(x) for x in said["camera"].split(",")]).reshape(3, 3)
    back = position - focal
    np.testing.assert_allclose(back / np.linalg.norm(back), (0, 0, 1), atol=0.001)
    np.testing.assert_allclose(up, (0, 1, 0), atol=0.01)
    # From the head the line from right to left, yellow, lies level; that from front to back, green, stands upright.
    for colour, axis in (((250, 204, 21), 0), ((74, 222, 128), 1)):
        wait_for(lambda colour=colour, axis=axis: is_straight(line_of(pixels(page, "view-3d"), colour), axis))
    page.close()


def line_of(rgb: NDArray[np.int16], colour: tuple[int, int, int]) -> NDArray[np.intp]:
    """(N, 2) rows and columns of a line in this colour; its edges are darker."""
    inner = rgb[60:-60, 100:-60].astype(float)
    bright = inner.max(axis=-1) > 90
    unit = np.array(colour) / np.linalg.norm(colour)
    along = inner @ unit / np.maximum(np.linalg.norm(inner, axis=-1), 1)
    return np.argwhere(bright & (along > 0.995))


def is_straight(places: NDArray[np.intp], axis: int) -> bool:
    """Whether the places lie in three rows (axis 0) or columns (axis 1) at most, and far apart in the other."""
    return len(places) > 40 and np.ptp(places[:, axis]) <= 3 and np.ptp(places[:, 1 - axis]) > 60


def check_panel(page: Any, plane: str, axes: tuple[tuple[int, int], tuple[int, int]], volume: Volume, at: Any) -> None:
    """The rods' corner is under the crosshair, and their ends are where the file says, to half a voxel and a pixel."""
    testid = f"view-{plane}"
    wait_for(lambda: metal(page, testid).sum() > 50)
    rows, columns = np.nonzero(metal(page, testid))
    x, y, px_per_mm = crosshair(page, testid)
    (across, _), (along, _) = axes
    left_mm, up_mm = (x - columns) / px_per_mm, (y - rows) / px_per_mm
    voxels = volume.grid.to_mm(np.argwhere(volume.hu == METAL_HU).astype(float)) - at  # (N, 3) from the landmark
    true_left, true_up = voxels[:, across], voxels[:, along]
    size = voxel_size(volume)
    slack_left, slack_up = (0.5 * size[axis] + 1.0 / px_per_mm for axis in (across, along))
    # Between a voxel of metal and one of tissue the picture passes the window's edge at 0.3 of their distance.
    assert left_mm.max() == pytest.approx(true_left.max() + 0.3 * size[across], abs=slack_left), f"{plane}: left"
    assert up_mm.max() == pytest.approx(true_up.max() + 0.3 * size[along], abs=slack_up), f"{plane}: up"
    upright, lying = left_mm[up_mm > 10], up_mm[left_mm > 10]
    assert middle(upright) == pytest.approx(middle(true_left[true_up > 10]), abs=slack_left), f"{plane}: under it"
    assert middle(lying) == pytest.approx(middle(true_up[true_left > 10]), abs=slack_up), f"{plane}: under it"


def middle(values: NDArray[np.float64]) -> float:
    return float(values.max() + values.min()) / 2


def voxel_size(volume: Volume) -> NDArray[np.float64]:
    """Of the axes closest to R, A and S, in mm."""
    return np.abs(volume.grid.affine[:3, :3]).max(axis=1)


def metal(page: Any, testid: str) -> NDArray[np.bool_]:
    rgb = pixels(page, testid)
    return (rgb.min(axis=-1) > 200) & (np.ptp(rgb, axis=-1) < 8) & clear_of_text(rgb.shape)


def clear_of_text(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Without the strips at the panel's edges where letters, numbers and buttons stand."""
    inner = np.zeros(shape[:2], dtype=bool)
    inner[44:-40, 34:-34] = True
    return inner


def crosshair(page: Any, testid: str) -> tuple[float, float, float]:
    """Column and row of the crosshair in ``pixels``, and pixels a millimetre, from the scale bar."""
    return tuple(
        page.get_by_test_id(testid).evaluate(
            """(panel) => {
              const box = panel.getBoundingClientRect();
              const line = (name) => panel.querySelector(name).getBoundingClientRect();
              const bar = panel.querySelector('.sv-scale');
              const [number, unit] = bar.textContent.split(' ');
              const mm = Number(number) * (unit === 'cm' ? 10 : 1);
              const centre = (from, to) => (from + to) / 2;
              const v = line('.sv-vertical'), h = line('.sv-horizontal');
              return [centre(v.left, v.right) - box.left - 4 - 0.5, centre(h.top, h.bottom) - box.top - 4 - 0.5,
                      bar.getBoundingClientRect().width / mm];
            }"""
        )
    )
