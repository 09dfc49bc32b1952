"""Scans cut out around their spine and bent: CT and labels looked up at other places of the same scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import bounding_box, labelled_boxes
from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.hounsfield import AIR_HU, METAL_HU
from segmentation.core.labels import spine_voxels
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.perturbations import Perturbed, resampled

Real = NDArray[np.float64]
Places = tuple[Real, Real, Real]
Source = Callable[[Real, Real, Real], Places]
"""From places in the new scan to those in the old one, both in mm along the grid's axes, from its first voxel."""

SPACING_MM = 1.5
AROUND_MM, ABOVE_MM, BELOW_MM = 70.0, 35.0, 70.0
AT_ONCE = 16  # sagittal planes


def coarse(volume: Volume, labels: LabelMap) -> Perturbed:
    """Cut out the labelled spine with what lies around it, on voxels of 1.5 mm whose axes run right, front and up.

    Raises:
        InputError: there is no labelled vertebra.
    """
    box = bounding_box(spine_voxels(labels))
    if box is None:
        raise InputError("perturbation.no_vertebra")
    canonical = volume.grid.canonical
    corners = np.array(np.meshgrid(*[(part.start - 0.5, part.stop - 0.5) for part in box])).reshape(3, -1).T
    index = canonical.to_index(volume.grid.to_mm(corners))
    spacing, shape = np.array(canonical.spacing_mm), np.array(canonical.shape)
    around = np.array([[AROUND_MM, AROUND_MM, BELOW_MM], [AROUND_MM, AROUND_MM, ABOVE_MM]]) / spacing
    inside = 1e-3  # of a voxel, so that rounding puts no voxel of the border outside
    first = np.maximum(index.min(axis=0) - around[0], inside)
    last = np.minimum(index.max(axis=0) + around[1], shape - 1 - inside)
    count = ((last - first) * spacing / SPACING_MM + 1e-6).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = canonical.affine[:3, :3] / spacing * SPACING_MM
    affine[:3, 3] = canonical.to_mm(first)
    grid = Grid((int(count[0]), int(count[1]), int(count[2])), affine)
    return resampled(volume, labels, grid, np.linalg.inv(volume.grid.affine) @ affine)


def warped(volume: Volume, labels: LabelMap, source: Source) -> Perturbed:
    """Show each voxel what lies at ``source`` of its place; both lie on one grid."""
    spacing, shape = np.array(volume.grid.spacing_mm), volume.grid.shape
    hu, numbers = np.empty(shape, np.int16), np.empty(shape, np.uint8)
    for start in range(0, shape[0], AT_ONCE):
        part = slice(start, min(shape[0], start + AT_ONCE))
        index = np.meshgrid(np.arange(part.start, part.stop), *map(np.arange, shape[1:]), indexing="ij")
        x, y, z = (axis * mm for axis, mm in zip(index, spacing, strict=True))
        at = [place / mm for place, mm in zip(source(x, y, z), spacing, strict=True)]
        values = ndimage.map_coordinates(volume.hu, at, np.float32, order=1, mode="constant", cval=AIR_HU)
        hu[part] = np.clip(np.rint(values), AIR_HU, METAL_HU)
        ndimage.map_coordinates(labels.labels, at, numbers[part], order=0, mode="constant")
    return Volume(hu, volume.grid), LabelMap(numbers, volume.grid, labels.kind)


def body_centres(labels: LabelMap) -> dict[int, Real]:
    """Find the middle of what is thickest of each vertebra, its body: VerSe number to (3,) mm as in ``Source``."""
    spine, spacing = spine_voxels(labels), np.array(labels.grid.spacing_mm)
    centres = {}
    for number, box in labelled_boxes(np.where(spine, labels.labels, 0).astype(np.uint8)):
        inside = np.pad(labels.labels[box] == number, 1)
        depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside, sampling=spacing), 1.0)
        thick = np.argwhere(depth > 0.6 * depth.max()).mean(axis=0) - 1
        centres[number] = np.asarray((thick + [part.start for part in box]) * spacing)
    return centres


def head_to_foot(centres: dict[int, Real]) -> list[int]:
    """Order the vertebrae by height."""
    return sorted(centres, key=lambda number: -centres[number][2])


def middle_pair(centres: dict[int, Real], least: int = 2) -> tuple[int, int]:
    """Choose the middle vertebra and the one below it.

    Raises:
        InputError: there are fewer than ``least``.
    """
    ordered = head_to_foot(centres)
    if len(ordered) < least:
        raise InputError("perturbation.few_vertebrae")
    upper = (len(ordered) - 1) // 2
    return ordered[upper], ordered[upper + 1]


def local(points: Sequence[Real], centre: Real, up: Real, unit_mm: float) -> Places:
    """Convert places to those right of, before and above a centre, in units of ``unit_mm``; see ``placed``."""
    axes = frame(up)
    moved = [p - c for p, c in zip(points, centre, strict=True)]
    right, front, above = (sum(axes[a, row] * moved[a] for a in range(3)) / unit_mm for row in range(3))
    return (np.asarray(right), np.asarray(front), np.asarray(above))


def placed(right: Real, front: Real, above: Real, centre: Real, up: Real, unit_mm: float) -> Places:
    """Undo ``local``."""
    axes = frame(up)
    x, y, z = (centre[a] + unit_mm * (axes[a, 0] * right + axes[a, 1] * front + axes[a, 2] * above) for a in range(3))
    return (np.asarray(x), np.asarray(y), np.asarray(z))


def frame(up: Real) -> Real:
    """Make (3, 3) unit columns right, front and up, of which the last is ``up``."""
    upward = up / np.linalg.norm(up)
    front = np.array([0.0, 1.0, 0.0]) - upward * upward[1]
    front /= np.linalg.norm(front)
    return np.stack([np.cross(front, upward), front, upward], axis=1)
