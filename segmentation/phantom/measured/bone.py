"""Shapes of a vertebra for measuring, as signed distances in mm, negative inside, in its own frame."""

from __future__ import annotations

import numpy as np

from segmentation.phantom.measured.spec import Level
from segmentation.phantom.shapes import Coordinates, Field, bar

_DENT_SHARE = 0.55  # of width and depth: the dent ends here, so that the edges keep their height
_LAMINA_MM = 5.0
PEDICLE_LEVEL = 0.2
"""Height of the pedicles' middle above the body's, in shares of the body's height."""


def body(at: Coordinates, level: Level) -> Field:
    """Shape a body: an elliptic cylinder between two planes, each with a dent in the middle."""
    x, y, z = at
    a, b = level.width / 2, level.depth / 2
    ratio = np.sqrt((x / a) ** 2 + (y / b) ** 2)
    steep = np.sqrt((x / a**2) ** 2 + (y / b**2) ** 2) / np.maximum(ratio, 1e-6)
    side = (ratio - 1) / np.maximum(steep, 1e-6)
    slope = (level.anterior - level.posterior) / 2 / level.depth
    dent = level.hollow * np.cos(np.clip(ratio / _DENT_SHARE, 0, 1) * np.pi / 2) ** 2
    lid = (np.abs(z) - (level.height / 2 + slope * y - dent)) / np.sqrt(1 + slope**2)
    return np.asarray(np.maximum(side, lid), dtype=np.float32)


def whole(at: Coordinates, level: Level) -> Field:
    """Shape a vertebra, or the first segment of a sacrum."""
    shape = body(at, level)
    for part in _wings(at, level) if level.is_sacrum else _arch(at, level):
        shape = np.minimum(shape, part)
    return np.asarray(shape, dtype=np.float32)


def _arch(at: Coordinates, level: Level) -> list[Field]:
    """Shape pedicles, laminae, articular, transverse and spinous processes; what lies between them is the canal."""
    mirrored: Coordinates = (np.abs(at[0]), at[1], at[2])
    wall, z, h = -level.depth / 2, PEDICLE_LEVEL * level.height, level.height
    back = wall - level.canal_depth
    x = (level.canal_width + level.pedicle_width) / 2
    half = _LAMINA_MM / 2
    return [
        _pedicle(mirrored, level, x, z, back),
        bar(mirrored, ((0.0, back - half, z), (x, back - half, z)), half, (0, 0, 0.2 * h)),
        bar(mirrored, ((x, back - 4.0, z + 0.45 * h), (x, back - 4.0, z - 0.75 * h)), 4.0),
        bar(mirrored, ((x, back - 4.0, z), (x + 20.0, back - 8.0, z)), 3.5),
        bar(mirrored, ((0.0, back - 4.0, z - 0.1 * h), (0.0, back - 26.0, z - 0.35 * h)), 3.0, (0, 0, 3.0)),
    ]


def _pedicle(at: Coordinates, level: Level, x: float, z: float, back: float) -> Field:
    """Shape an elliptic bar along the sagittal axis from inside the body to the articular processes."""
    a, b = level.pedicle_width / 2, level.pedicle_height / 2
    u, v = at[0] - x, at[2] - z
    ratio = np.sqrt((u / a) ** 2 + (v / b) ** 2)
    steep = np.sqrt((u / a**2) ** 2 + (v / b**2) ** 2) / np.maximum(ratio, 1e-6)
    side = (ratio - 1) / np.maximum(steep, 1e-6)
    return np.asarray(np.maximum(side, np.maximum(at[1], back - 3.0 - at[1])), dtype=np.float32)


def _wings(at: Coordinates, level: Level) -> list[Field]:
    mirrored: Coordinates = (np.abs(at[0]), at[1], at[2])
    a, b = level.width / 2, level.depth / 2
    h = level.height
    return [
        bar(mirrored, ((a - 6, -4.0, -0.3 * h), (a + 24, -12.0, -0.4 * h)), 0.2 * h, (0, 4.0, 0)),
        bar(mirrored, ((0.0, -4.0, -0.5 * h), (0.0, -12.0, -1.3 * h)), 0.45 * b, (0.6 * a, 0, 0)),
    ]
