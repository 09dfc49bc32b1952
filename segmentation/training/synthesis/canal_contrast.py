"""Contrast medium in the spinal canal, drawn into training images: a myelography's bright sac is no bone.

Where the arch closes around it, the canal is the hole in a slice of the labels; between, it runs on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.training.augment import blur
from segmentation.training.synthesis.ct_from_labels import smooth_noise

Array = NDArray[np.float32]

# The vertebral foramen is 15 to 30 mm wide, the foramen transversarium of the neck 6 mm.
LEAST_AREA_MM2, MOST_AREA_MM2 = 90.0, 900.0
BEYOND_MM = 15.0


def canal_sac(spine: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a sac of random width inside the canal of an (I, J, K) crop of vertebrae; empty where no arch is closed.

    The body's axis is near K. The sac ends ``BEYOND_MM`` beyond the first and the last closed arch.
    """
    sac = np.zeros(spine.shape, dtype=bool)
    found = _foramina(spine, spacing_mm)
    if len(found) < 3:
        return sac
    at, shape = found[:, 0], spine.shape
    beyond = BEYOND_MM / spacing_mm
    k = np.arange(max(0, int(at[0] - beyond)), min(shape[2], int(at[-1] + beyond) + 1))
    x, y, radius = (ndimage.gaussian_filter1d(np.interp(k, at, values), 2.0) for values in found[:, 1:].T)
    width, flat = rng.uniform(0.6, 1.0), rng.uniform(0.75, 1.1)
    i, j = np.ogrid[: shape[0], : shape[1]]
    inside = ((i[..., None] - x) / (radius * width)) ** 2 + ((j[..., None] - y) / (radius * width * flat)) ** 2 < 1
    sac[:, :, k[0] : k[-1] + 1] = inside
    return np.asarray(sac & ~spine)


def insert_canal_contrast(
    image: Array, spine: NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw contrast medium into the canal of ``image`` (0..1 for 0..1000 HU), in place; return where."""
    sac = canal_sac(spine, spacing_mm, rng)
    if not sac.any():
        return sac
    density = rng.uniform(0.12, 0.9)
    texture = density * (1 + rng.uniform(0.0, 0.15) * smooth_noise(image.shape, rng.uniform(1, 5), rng))
    share = blur(sac.astype(np.float32), rng.uniform(0.4, 0.9)) * ~spine
    image += share * np.clip(texture - image, -0.1, 1)
    np.clip(image, 0, 1, out=image)
    return sac


def _foramina(spine: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.float64]:
    """Find the vertebral foramen of each slice that shows it whole: rows of k, centre i, centre j, radius in voxels."""
    rows = []
    for k in np.flatnonzero(spine.any(axis=(0, 1))):
        holes, count = ndimage.label(ndimage.binary_fill_holes(spine[:, :, k]) & ~spine[:, :, k])
        if not count:
            continue
        areas = np.bincount(holes.ravel())[1:]
        largest = int(areas.argmax()) + 1
        if LEAST_AREA_MM2 <= areas[largest - 1] * spacing_mm**2 <= MOST_AREA_MM2:
            centre = ndimage.center_of_mass(holes == largest)
            rows.append((float(k), *centre, float(np.sqrt(areas[largest - 1] / np.pi))))
    return np.array(rows, dtype=np.float64).reshape(-1, 4)
