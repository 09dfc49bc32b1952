"""CT images made from label maps alone: the anatomy is real, the appearance is random.

After Billot et al. 2023, "SynthSeg", doi:10.1016/j.media.2023.102789. Every image has other densities, textures
and neighbours, so the network cannot learn a scanner; bones that are not vertebrae are drawn beside the column,
so it cannot learn that bone is spine. Values are 0..1 for 0..1000 HU.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float32]


def synthesise(numbers: NDArray[np.uint8], rng: np.random.Generator, background: Array | None = None) -> Array:
    """An image for a (I, J, K) crop of VerSe numbers; ``background`` is a CT crop without spine, or None."""
    bone = ndimage.gaussian_filter((numbers > 0).astype(np.float32), 0.6) > 0.5
    image = soft_tissue(bone.shape, rng) if background is None else background.astype(np.float32)
    if background is None or rng.random() < 0.3:
        others = other_bones(bone.shape, rng) & ~ndimage.binary_dilation(bone, iterations=2)
        image = _paint(image, others, rng)
    image = _paint(image, bone, rng)
    blur = rng.uniform(0.2, 0.7, 3)
    return np.asarray(ndimage.gaussian_filter(image, blur), dtype=np.float32)


def smooth_noise(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> Array:
    """Gaussian noise of unit variance, correlated over about ``sigma`` voxels."""
    coarse = max(1.0, sigma)
    small = [max(2, int(np.ceil(n / coarse)) + 1) for n in shape]
    noise = rng.standard_normal(small, dtype=np.float32)
    zoomed = ndimage.zoom(noise, [n / s for n, s in zip(shape, small, strict=True)], order=1, grid_mode=False)
    return np.asarray(zoomed, dtype=np.float32)


def soft_tissue(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Muscle, organs and vessels, with regions of fat or air that the HU clamp turns to 0."""
    image = rng.uniform(0.02, 0.09) + rng.uniform(0.005, 0.03) * smooth_noise(shape, rng.uniform(3, 12), rng)
    image[smooth_noise(shape, rng.uniform(8, 24), rng) > rng.uniform(0.2, 1.5)] = 0.0
    if rng.random() < 0.4:  # contrast medium
        image[smooth_noise(shape, rng.uniform(6, 12), rng) > 1.4] = rng.uniform(0.1, 0.4)
    return image.astype(np.float32)


def other_bones(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rib-like tubes, pelvis- and scapula-like curved plates, hollow and solid balls."""
    mask = np.zeros(shape, dtype=bool)
    axes = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in shape], indexing="ij", sparse=True)
    seeds = np.ones(shape, dtype=bool)
    for _ in range(rng.integers(0, 6)):
        for point in _curve(shape, rng):
            if all(0 <= p < n for p, n in zip(point, shape, strict=True)):
                seeds[tuple(point)] = False
    if not seeds.all():
        mask |= ndimage.distance_transform_edt(seeds) < rng.uniform(1.5, 4.5)
    for _ in range(rng.integers(0, 3)):
        mask |= _plate_or_ball(axes, shape, rng)
    return mask


def _curve(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int64]:
    start = rng.uniform(0, 1, 3) * shape
    direction, bend = rng.standard_normal(3), rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    t = np.linspace(0, rng.uniform(20, 90), 120)[:, None]
    return np.asarray(start + direction * t + bend * rng.uniform(0, 0.012) * t**2).astype(np.int64)


def _plate_or_ball(
    axes: tuple[NDArray[np.float32], ...], shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.bool_]:
    centre = rng.uniform(0, 1, 3) * shape
    rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    u, v, w = (sum(rotation[row, axis] * (axes[axis] - centre[axis]) for axis in range(3)) for row in range(3))
    radius = np.sqrt(u**2 + v**2 + w**2)
    size, thickness = rng.uniform(6, 35), rng.uniform(1.0, 4.0)
    if rng.random() < 0.6:
        a, b = rng.uniform(-0.02, 0.02, 2)
        return np.asarray((np.abs(w - a * u**2 - b * v**2) < thickness) & (radius < size))
    inner = size - thickness * 2 if rng.random() < 0.5 else 0.0
    return np.asarray((radius < size) & (radius >= inner))


def _paint(image: Array, bone: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Cortical shell over trabecular texture, in place of what was there."""
    if not bone.any():
        return image
    depth = ndimage.distance_transform_edt(bone)
    shell = np.clip(rng.uniform(0.6, 1.6) - depth + 0.7, 0, 1)
    trabecular = rng.uniform(0.04, 0.35) + rng.uniform(0.01, 0.08) * smooth_noise(bone.shape, rng.uniform(1, 3), rng)
    cortical = rng.uniform(0.25, 0.85) + 0.1 * smooth_noise(bone.shape, rng.uniform(2, 6), rng)
    painted = shell * cortical + (1 - shell) * np.clip(trabecular, 0, 1)
    return np.where(bone, painted, image).astype(np.float32)
