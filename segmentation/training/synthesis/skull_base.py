"""The base of a skull above the atlas, for spines whose map has none: condyles, clivus, occipital bone and their sides.

Masks of a neck often hold parts of it; a network that never saw a skull takes them for the first vertebra.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


def draw_skull_base(shape: tuple[int, ...], spacing_mm: float, atlas_mm: Real, rng: np.random.Generator) -> Mask:
    """Mark a random skull base above the atlas: (I, J, K) on axes R, A, S.

    Args:
        shape: Of the view.
        spacing_mm: Edge of its voxels; voxel (0, 0, 0) begins at the origin.
        atlas_mm: (3,) middle of the atlas's ring.
        rng: Source of chance.
    """
    size = rng.uniform(0.85, 1.15)
    i, j, k = (
        (np.arange(n) + 0.5) * spacing_mm - c for n, c in zip(shape, np.asarray(atlas_mm, np.float64), strict=True)
    )
    pitch, roll = rng.normal(0, np.radians(12)), rng.normal(0, np.radians(5))
    x = (i[:, None, None] + np.sin(roll) * k[None, None, :]) / size
    y = (j[None, :, None] + np.sin(pitch) * k[None, None, :]) / size
    z = (k[None, None, :] - np.sin(pitch) * j[None, :, None] - np.sin(roll) * i[:, None, None]) / size
    lift = rng.uniform(9, 14)
    bone = np.zeros(shape, bool)
    for side in (-1, 1):
        bone |= _ellipsoid((x - side * rng.uniform(14, 20), y - rng.uniform(-3, 6), z - lift), (7, 12, 6))
        for _ in range(3):  # petrous bone, mastoid, jugular process
            at = (side * rng.uniform(24, 55), rng.uniform(-20, 25), lift + rng.uniform(4, 25))
            half = rng.uniform(6, 16, 3)
            bone |= _ellipsoid((x - at[0], y - at[1], z - at[2]), (half[0], half[1], half[2]))
    along = np.clip((y - 8) * 0.7 + (z - lift - 6) * 0.7, 0, 45)  # the clivus rises to the front
    offset = np.sqrt((y - 8 - 0.7 * along) ** 2 + (z - lift - 6 - 0.7 * along) ** 2)
    bone |= (offset < rng.uniform(3, 6)) & (np.abs(x) < rng.uniform(9, 14))
    radius = np.sqrt((x / 68) ** 2 + ((y + 12) / 85) ** 2 + ((z - lift - 66) / 70) ** 2)
    shell = np.abs(radius - 1) < rng.uniform(0.03, 0.07)
    hole = (x / rng.uniform(14, 18)) ** 2 + ((y + 8) / rng.uniform(15, 20)) ** 2 < 1
    bone |= shell & (z < lift + 66) & (z > lift - 4) & ~hole
    return np.asarray(bone & (z > lift - 7))


def _ellipsoid(offset: tuple[Real, Real, Real], half: tuple[float, float, float]) -> Mask:
    return np.asarray(sum((o / h) ** 2 for o, h in zip(offset, half, strict=True)) < 1)
