"""Signed distance to the surface of one vertebra, below the size of a voxel.

The surface is the zero level of a smoothed signed distance. Smoothing a distance instead of the mask keeps thin
plates as thick as they are, and ``2 G - G G`` (Taubin's idea: one step of smoothing, one back) keeps curved ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import Box, bounding_box
from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap

Points = NDArray[np.float64]

MARGIN_MM = 9.0
"""The distance is known this far around the bone; farther away it is extended in a straight line."""

_FINEST_MM = 0.7
_COARSEST_MM = 1.0
_SMOOTHING = 0.6  # of a voxel's edge along each axis


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Signed distance to a surface and its gradient, on a grid; negative inside.

    Attributes:
        values: (I, J, K, 4) float32: distance in mm, then its gradient along R, A and S.
        grid: Where they lie.
        is_cut: The bone reaches the border of the label map, where its surface is not the true one.
        voxel_mm: (3,) edges of the voxels of the label map, which limit how well the surface is known.
    """

    values: NDArray[np.float32]
    grid: Grid
    is_cut: bool
    voxel_mm: tuple[float, float, float]

    @property
    def distance(self) -> NDArray[np.float32]:
        """(I, J, K) distances alone."""
        return np.asarray(self.values[..., 0])

    def sample(self, points_mm: Points) -> tuple[Points, Points]:
        """Interpolate distance and gradient.

        Args:
            points_mm: (..., 3) RAS+ mm.

        Returns:
            (...) distances in mm and (..., 3) unit gradients, which point out of the bone.
        """
        values, beyond = self._interpolated(points_mm)
        distance = values[..., 0].astype(np.float64)
        gradient = values[..., 1:].astype(np.float64)
        length = np.sqrt(np.einsum("...i,...i", beyond, beyond))
        outside = length > 0
        if outside.any():
            distance[outside] += length[outside]
            gradient[outside] = beyond[outside] / length[outside, None]
        norm = np.sqrt(np.einsum("...i,...i", gradient, gradient))[..., None]
        return distance, gradient / np.maximum(norm, 1e-6)

    def distances(self, points_mm: Points) -> Points:
        """Interpolate the distance alone: (..., 3) RAS+ mm to (...) mm."""
        return self.sample(points_mm)[0]

    def _interpolated(self, points_mm: Points) -> tuple[NDArray[np.float32], Points]:
        """Interpolate between eight voxels; also give how far each point lies beyond the grid, in mm along R, A, S."""
        shape = np.array(self.grid.shape)
        index = self.grid.to_index(points_mm)
        held = np.clip(index, 0, shape - 1.001)
        beyond = np.where(np.abs(index - held) < 1e-9, 0.0, index - held) @ self.grid.affine[:3, :3].T
        first = held.astype(np.int64)
        x, y, z = np.moveaxis((held - first).astype(np.float32), -1, 0).reshape(3, -1, 1)
        along_i, along_j = int(shape[1] * shape[2]), int(shape[2])
        base = (first @ np.array([along_i, along_j, 1])).ravel()
        # Four numbers of a voxel are fetched as one of sixteen bytes: a third of the time.
        rows = np.ascontiguousarray(self.values).reshape(-1, 4).view(np.complex128).ravel()

        def between(offset: int) -> NDArray[np.float32]:
            here, there = (rows.take(base + at).view(np.float32).reshape(-1, 4) for at in (offset, offset + 1))
            return _lerp(here, there, z)

        low = _lerp(between(0), between(along_j), y)
        high = _lerp(between(along_i), between(along_i + along_j), y)
        return _lerp(low, high, x).reshape(*index.shape[:-1], 4), beyond

    def surface_points(self, step: int = 1) -> tuple[Points, Points]:
        """Project the voxels nearest to the surface onto it.

        Args:
            step: Take every ``step``-th voxel along each axis.

        Returns:
            (N, 3) points in RAS+ mm and (N, 3) unit normals that point outwards.
        """
        near = np.abs(self.distance[::step, ::step, ::step]) < 0.5 * step * min(self.grid.spacing_mm)
        points = self.grid.to_mm(np.argwhere(near).astype(np.float64) * step)
        for _ in range(2):
            distance, normal = self.sample(points)
            points = points - distance[:, None] * normal
        distance, normal = self.sample(points)
        kept = np.abs(distance) < 0.1
        return points[kept], normal[kept]


def _lerp(here: NDArray[np.float32], there: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Go a share of the way from ``here`` to ``there``, in the memory of ``there``."""
    there -= here
    there *= share
    there += here
    return there


def distance_field(
    label_map: LabelMap, label: int, finest_mm: float = _FINEST_MM, coarsest_mm: float = _COARSEST_MM
) -> DistanceField:
    """Measure the signed distance to the surface of a label.

    Args:
        label_map: (I, J, K) labels.
        label: Its number.
        finest_mm: Voxels smaller than this are merged.
        coarsest_mm: Voxels larger than this are divided.

    Raises:
        InputError: the label is absent, or too small to have a shape.
    """
    mask = label_map.labels == label
    box = bounding_box(mask)
    if box is None or np.count_nonzero(mask[box]) < 30:
        present = [label_of(number).name for number in label_map.present]
        raise InputError("navigation.no_label", label=label, name=label_of(label).name, present=", ".join(present))
    cut = any(part.start == 0 or part.stop == size for part, size in zip(box, mask.shape, strict=True))
    crop, grid = _padded(mask, box, label_map.grid)
    if grid.is_sheared:
        crop, grid = _unsheared(crop, grid)
    signed = _signed_distance(crop, grid.spacing_mm)
    signed, grid = _resampled(_smoothed(signed), grid, finest_mm, coarsest_mm)
    return DistanceField(_with_gradient(signed, grid), grid, cut, label_map.grid.spacing_mm)


def _padded(mask: NDArray[np.bool_], box: Box, grid: Grid) -> tuple[NDArray[np.bool_], Grid]:
    """Cut a box out with ``MARGIN_MM`` on each side, empty where the array ends."""
    pads = [int(np.ceil(MARGIN_MM / s)) for s in grid.spacing_mm]
    wide = tuple(
        slice(max(0, part.start - pad), min(size, part.stop + pad))
        for part, pad, size in zip(box, pads, mask.shape, strict=True)
    )
    lack = [
        (pad - (part.start - got.start), pad - (got.stop - part.stop))
        for part, got, pad in zip(box, wide, pads, strict=True)
    ]
    crop = np.pad(mask[wide], lack)
    first = np.array([part.start - pad for part, pad in zip(box, pads, strict=True)], dtype=np.float64)
    affine = np.array(grid.affine)
    affine[:3, 3] = grid.to_mm(first)
    return crop, Grid((crop.shape[0], crop.shape[1], crop.shape[2]), affine)


def _unsheared(crop: NDArray[np.bool_], grid: Grid) -> tuple[NDArray[np.bool_], Grid]:
    """Resample a mask of a tilted gantry to a grid along R, A and S."""
    from scipy import ndimage

    corners = grid.to_mm(np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.shape) - 1.0))
    spacing = min(grid.spacing_mm)
    low = corners.min(axis=0)
    shape = np.ceil((corners.max(axis=0) - low) / spacing).astype(int) + 1
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = low
    straight = Grid((shape[0], shape[1], shape[2]), affine)
    to_old = np.linalg.inv(grid.affine) @ affine
    values = ndimage.affine_transform(
        crop.astype(np.float32), to_old[:3, :3], to_old[:3, 3], output_shape=straight.shape, order=1
    )
    return values >= 0.5, straight


def _signed_distance(mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    """Measure in mm to the border half-way between voxels: the mean of the distances to either side's voxels."""
    import SimpleITK as sitk

    sides = []
    for side in (mask, ~mask):
        image = sitk.GetImageFromArray(side.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        distance = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
        sides.append(sitk.GetArrayFromImage(distance))
    return np.asarray((sides[0] - sides[1]) / 2, dtype=np.float32)


def _smoothed(signed: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy import ndimage

    once = ndimage.gaussian_filter(signed, _SMOOTHING, mode="nearest", truncate=3)
    twice = ndimage.gaussian_filter(once, _SMOOTHING, mode="nearest", truncate=3)
    return np.asarray(2 * once - twice)


def _resampled(
    signed: NDArray[np.float32], grid: Grid, finest_mm: float, coarsest_mm: float
) -> tuple[NDArray[np.float32], Grid]:
    from scipy import ndimage

    wanted = [min(max(s, finest_mm), coarsest_mm) for s in grid.spacing_mm]
    factor = np.array(wanted) / np.array(grid.spacing_mm)
    if np.allclose(factor, 1, atol=0.05):
        return signed, grid
    shape = np.floor((np.array(signed.shape) - 1) / factor).astype(int) + 1
    values = ndimage.affine_transform(signed, factor, output_shape=tuple(shape), order=3, mode="nearest")
    affine = np.array(grid.affine)
    affine[:3, :3] *= factor
    return np.asarray(values), Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def _with_gradient(signed: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    values = np.empty((*signed.shape, 4), dtype=np.float32)
    values[..., 0] = signed
    to_world = np.linalg.inv(grid.affine[:3, :3]).astype(np.float32)  # gradient: inverse transposed
    slopes = np.stack([np.gradient(signed, axis=axis) for axis in range(3)], axis=-1)
    values[..., 1:] = slopes @ to_world
    return values
