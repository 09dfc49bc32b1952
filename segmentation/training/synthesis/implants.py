"""Implants drawn into training images, with the streaks that metal casts in a CT.

Screws with heads, rods, cages and wires; around them what metal does to a reconstruction: dark bands along the rays
that pass through much of it (beam hardening), bright ones beside these, and noise along rays that hardly any photon
passes (photon starvation). See De Man et al. 1999, doi:10.1109/23.775600, for the causes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.training.augment import blur, tube

Array = NDArray[np.float32]

ANGLES = 24  # directions of view that streaks are summed over
SCREW_RADIUS_MM, SCREW_LENGTH_MM, HEAD_RADIUS_MM = (2.0, 3.6), (30.0, 55.0), (5.0, 7.5)
ROD_RADIUS_MM, ROD_LENGTH_MM = (2.5, 3.5), (30.0, 150.0)
CAGE_MM = (6.0, 14.0)  # half of its edges lie between
STREAKS_SHARE = 0.8
STREAK_RANGE = (0.05, 0.8)  # the strongest streak, 1 is 1000 HU
BRIGHT_SIGMA = 3.0  # voxels across a ray over which a dark band's sides are brightened
FULLY_METAL, PARTLY_METAL = 0.4, 0.12  # share of a voxel, after a blur by half a voxel


def insert_implants(
    image: Array, target: Array, spacing_mm: float, hidden: bool, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw implants and their streaks into an (I, J, K) image of 0..1, in place; return True where metal lies.

    Args:
        image: Axes towards R, A and S; rays run within the planes of i and j.
        target: Share of each voxel that is spine.
        spacing_mm: Edge of a voxel.
        hidden: Metal is shown as air, as a network with ``metal_hu`` sees it, instead of as the densest bone.
        rng: Source of chance.
    """
    metal = implants(target > 0.5, spacing_mm, rng)
    if rng.random() < STREAKS_SHARE:
        cast = streaks(metal, rng) * np.float32(rng.uniform(*STREAK_RANGE))
        np.clip(image + np.where(image > 0, cast, np.minimum(cast, 0)), 0, 1, out=image)
    share = blur(metal.astype(np.float32), 0.5)
    if hidden:
        image[share > PARTLY_METAL] = 0.0
    else:
        image[share > FULLY_METAL] = 1.0
    return metal


def implants(spine: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose one kind of implant and place it in the (I, J, K) spine, or anywhere if there is none."""
    kind = rng.choice(["screws", "cage", "wires"], p=[0.65, 0.1, 0.25])
    metal = np.zeros(spine.shape, dtype=bool)
    inside = np.argwhere(spine)
    for _ in range(rng.integers(1, 4)):
        through = inside[rng.integers(len(inside))] if len(inside) else rng.uniform(0, 1, 3) * spine.shape
        if kind == "screws":
            metal |= _screw(spine.shape, through.astype(np.float64), spacing_mm, rng)
        elif kind == "cage":
            metal |= _box(spine.shape, through, rng.uniform(*CAGE_MM, 3) / 2 / spacing_mm)
        else:
            radius, half = rng.uniform(1.0, 3.5) / spacing_mm, rng.uniform(10, 45) / spacing_mm
            metal |= tube(spine.shape, through, rng.standard_normal(3), radius, half)
    return metal


def streaks(metal: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Return what metal adds to an image, (I, J, K), at most 1 in size: negative along rays through much of it.

    Every ray of ``ANGLES`` directions within a slice darkens its voxels by the square of its length in metal, less the
    mean of the rays beside it, as the filter of a filtered backprojection does; and by noise that grows with it.
    """
    i, j = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in metal.shape[:2]], indexing="ij")
    reach = int(np.hypot(*metal.shape[:2]) / 2) + 2
    where = np.nonzero(metal)
    cast = np.zeros(metal.shape, dtype=np.float32)
    for angle in (np.arange(ANGLES) + rng.uniform()) * np.pi / ANGLES:
        ray = np.rint(i * np.cos(angle) + j * np.sin(angle)).astype(int) + reach
        path = np.zeros((2 * reach + 1, metal.shape[2]), dtype=np.float32)
        np.add.at(path, (ray[where[:2]], where[2]), 1.0)
        error = path**2 - ndimage.gaussian_filter1d(path**2, BRIGHT_SIGMA, axis=0)
        noise = rng.standard_normal(path.shape, dtype=np.float32) * path**1.5
        cast -= (error + np.float32(0.5) * noise)[ray]
    largest = np.abs(cast[~metal]).max(initial=0.0)
    return np.asarray(cast / largest if largest > 0 else cast, dtype=np.float32)


def _screw(
    shape: tuple[int, ...], through: NDArray[np.float64], spacing_mm: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw a screw from front to back through a point, its head behind, and often a rod along the body at the head."""
    direction = np.array([rng.uniform(-0.5, 0.5), 1.0, rng.uniform(-0.3, 0.3)])
    direction /= np.linalg.norm(direction)
    half = rng.uniform(*SCREW_LENGTH_MM) / 2 / spacing_mm
    middle = through + rng.uniform(-0.5, 0.5) * half * direction
    head = middle - half * direction
    metal = tube(shape, middle, direction, rng.uniform(*SCREW_RADIUS_MM) / spacing_mm, half)
    radius = rng.uniform(*HEAD_RADIUS_MM) / spacing_mm
    metal |= tube(shape, head, direction, radius, radius)
    if rng.random() < 0.7:
        along = np.array([rng.uniform(-0.1, 0.1), rng.uniform(-0.2, 0.2), 1.0])
        length = rng.uniform(*ROD_LENGTH_MM) / spacing_mm
        metal |= tube(shape, head, along, rng.uniform(*ROD_RADIUS_MM) / spacing_mm, length / 2)
    return metal


def _box(shape: tuple[int, ...], centre: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside = np.zeros(shape, dtype=bool)
    low = np.clip(np.floor(centre - half).astype(int), 0, None)
    high = np.ceil(centre + half).astype(int) + 1
    inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return inside
