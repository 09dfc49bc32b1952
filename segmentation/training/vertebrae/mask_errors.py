"""Errors of a spine mask as the segmentation network makes them, on purpose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.labels import SACRUM
from segmentation.training.vertebrae.anatomy import RIB, SKULL
from segmentation.vertebrae.fields import VOXEL_MM

Mask = NDArray[np.bool_]

FINE = 2  # sub-voxels of an edge of the network's voxels
FINE_MM = VOXEL_MM / FINE


def spoiled_mask(codes: NDArray[np.uint8], spine: Mask, rng: np.random.Generator) -> Mask:
    """Return the spine mask of ``codes`` with random errors: (I, J, K) on voxels of ``FINE_MM``."""
    mask = spine.copy()
    if rng.random() < 0.15:
        return mask
    mask |= _other_bones(codes, mask, rng)
    if rng.random() < 0.2:
        mask = ndimage.binary_dilation(mask)
    elif rng.random() < 0.25:
        mask = _eroded(mask)
    if rng.random() < 0.5:
        mask &= ~_boxes(mask, rng, int(rng.integers(1, 7)), 5, 18)
    if rng.random() < 0.25:
        mask &= ~_boxes(mask, rng, 1, 25, 60)
    if rng.random() < 0.3:
        mask |= _dust(mask, rng)
    if rng.random() < 0.2:  # facets and discs that run together
        merged = ndimage.binary_closing(mask, iterations=2)
        mask |= merged & _boxes(mask, rng, int(rng.integers(1, 4)), 15, 30)
    return mask


def _other_bones(codes: NDArray[np.uint8], mask: Mask, rng: np.random.Generator) -> Mask:
    """Mark what is coloured of sacrum, skull and ribs."""
    found = np.zeros(mask.shape, bool)
    if rng.random() < 0.75:
        found |= _upper_sacrum(codes, rng)
    if rng.random() < 0.7:
        found |= _lower_skull(codes, rng)
    if rng.random() < 0.3:
        found |= (codes == RIB) & _boxes(mask | found, rng, int(rng.integers(1, 5)), 12, 30)
    return found


def _eroded(mask: Mask) -> Mask:
    return np.asarray(ndimage.binary_erosion(mask))


def _upper_sacrum(codes: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    sacrum = codes == SACRUM
    rows = np.flatnonzero(sacrum.any(axis=(0, 1)))
    if len(rows):
        depth_mm = rng.uniform(6, 45) if rng.random() < 0.6 else rng.uniform(30, 70)
        sacrum[:, :, : max(0, rows[-1] - int(depth_mm / FINE_MM))] = False
    return np.asarray(sacrum)


def _lower_skull(codes: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    """Mark what a mask holds of the skull: near the atlas, up to a random height, in pieces or as a whole."""
    skull, atlas = codes == SKULL, codes == 1
    where = np.argwhere(atlas)
    if not len(where) or not skull.any():
        return np.zeros(codes.shape, bool)
    middle, top = where.mean(axis=0), int(where[:, 2].max())
    skull[:, :, max(0, top + int(rng.uniform(3, 32) / FINE_MM)) :] = False
    i, j = np.ogrid[: codes.shape[0], : codes.shape[1]]
    reach = rng.uniform(20, 45) / FINE_MM
    skull &= ((i - middle[0]) ** 2 + (j - middle[1]) ** 2 < reach**2)[:, :, None]
    if rng.random() < 0.6:
        skull &= _boxes(skull, rng, int(rng.integers(1, 6)), 10, 40)
    return np.asarray(skull)


def _boxes(mask: Mask, rng: np.random.Generator, count: int, low_mm: float, high_mm: float) -> Mask:
    """Mark ellipsoids at random voxels of the mask."""
    result = np.zeros(mask.shape, bool)
    inside = np.flatnonzero(mask)
    if not len(inside):
        return result
    for _ in range(count):
        at = np.array(np.unravel_index(inside[rng.integers(len(inside))], mask.shape))
        radius = rng.uniform(low_mm, high_mm, 3) / 2 / FINE_MM
        _ellipsoid(result, at, radius)
    return result


def _dust(mask: Mask, rng: np.random.Generator) -> Mask:
    result = np.zeros(mask.shape, bool)
    for _ in range(rng.integers(1, 7)):
        _ellipsoid(result, rng.uniform(0, 1, 3) * mask.shape, rng.uniform(1, 3.5, 3))
    return result


def _ellipsoid(result: Mask, at: NDArray[np.float64], radius: NDArray[np.float64]) -> None:
    lo = np.maximum(0, np.floor(at - radius)).astype(int)
    hi = np.minimum(result.shape, np.ceil(at + radius) + 1).astype(int)
    if (hi <= lo).any():
        return
    axes = np.ogrid[tuple(slice(a, b) for a, b in zip(lo, hi, strict=True))]
    distance = sum(((x - c) / r) ** 2 for x, c, r in zip(axes, at, radius, strict=True))
    result[tuple(slice(a, b) for a, b in zip(lo, hi, strict=True))] |= distance <= 1
