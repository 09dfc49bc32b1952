from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.analysis.pictures import AMBER, CAPTION, GAP, TEAL, write_montage, write_pictures
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume

RAS = np.diag([2.0, 1.0, 4.0, 1.0])


def scan(affine: np.ndarray = RAS, shape: tuple[int, int, int] = (20, 40, 10)) -> Volume:
    """A CT of air, 40 mm along each axis, with bone in its far (+i, +j, +k) eighth."""
    hu = np.full(shape, -1000, dtype=np.int16)
    hu[shape[0] // 2 :, shape[1] // 2 :, shape[2] // 2 :] = 1000
    return Volume(hu, Grid(shape, affine))


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def panel(picture: np.ndarray, place: int) -> np.ndarray:
    """The (60, 60, 3) pixels of one panel: 40 mm at 1.5 pixels a mm."""
    left = GAP + place * (60 + GAP)
    return picture[CAPTION : CAPTION + 60, left : left + 60]


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int(np.count_nonzero((picture == colour).all(axis=-1)))


def test_forty_millimetres_are_as_long_along_every_axis(tmp_path: Path):
    volume = scan()
    files = write_pictures(volume, volume.hu > 0, None, tmp_path)
    assert [path.name for path in files] == ["axial.png", "coronal.png", "sagittal.png"]
    assert {pixels(path).shape for path in files} == {(60 + CAPTION + GAP, 3 * (60 + GAP) + GAP, 3)}


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_left_front_and_head_are_where_a_radiologist_looks_for_them(tmp_path: Path, flip: tuple[int, ...]):
    volume = scan()
    affine = RAS @ np.diag([*flip, 1.0])
    steps = tuple(slice(None, None, sign) for sign in flip)
    turned = Volume(volume.hu[steps], Grid(volume.grid.shape, affine))
    files = write_pictures(turned, turned.hu > 0, None, tmp_path)
    # The bone is in the patient's right, front, upper eighth: +R, +A, +S.
    for path in files:
        grey = panel(pixels(path), 0).sum(axis=-1)
        assert grey[12:24, 12:24].mean() > 500, path.name
        assert grey[36:48, 36:48].mean() < 100, path.name


def test_the_mask_is_amber_and_the_reference_teal(tmp_path: Path):
    volume = scan()
    reference = np.zeros(volume.grid.shape, dtype=bool)
    reference[2:18, 4:36, 1:9] = True
    for path in write_pictures(volume, volume.hu > 0, reference, tmp_path, name="case-"):
        third = panel(pixels(path), 2)
        assert count(third, AMBER) > 50
        assert count(third, TEAL) > 50
        assert path.name.startswith("case-")
        second = panel(pixels(path), 1)
        assert second[15, 15, 0] > second[15, 15, 2] + 50


def test_an_empty_mask_is_pictured_through_the_middle_of_the_scan(tmp_path: Path):
    volume = scan()
    files = write_pictures(volume, np.zeros(volume.grid.shape, dtype=bool), None, tmp_path)
    assert all(count(panel(pixels(path), 2), AMBER) == 0 for path in files)


def test_a_montage_shows_every_channel(tmp_path: Path):
    maps = np.random.default_rng(0).normal(size=(5, 8, 8, 8)).astype(np.float32)
    write_montage(maps, tmp_path / "level.png")
    sheet = pixels(tmp_path / "level.png")
    assert sheet.shape == (2 * 98, 3 * 98, 3)
    filled = [sheet[98 * (n // 3) :, 98 * (n % 3) :][:96, :96].std() > 10 for n in range(6)]
    assert filled == [True] * 5 + [False]
