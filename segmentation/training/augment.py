"""Augmentation: random crops, rotated and mirrored as in the thesis, degraded as by other scanners and protocols."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch.nn import functional

Array = NDArray[np.float32]

THICK_ALONG = (0.3, 0.1, 0.6)  # sagittal, coronal and axial series: most have their thick side along the body


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random placement of crops; lengths in voxels of the network's grid.

    Attributes:
        rotation_deg: Largest turn about each axis.
        scale: Largest factor of enlarging or shrinking.
        mirror: Probability of exchanging left and right.
        flip: Probability of turning any one axis round, as a wrong orientation in a header does.
    """

    rotation_deg: float = 15.0
    scale: float = 1.2
    mirror: float = 0.5
    flip: float = 0.05


def random_placement(
    edge: int, centre: NDArray[np.float64], config: Augmentation, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the matrix and offset that take an index of an ``edge``^3 crop to an index of the scan around ``centre``."""
    turn = Rotation.from_euler("xyz", rng.uniform(-1, 1, 3) * config.rotation_deg, degrees=True).as_matrix()
    common = config.scale ** rng.uniform(-1, 1)
    stretch = common * rng.uniform(0.95, 1.05, 3)
    if rng.random() < config.mirror:
        stretch[0] *= -1
    if rng.random() < config.flip:
        stretch[rng.integers(3)] *= -1
    matrix = turn * stretch
    return matrix, centre - matrix @ np.full(3, (edge - 1) / 2)


def sample(
    arrays: Sequence[NDArray[np.uint8]], edge: int, matrix: NDArray[np.float64], offset: NDArray[np.float64]
) -> Array:
    """Sample (C, edge, edge, edge) float32 crops of ``arrays`` of one shape, linearly interpolated.

    Outside the scan there is air (0), as at the border of a real one.
    """
    corners = np.array(list(itertools.product((0, edge - 1), repeat=3))) @ matrix.T + offset
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, arrays[0].shape)
    if (high <= low).any():
        return np.zeros((len(arrays), edge, edge, edge), dtype=np.float32)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    source = torch.from_numpy(np.stack([array[box] for array in arrays]).astype(np.float32))
    # affine_grid speaks of x, y, z (the last axis first) in -1..1 from the first voxel's edge to the last's.
    half_in = np.array(source.shape[1:]) / 2
    scale = (matrix * (edge / 2) / half_in[:, None])[::-1, ::-1]
    shift = ((matrix @ np.full(3, (edge - 1) / 2) + offset - low + 0.5) / half_in - 1)[::-1]
    theta = torch.from_numpy(np.column_stack([scale, shift]).astype(np.float32))[None]
    grid = functional.affine_grid(theta, [1, len(arrays), edge, edge, edge], align_corners=False)
    crops: Array = functional.grid_sample(source[None], grid, align_corners=False)[0].numpy()
    return crops


def degrade(image: Array, rng: np.random.Generator) -> Array:
    """Change contrast, slice thickness, sharpness and noise at random. (I, J, K) 0..1 in, 0..1 out."""
    body = (image > 0).astype(np.float32)
    image = image * np.float32(rng.uniform(0.8, 1.2)) + np.float32(rng.uniform(-0.03, 0.03)) * body
    if rng.random() < 0.35:
        image = thick_slices(image, int(rng.choice(3, p=THICK_ALONG)), float(rng.uniform(1.3, 4.0)))
    choice = rng.random()
    if choice < 0.2:
        image = blur(image, rng.uniform(0.3, 0.8))
    elif choice < 0.4:
        image = image + np.float32(rng.uniform(0.3, 1.2)) * (image - blur(image, 1.0))
    if rng.random() < 0.6:
        noise = rng.standard_normal(image.shape, dtype=np.float32)
        image = image + np.float32(rng.uniform(0, 0.05)) * noise * (image > 0)
    return np.clip(image, 0, 1).astype(np.float32)


def photon_starvation(image: Array, rng: np.random.Generator) -> Array:
    """Streaky noise from left to right, as between the shoulders, where few photons pass. (I, J, K) 0..1 in and out."""
    profile = rng.standard_normal((1, *image.shape[1:]), dtype=np.float32)
    along = ndimage.gaussian_filter1d(rng.standard_normal(image.shape, dtype=np.float32), 6.0, axis=0) * 3.5
    noise = np.float32(rng.uniform(0.02, 0.12)) * (np.float32(0.6) * profile + np.float32(0.8) * along)
    return np.asarray(np.clip(image + noise * (image > 0), 0, 1), dtype=np.float32)


def blur(image: Array, sigma: float) -> Array:
    """Blur by a Gaussian of ``sigma`` voxels."""
    return np.asarray(ndimage.gaussian_filter(image, sigma, truncate=2.5), dtype=np.float32)


def thick_slices(image: Array, axis: int, factor: float) -> Array:
    """Average along ``axis`` over ``factor`` voxels and interpolate back, as slices thicker than a voxel do."""
    size = image.shape[axis]
    few = max(2, round(size / factor))
    centres = (np.arange(few) + 0.5) * size / few - 0.5
    distance = np.abs(np.arange(size) - centres[:, None]) / (size / few)
    average = np.clip(1 - distance, 0, None)  # a slice profile as wide as the slice at half of its height
    average /= average.sum(axis=1, keepdims=True)
    between = np.clip(1 - distance.T, 0, None)
    between /= between.sum(axis=1, keepdims=True)
    along = np.moveaxis(image, axis, 0)
    result = ((between @ average).astype(np.float32) @ along.reshape(size, -1)).reshape(along.shape)
    return np.ascontiguousarray(np.moveaxis(result, 0, axis))


def crop_field_of_view(image: Array, target: Array, rng: np.random.Generator) -> None:
    """End the scan at random planes, in place: air beyond, and nothing there is spine. (..., I, J, K)."""
    edge = image.shape[-1]
    for axis in range(3):
        if rng.random() < 0.6:
            length = int(rng.integers(edge // 4, edge))
            start = int(rng.integers(0, edge - length + 1))
            for beyond in (slice(0, start), slice(start + length, edge)):
                index = (..., beyond, *[slice(None)] * (2 - axis))
                image[index] = 0
                target[index] = 0


def tube(
    shape: tuple[int, ...],
    through: NDArray[Any],
    direction: NDArray[np.float64],
    radius: float,
    half_length: float = math.inf,
) -> NDArray[np.bool_]:
    """Mark what lies within ``radius`` of the line ``through`` a point along ``direction``; lengths in voxels."""
    axes = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in shape], indexing="ij", sparse=True)
    offsets = [axis - np.float32(centre) for axis, centre in zip(axes, through, strict=True)]
    unit = direction / np.linalg.norm(direction)
    along = sum(np.float32(d) * o for d, o in zip(unit, offsets, strict=True))
    across = sum(o**2 for o in offsets) - along**2
    return np.asarray((np.abs(along) < half_length) & (across < radius**2))
