"""Frames of vertebrae: the axes of a vertebra in the patient, and a bone's signed distance sampled along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box, bounding_box
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.anatomy.partial_volume import refine_distance

Real = NDArray[np.float64]
_PAD = 3
_CLIP_VOXELS = 4.0
_THICK_SHARE = 0.7  # of the depth of the point farthest inside


@dataclass(frozen=True, eq=False)
class Frame:
    """A vertebra's own axes.

    Attributes:
        origin_mm: (3,) RAS+ mm; of a finished frame the centre of the body.
        axes: (3, 3) unit columns: the vertebra's right, anterior and superior, in RAS+.
    """

    origin_mm: Real
    axes: Real

    @classmethod
    def of(cls, origin_mm: Real, superior: Real, anterior: Real) -> Frame:
        """Make a frame; ``anterior`` is turned to a right angle with ``superior``."""
        up = superior / np.linalg.norm(superior)
        front = anterior - up * (anterior @ up)
        front /= np.linalg.norm(front)
        return cls(np.asarray(origin_mm, dtype=np.float64), np.stack([np.cross(front, up), front, up], axis=1))

    def to_mm(self, local: Any) -> Real:
        """Convert (..., 3) own coordinates to RAS+ mm."""
        return np.asarray(np.asarray(local) @ self.axes.T + self.origin_mm)

    def to_local(self, point_mm: Any) -> Real:
        """Convert (..., 3) RAS+ mm to own coordinates (right, anterior, superior)."""
        return np.asarray((np.asarray(point_mm) - self.origin_mm) @ self.axes)

    def moved(self, local: Any) -> Frame:
        """Move the origin to a point given in own coordinates."""
        return Frame(self.to_mm(local), self.axes)

    def turned(self, degrees: float) -> Frame:
        """Turn about the superior axis, counterclockwise as seen from the head."""
        angle = np.radians(degrees)
        front = self.axes[:, 1] * np.cos(angle) - self.axes[:, 0] * np.sin(angle)
        return Frame.of(self.origin_mm, self.axes[:, 2], front)


@dataclass(frozen=True, eq=False)
class Bone:
    """One bone of a label map as signed distance, positive inside; zero lies half-way between voxels in and out.

    Attributes:
        distance_mm: (I, J, K) float32 of a box around the bone.
        grid: Of the box.
        voxels: Number of voxels that carry the label.
        box: Place of the box in the label map before it was padded.
        pieces: Share of the label's voxels that hang together with the largest piece.
    """

    distance_mm: NDArray[np.float32]
    grid: Grid
    voxels: int
    box: Box
    pieces: float

    def sample(self, points_mm: Real) -> NDArray[np.float32]:
        """Interpolate the signed distance at (..., 3) points in RAS+ mm."""
        index = np.moveaxis(self.grid.to_index(points_mm), -1, 0)
        return np.asarray(ndimage.map_coordinates(self.distance_mm, index, order=1, mode="nearest"), dtype=np.float32)

    @property
    def centroid_mm(self) -> Real:
        """(3,) centre of mass."""
        return self.grid.to_mm(np.array(ndimage.center_of_mass(self.distance_mm > 0)))

    @property
    def thickest_mm(self) -> Real:
        """(3,) centre of the thickest part: near the centre of a vertebra's body, also where its endplates are dented.

        The point farthest inside would lie beside the middle there: a biconcave body is thickest in a ring.
        """
        sigma = [2.5 / s for s in self.grid.spacing_mm]
        smooth = ndimage.gaussian_filter(self.distance_mm, sigma)
        deepest = np.unravel_index(int(smooth.argmax()), smooth.shape)
        parts, _ = ndimage.label(smooth > _THICK_SHARE * smooth[deepest])
        return self.grid.to_mm(np.array(ndimage.center_of_mass(parts == parts[deepest])))


def bone_of(label_map: LabelMap, number: int, volume: Volume | None = None, box: Box | None = None) -> Bone | None:
    """Take one label out of a map: its largest piece, with cavities filled; None if it has no voxel.

    Args:
        label_map: That holds it.
        number: The label.
        volume: The CT on the same grid, by which the surface is placed between voxels.
        box: That holds all of the label, if known.
    """
    labels, grid = label_map.labels, label_map.grid
    box = box or bounding_box(labels == number)
    if box is None:
        return None
    mask = labels[box] == number
    voxels = int(np.count_nonzero(mask))
    if not voxels:
        return None
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    share = 1.0
    if count > 1:
        sizes = np.bincount(parts.ravel())[1:]
        share = float(sizes.max() / voxels)
        mask = parts == int(sizes.argmax()) + 1
    mask = np.pad(ndimage.binary_fill_holes(mask), _PAD)
    padded = (slice(box[0].start - _PAD, box[0].stop + _PAD), slice(box[1].start - _PAD, box[1].stop + _PAD),
              slice(box[2].start - _PAD, box[2].stop + _PAD))  # fmt: skip
    distance = signed_distance(mask, grid.spacing_mm)
    if volume is not None:
        free, hu = _padded(labels, padded) == 0, _padded(volume.hu, padded)
        distance = refine_distance(distance, mask, free, hu, float(np.mean(grid.spacing_mm)))
    return Bone(distance, grid.cropped(padded), voxels, box, share)


def _padded(array: NDArray[Any], box: Box) -> NDArray[Any]:
    """Cut a box out of an array that it may reach beyond; the outermost voxels are repeated there."""
    inner = tuple(slice(max(part.start, 0), min(part.stop, size)) for part, size in zip(box, array.shape, strict=True))
    missing = [(own.start - part.start, part.stop - own.stop) for part, own in zip(box, inner, strict=True)]
    return np.pad(array[inner], missing, mode="edge")


def signed_distance(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> NDArray[np.float32]:
    """Compute the distance to the nearest voxel centre of the other kind, positive inside, of an (I, J, K) mask."""
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    return np.asarray(inside - outside, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Block:
    """Signed distances sampled along a frame: a regular lattice of its own coordinates.

    Attributes:
        values: (X, Y, Z) float32 mm, positive inside.
        x, y, z: Coordinates of the samples along right, anterior and superior, mm.
    """

    values: NDArray[np.float32]
    x: Real
    y: Real
    z: Real

    def between(self, axis: int, low: float, high: float) -> slice:
        """Find the samples with low <= coordinate <= high along an axis; at least one."""
        at = (self.x, self.y, self.z)[axis]
        start = int(np.searchsorted(at, low - 1e-6))
        stop = int(np.searchsorted(at, high + 1e-6))
        start = min(start, len(at) - 1)
        return slice(start, max(stop, start + 1))


def sample_block(
    bone: Bone, frame: Frame, reach: tuple[tuple[float, float], tuple[float, float], tuple[float, float]],
    step_mm: float = 0.9,
) -> Block:  # fmt: skip
    """Sample a bone along a frame; ``reach`` gives low and high mm along right, anterior and superior."""
    x, y, z = (np.arange(low, high + step_mm / 2, step_mm) for low, high in reach)
    inverse = np.linalg.inv(bone.grid.affine)
    matrix = inverse[:3, :3] @ frame.axes * step_mm
    offset = bone.grid.to_index(frame.to_mm((x[0], y[0], z[0])))
    values = ndimage.affine_transform(
        bone.distance_mm, matrix, offset, (len(x), len(y), len(z)), order=1, mode="nearest"
    )
    return Block(np.asarray(values), x, y, z)


def first_exit(values: NDArray[np.float32], at: Real, start: int) -> Real:
    """Find where profiles that are positive at ``start`` first fall to zero, going up the last axis.

    Args:
        values: (..., N) signed distances.
        at: (N,) coordinates, ascending or descending.
        start: Index where to begin.

    Returns:
        (...) coordinates, interpolated; NaN where a profile begins outside or does not end.
    """
    part = values[..., start:]
    out = part <= 0
    index = out.argmax(axis=-1)
    valid = out.any(axis=-1) & (index > 0)
    index = np.where(valid, index, 1)
    after = np.take_along_axis(part, index[..., None], -1)[..., 0].astype(np.float64)
    before = np.take_along_axis(part, index[..., None] - 1, -1)[..., 0].astype(np.float64)
    share = before / np.maximum(before - after, 1e-9)
    places = at[start:]
    return np.asarray(np.where(valid, places[index - 1] + share * (places[index] - places[index - 1]), np.nan))
