from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segmentation.training import run_log
from segmentation.training.curves import DICE_COLOUR, LOSS_COLOUR, draw_curves


def pixels(picture: Path) -> NDArray[np.uint8]:
    with Image.open(picture) as image:
        return np.asarray(image.convert("RGB"))


def coloured(picture: Path, colour: str) -> int:
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels(picture).astype(int) - wanted).max(axis=2) < 12).sum())


def test_loss_and_dice_are_drawn(tmp_path: Path):
    for step in (10, 20, 30):
        run_log.append(tmp_path, step, step, 1 / step, step / 40, 1e-3)
    draw_curves(tmp_path / "log.csv", tmp_path / "curves.png", "a run")
    assert pixels(tmp_path / "curves.png").shape == (450, 800, 3)
    assert coloured(tmp_path / "curves.png", LOSS_COLOUR) > 300
    assert coloured(tmp_path / "curves.png", DICE_COLOUR) > 300
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "log.csv"]


def test_without_validation_there_is_no_dice_to_draw(tmp_path: Path):
    run_log.append(tmp_path, 10, 1, 0.5, float("nan"), 1e-3)
    run_log.append(tmp_path, 20, 1, 0.4, float("nan"), 1e-3)
    run_log.draw(tmp_path, "a run")
    assert coloured(tmp_path / "curves.png", LOSS_COLOUR) > 300
    assert coloured(tmp_path / "curves.png", DICE_COLOUR) == 0


def test_a_run_without_a_log_has_no_picture(tmp_path: Path):
    run_log.draw(tmp_path, "a run")
    assert list(tmp_path.iterdir()) == []


def test_lines_that_will_be_written_again_are_forgotten(tmp_path: Path):
    for step in (10, 20, 30):
        run_log.append(tmp_path, step, 2.0 * step, 0.5, 0.5, 1e-3)
    assert run_log.last(tmp_path) == (30, 60.0)
    run_log.forget_after(tmp_path, 25)
    assert run_log.last(tmp_path) == (20, 40.0)
    assert (tmp_path / "log.csv").read_text().splitlines()[0] == ",".join(run_log.COLUMNS)
