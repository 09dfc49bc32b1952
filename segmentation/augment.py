"""Random crops: rotation and mirror as in the thesis, and what other scanners and protocols do to a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How far the crops may stray; lengths in voxels of the network's grid.

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
    """Matrix and offset that take an index of an ``edge``^3 crop to an index of the scan around ``centre``."""
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
    array: NDArray[np.uint8], edge: int, matrix: NDArray[np.float64], offset: NDArray[np.float64], order: int
) -> Array:
    """An ``edge``^3 crop; outside the scan there is air (0), as at the border of a real one."""
    return np.asarray(
        ndimage.affine_transform(
            array, matrix, offset, (edge, edge, edge), output=np.float32, order=order, mode="constant", cval=0
        )  # type: ignore[call-overload]
    )


def degrade(image: Array, rng: np.random.Generator) -> Array:
    """Contrast, thick slices, blur or a sharp kernel, noise. (I, J, K) 0..1 in, 0..1 out."""
    image = image * rng.uniform(0.8, 1.2) + rng.uniform(-0.03, 0.03) * (image > 0)
    if rng.random() < 0.35:
        image = thick_slices(image, int(rng.integers(3)), float(rng.uniform(1.3, 2.8)))
    choice = rng.random()
    if choice < 0.2:
        image = ndimage.gaussian_filter(image, rng.uniform(0.3, 0.8))
    elif choice < 0.4:
        image = image + rng.uniform(0.3, 1.2) * (image - ndimage.gaussian_filter(image, 1.0))
    if rng.random() < 0.6:
        noise = rng.standard_normal(image.shape, dtype=np.float32)
        image = image + rng.uniform(0, 0.07) * noise * (image > 0)
    return np.clip(image, 0, 1).astype(np.float32)


def thick_slices(image: Array, axis: int, factor: float) -> Array:
    """Average along ``axis`` over ``factor`` voxels and interpolate back, as slices thicker than a voxel do."""
    size = image.shape[axis]
    few = max(2, round(size / factor))
    zoom = [1.0, 1.0, 1.0]
    zoom[axis] = few / size
    blurred = ndimage.gaussian_filter1d(image, factor / 2.5, axis=axis)
    small = ndimage.zoom(blurred, zoom, order=1, grid_mode=True, mode="nearest")
    zoom[axis] = size / few
    return np.asarray(ndimage.zoom(small, zoom, order=1, grid_mode=True, mode="nearest"), dtype=np.float32)


def crop_field_of_view(image: Array, target: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """End the scan at a random plane, in place: air beyond, and nothing there is spine."""
    axis, edge = int(rng.integers(3)), image.shape[0]
    cut = int(rng.integers(edge // 8, edge // 2))
    beyond: list[slice] = [slice(None)] * 3
    beyond[axis] = slice(0, cut) if rng.random() < 0.5 else slice(edge - cut, edge)
    image[tuple(beyond)] = 0
    target[tuple(beyond)] = 0
