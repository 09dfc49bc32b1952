"""Canvas of the phantom: HU and labels on a grid, painted one bone or organ at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box, whole_box
from segmentation.core.geometry import Grid
from segmentation.phantom.shapes import Coordinates, Field

AIR_HU = -1000.0


class Canvas:
    """HU and labels under construction.

    Attributes:
        hu: (I, J, K) float32.
        labels: (I, J, K) uint8.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.hu = np.full(grid.shape, AIR_HU, dtype=np.float32)
        self.labels = np.zeros(grid.shape, dtype=np.uint8)
        self._nearest = np.full(grid.shape, np.inf, dtype=np.float32)
        self._edge_mm = float(np.mean(grid.spacing_mm))

    def box(
        self, axes: NDArray[np.float64], origin: NDArray[np.float64], reach: Sequence[Sequence[float]]
    ) -> Box | None:
        """Find the voxels that hold ``reach``: (low, high) mm along each axis of a frame; None if none do."""
        corners = np.array(np.meshgrid(*reach)).reshape(3, -1).T @ axes.T + origin
        index = self.grid.to_index(corners)
        low = np.clip(np.floor(index.min(axis=0)).astype(int) - 1, 0, self.grid.shape)
        high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 2, 0, self.grid.shape)
        if (high <= low).any():
            return None
        return cast("Box", tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)))

    @property
    def everything(self) -> Box:
        """The box that holds all voxels."""
        return whole_box(self.grid.shape)

    def coordinates(self, box: Box, axes: NDArray[np.float64], origin: NDArray[np.float64]) -> Coordinates:
        """Compute the place of every voxel of a box in mm along a frame's axes."""
        matrix = axes.T @ self.grid.affine[:3, :3]
        shift = axes.T @ (self.grid.affine[:3, 3] - origin)
        i, j, k = np.ogrid[box]
        x, y, z = (
            np.asarray(row[0] * i + row[1] * j + (row[2] * k + s), dtype=np.float32)
            for row, s in zip(matrix, shift, strict=True)
        )
        return (x, y, z)

    def cover(self, distance: Field) -> Field:
        """Compute how much of each voxel lies inside, 0..1, so that edges have the partial volume of a real scan."""
        return np.asarray(np.clip(0.5 - distance / np.float32(self._edge_mm), 0, 1), dtype=np.float32)

    def fill(self, box: Box, distance: Field, hu: Field | float) -> None:
        """Paint soft tissue over what is there."""
        view = self.hu[box]
        view += self.cover(distance) * (hu - view)

    def bone(self, box: Box, distance: Field, hu: Field, number: int, inset_mm: float = 0.0) -> None:
        """Paint bone; where two bones meet, each voxel belongs to the one it lies deeper in.

        ``inset_mm``: how far its bright edge lies inside.
        """
        nearest = self._nearest[box]
        closer = distance < nearest
        view = self.hu[box]
        view += np.where(closer, self.cover(distance + np.float32(inset_mm)), 0) * (hu - view)
        self.labels[box][closer & (distance < 0)] = number
        np.minimum(nearest, distance, out=nearest)

    def distance_to_bone(self, box: Box) -> Field:
        """Return how far the voxels of a box lie from bones painted before, mm; infinite away from their boxes."""
        return self._nearest[box].copy()

    def texture(self, seed: int, scale_mm: float) -> Field:
        """Draw (I, J, K) smooth noise of zero mean and unit deviation with details of about ``scale_mm``."""
        step = [max(1.0, scale_mm / s) for s in self.grid.spacing_mm]
        coarse = [int(np.ceil(n / s)) + 3 for n, s in zip(self.grid.shape, step, strict=True)]
        knots = np.random.default_rng(seed).standard_normal(coarse, dtype=np.float32)
        field = ndimage.affine_transform(
            knots, 1 / np.array(step), offset=1.0, output_shape=self.grid.shape, order=1, mode="nearest"
        )
        return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), dtype=np.float32)


def add_noise(hu: NDArray[np.float32], sigma_hu: float, seed: int) -> NDArray[np.float32]:
    """Blur by half a voxel, as every scanner does, and add slightly correlated noise of ``sigma_hu``."""
    hu = ndimage.gaussian_filter(hu, 0.45)
    if sigma_hu > 0:
        noise = np.random.default_rng(seed).standard_normal(hu.shape, dtype=np.float32)
        noise = ndimage.gaussian_filter(noise, 0.6)
        hu = hu + noise * np.float32(sigma_hu / float(noise.std()))
    return np.asarray(hu, dtype=np.float32)
