"""A real Chromium, and what can be seen in it."""

from __future__ import annotations

import io
import os
import shutil
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
PLANES = ("view-axial", "view-coronal", "view-sagittal")
LINE_PIXELS = 600  # more than a crosshair line, which is yellow in some panels, has


SHOW_WORDS = """(panel, visibility) => {
  for (const words of panel.querySelectorAll(".sv-title, .sv-letter, .sv-number, .sv-window, .sv-alias"))
    words.style.visibility = visibility;
}"""


def pixels(page: Any, testid: str) -> NDArray[np.int16]:
    """(rows, columns, 3) red, green, blue of one panel's picture, without its words and its outermost strip."""
    panel = page.get_by_test_id(testid)
    panel.evaluate(SHOW_WORDS, "hidden")
    picture = panel.screenshot()
    panel.evaluate(SHOW_WORDS, "")
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(np.int16)[4:-4, 4:-4]


def amber(rgb: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Pixels of a spine's surface, or of its mask on a slice, three tenths of which are coloured."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return (red > 120) & (red - blue > 50) & (red > green) & (green - blue > 20)
