"""Synthetic CTs made from label maps alone: the anatomy is real, the appearance is random.

After Billot et al. 2023, "SynthSeg", doi:10.1016/j.media.2023.102789. Every image has other densities, textures
and neighbours, so the network cannot learn a scanner; bones that are not vertebrae are drawn near the column,
so it cannot learn that bone is spine. Values are 0..1 for 0..1000 HU.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from segmentation.training.augment import blur, tube

Array = NDArray[np.float32]

DISC_SHARE = 0.8
VESSEL_SHARE = 0.4
RIB_SHARE = 0.5
ALIKE_SHARE = 0.6
THICK = 2.0  # pairs of voxels from its border that the middle of a vertebral body lies, and that of a process does not


def synthesise(
    bone: NDArray[np.bool_],
    rng: np.random.Generator,
    background: Array | None = None,
    ribs: NDArray[np.bool_] | None = None,
) -> Array:
    """Make an image for an (I, J, K) crop of labelled bone.

    ``background`` is a CT crop without spine, or None; ``ribs`` is where the vertebrae's own ribs are, if known.
    """
    image = soft_tissue(bone.shape, rng) if background is None else background.astype(np.float32)
    if background is None or rng.random() < 0.3:
        others = other_bones(bone.shape, rng) & (blur(bone.astype(np.float32), 1.0) < 0.05)
        image = _paint(image, others, rng.uniform(0.04, 0.35), rng)
    between, trabecular = gaps(bone), rng.uniform(0.05, 0.35)
    alike = bone
    if ribs is not None:
        # The joints are a gap of up to a voxel.
        ribs = ribs & (blur(bone.astype(np.float32), 1.0) < rng.uniform(0.15, 0.5)) & ~bone
        between &= ~ribs
    if bone.any() and rng.random() < VESSEL_SHARE:
        image[vessel(bone, rng) & ~between] = rng.uniform(0.12, 0.5)
    if ribs is not None and rng.random() < ALIKE_SHARE:
        alike = bone | ribs  # only their shape tells them apart
    elif ribs is not None:
        image = _paint(image, ribs, rng.uniform(0.05, 0.3), rng)
    elif bone.any() and rng.random() < RIB_SHARE:
        image = _paint(image, random_ribs(bone, rng) & ~bone & ~between, rng.uniform(0.05, 0.3), rng)
    image = _paint_discs(image, between, trabecular, rng)
    image = _paint(image, alike, trabecular, rng)
    return blur(image, rng.uniform(0.3, 0.8))


def smooth_noise(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> Array:
    """Draw Gaussian noise, of unit variance before interpolation, correlated over about ``sigma`` voxels."""
    small = [max(2, int(np.ceil(n / max(1.0, sigma))) + 1) for n in shape]
    noise = torch.from_numpy(rng.standard_normal(small, dtype=np.float32))[None, None]
    smooth: Array = functional.interpolate(noise, size=shape, mode="trilinear", align_corners=True)[0, 0].numpy()
    return smooth


def soft_tissue(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw muscle, organs and vessels, with regions of fat or air that the HU clamp turns to 0."""
    image = rng.uniform(0.02, 0.09) + rng.uniform(0.005, 0.03) * smooth_noise(shape, rng.uniform(3, 12), rng)
    image[smooth_noise(shape, rng.uniform(8, 24), rng) > rng.uniform(0.2, 1.5)] = 0.0
    if rng.random() < 0.4:  # contrast medium
        image[smooth_noise(shape, rng.uniform(6, 12), rng) > 1.4] = rng.uniform(0.1, 0.4)
    return image.astype(np.float32)


def other_bones(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw rib-like tubes, pelvis- and scapula-like curved plates, hollow and solid balls."""
    half = _half(shape)
    axes = np.meshgrid(*[2 * np.arange(n, dtype=np.float32) for n in half], indexing="ij", sparse=True)
    mask = _tubes([_curve(shape, rng) for _ in range(rng.integers(0, 6))], half, rng.uniform(1.5, 4.5))
    for _ in range(rng.integers(0, 3)):
        mask |= _plate_or_ball(axes, shape, rng)
    return _enlarged(mask, shape)


def random_ribs(bone: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw tubes that touch the bone, as ribs touch a thoracic vertebra: from its side backwards, outwards and round.

    Without them a network takes a rib for the transverse process along which it runs.
    """
    inside = np.argwhere(bone)
    middle = np.median(inside[:, 0])
    curves = []
    for _ in range(rng.integers(1, 7)):
        some = inside[rng.integers(len(inside), size=3)]
        start = some[np.argmax(np.abs(some[:, 0] - middle))]  # the one most to the side
        side = np.sign(start[0] - middle) or 1.0
        direction = np.array([side * rng.uniform(0.4, 1.0), rng.uniform(-0.8, 0.2), rng.uniform(-0.5, 0.1)])
        bend = np.array([-side * rng.uniform(0, 0.5), rng.uniform(0.3, 1.0), rng.uniform(-0.6, 0.1)])
        t = np.linspace(-10, rng.uniform(15, 60), 120)[:, None]
        curves.append(start + direction / np.linalg.norm(direction) * t + bend * rng.uniform(0.002, 0.012) * t**2)
    return tubes(curves, bone.shape, rng.uniform(2.1, 3.5))


def vessel(bone: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a wide tube near bone, along the body: an aorta or vena cava, bright with contrast medium, has no shell."""
    inside = np.argwhere(bone)
    aside = rng.standard_normal(3) * [1, 1, 0]
    centre = inside[rng.integers(len(inside))] + rng.uniform(8, 22) * aside / np.linalg.norm(aside)
    return tube(bone.shape, centre, rng.standard_normal(3) * [0.3, 0.3, 1], rng.uniform(3, 10))


def tubes(curves: Sequence[NDArray[np.float64]], shape: tuple[int, ...], radius: float) -> NDArray[np.bool_]:
    """Mark what lies within ``radius`` of ``curves`` of (N, 3) voxels in an array of ``shape``."""
    return _enlarged(_tubes(curves, _half(shape), radius), shape)


# Bones other than vertebrae are drawn on every second voxel and enlarged: an eighth of the time, and they are shapes,
# not anatomy.
def _half(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-(-n // 2) for n in shape)


def _enlarged(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    soft = torch.from_numpy(mask.astype(np.float32))[None, None]
    large = functional.interpolate(soft, size=shape, mode="trilinear", align_corners=False)[0, 0].numpy()
    return np.asarray(large > 0.5)


def _tubes(curves: Sequence[NDArray[np.float64]], half: tuple[int, ...], radius: float) -> NDArray[np.bool_]:
    """Mark what lies within ``radius`` voxels of ``curves`` of (N, 3) voxels, on every second voxel."""
    seeds = np.ones(half, dtype=bool)
    for curve in curves:
        points = curve.astype(np.int64) // 2
        inside = ((points >= 0) & (points < half)).all(axis=1)
        seeds[tuple(points[inside].T)] = False
    return np.asarray(2 * ndimage.distance_transform_edt(seeds) < radius) if not seeds.all() else ~seeds


def _curve(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    start = rng.uniform(0, 1, 3) * shape
    direction, bend = rng.standard_normal(3), rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    t = np.linspace(0, rng.uniform(20, 90), 120)[:, None]
    return np.asarray(start + direction * t + bend * rng.uniform(0, 0.012) * t**2)


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


def _paint_discs(image: Array, between: NDArray[np.bool_], trabecular: float, rng: np.random.Generator) -> Array:
    """Paint discs, and the ligaments between processes: soft, but often nearly as dense as the bone next to them.

    Without them a network learns that between two bodies there is muscle or less, and takes real discs for bone.
    """
    if not between.any() or rng.random() > DISC_SHARE:
        return image
    vacuum = rng.random() < 0.05
    dense = min(0.12, 0.75 * trabecular)
    density = 0.0 if vacuum else rng.uniform(0.4 * dense, dense)
    disc = density + rng.uniform(0.002, 0.015) * smooth_noise(image.shape, rng.uniform(1, 4), rng)
    return np.where(between, np.clip(disc, 0, 1), image).astype(np.float32)


def gaps(bone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find what a closing by about 4 voxels fills between bones, on every second voxel for speed."""
    soft = torch.from_numpy(bone.astype(np.float32))[None, None]
    half = functional.avg_pool3d(soft, 2, ceil_mode=True)[0, 0].numpy() >= 0.5
    padded = np.pad(half, 2)
    near = ndimage.distance_transform_edt(~padded) <= 2
    filled = (ndimage.distance_transform_edt(np.pad(near, 1)) > 2)[3:-3, 3:-3, 3:-3]
    large = torch.from_numpy(filled.astype(np.float32))[None, None]
    wide: Array = functional.interpolate(large, size=bone.shape, mode="trilinear", align_corners=False)[0, 0].numpy()
    return np.asarray((wide > 0.5) & ~bone)


def thin_parts(bone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the (I, J, K) bone that an opening by about 4 voxels removes: processes, laminae, arches.

    Found on every second voxel for speed. What lies beyond the crop counts as bone where bone touches the border.
    """
    soft = torch.from_numpy(bone.astype(np.float32))[None, None]
    half = functional.avg_pool3d(soft, 2, ceil_mode=True)[0, 0].numpy() >= 0.3
    core = ndimage.distance_transform_edt(half) > THICK
    near = ndimage.distance_transform_edt(~core) <= THICK + 0.5 if core.any() else core
    large = torch.from_numpy(near.astype(np.float32))[None, None]
    wide: Array = functional.interpolate(large, size=bone.shape, mode="trilinear", align_corners=False)[0, 0].numpy()
    return np.asarray(bone & (wide < 0.5))


def _paint(image: Array, bone: NDArray[np.bool_], density: float, rng: np.random.Generator) -> Array:
    """Paint a cortical shell over trabecular texture, in place of what was there."""
    if not bone.any():
        return image
    # Blurred, a mask is 0.5 at its border and 1 inside: what lies between is the shell.
    deep = blur(bone.astype(np.float32), rng.uniform(0.7, 1.4))
    shell = np.clip((rng.uniform(0.6, 0.95) - deep) / 0.15 + 0.5, 0, 1)
    trabecular = density + rng.uniform(0.1, 0.3) * density * smooth_noise(bone.shape, rng.uniform(1, 3), rng)
    cortical = density + rng.uniform(0.04, 0.45) + 0.1 * smooth_noise(bone.shape, rng.uniform(2, 6), rng)
    painted = shell * cortical + (1 - shell) * np.clip(trabecular, 0, 1)
    return np.where(bone, painted, image).astype(np.float32)
