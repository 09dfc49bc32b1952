"""What the networks learn from: CTs with labels, CTs with only a centreline, limbs, and bare label maps.

Everything is resampled once, kept in memory as bytes (0..1000 HU in 0..255), and cropped at random.
A target voxel is 0 (not spine), 1 (spine) or 255 (unknown: the loss ignores it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.orientations import apply_orientation, io_orientation
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.errors import GridMismatch
from segmentation.geometry import Grid, Shape3
from segmentation.labels import is_spine
from segmentation.preprocess import InputSpec, canonical_grid, prepare, resample
from segmentation.readers import read_label_map, read_volume
from segmentation.volume import LabelMap

IGNORE = 255
# How far from the centre of a vertebral body its processes, or a rib's head, may lie: beyond, nothing is spine.
NEAR_LATERAL_MM, NEAR_POSTERIOR_MM, NEAR_ANTERIOR_MM, NEAR_END_MM = 50.0, 85.0, 26.0, 35.0
# Beside and before a body there is no process: that is where the aorta, bright with contrast medium, lies.
BODY_FRONT_MM, BODY_HALF_WIDTH_MM = -8.0, 32.0
BODY_RADIUS_MM = 12.0
CLOSING_MM = 10.0


@dataclass(frozen=True, eq=False)
class Item:
    """One scan to crop from.

    Attributes:
        image: (I, J, K) uint8, RAS+ axes: HU clamped and scaled to 0..255. None for a bare label map.
        target: (I, J, K) uint8: 0, 1 or 255; for a bare label map the VerSe numbers.
        focus: (N, 3) voxel indices around which crops are worth taking; empty if nowhere in particular.
        weight: How often it is drawn, relative to the others.
    """

    name: str
    image: NDArray[np.uint8] | None
    target: NDArray[np.uint8]
    focus: NDArray[np.int32]
    weight: float


def labelled_item(folder: Path, spec: InputSpec, stage: str, partial: bool, weight: float = 1.0) -> Item:
    """``folder/ct.nii.gz`` with ``folder/vert.nii.gz``.

    ``partial``: vertebrae cut by the border are visible but not labelled (VerSe); only the slab between the
    centroids of the first and the last labelled vertebra teaches what is *not* spine.
    """
    volume = read_volume(folder / "ct.nii.gz")
    labels = read_label_map(folder / "vert.nii.gz")
    if not volume.grid.matches(labels.grid):
        raise GridMismatch(f"ct.nii.gz and vert.nii.gz of {folder.name} do not lie on the same grid.")
    prepared = prepare(volume, spec)
    target = spine_on(labels, prepared.grid.shape)
    if stage == "locate":
        target = column(target, spec.spacing_mm)
    if partial:
        low, high = labelled_slab(labels, prepared.grid)
        outside = np.ones_like(target, dtype=bool)
        outside[:, :, low : high + 1] = False
        target[outside & (target == 0)] = IGNORE
    return Item(folder.name, _bytes(prepared.image), target, _focus(target == 1), weight)


def centreline_item(
    path: Path,
    line: dict[str, Any],
    spec: InputSpec,
    stage: str,
    pseudo: Path | None = None,
    weight: float = 1.0,
) -> Item:
    """A CT without labels, whose column runs along ``line["points_mm"]`` (body centres, RAS+ mm).

    Far from the line nothing is spine. Near it the target is unknown, but for the middle of the bodies
    (stage ``locate``) and for what is no denser than water, smoothed (stage ``segment``). ``pseudo`` is an
    earlier model's opinion on what is near: a uint8 image of 0, 1 and 255 on the CT's grid.
    """
    prepared = prepare(read_volume(path), spec)
    near, body = near_centreline(prepared.grid, np.array(line["points_mm"], dtype=np.float64))
    target = np.where(near, IGNORE, 0).astype(np.uint8)
    if stage == "locate":
        target[body] = 1
    else:
        if pseudo is not None and pseudo.is_file():
            opinion = nearest(canonical_labels(read_label_map(pseudo)), prepared.grid.shape)
            target = np.where(near, opinion, 0).astype(np.uint8)
        soft = ndimage.uniform_filter(prepared.image, 3) < 0.02
        target[soft & (target == IGNORE)] = 0
    return Item(path.name, _bytes(prepared.image), target, _focus(near), weight)


def negative_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """A CT without any spine in it."""
    prepared = prepare(read_volume(path), spec)
    target = np.zeros(prepared.grid.shape, dtype=np.uint8)
    return Item(path.name, _bytes(prepared.image), target, np.zeros((0, 3), np.int32), weight)


def label_map_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """Labels without their CT: images are synthesised from it, crop by crop."""
    labels = read_label_map(path)
    extent = canonical_grid(labels.grid).extent_mm
    shape = tuple(max(1, round(e / spec.spacing_mm)) for e in extent)
    numbers = nearest(canonical_labels(labels), (shape[0], shape[1], shape[2]))
    return Item(path.name, None, numbers, _focus(is_spine(numbers)), weight)


def spine_on(labels: LabelMap, shape: Shape3) -> NDArray[np.uint8]:
    """The binary spine of a label map, resampled to the (canonical) prepared grid's shape."""
    return (resample(is_spine(canonical_labels(labels)).astype(np.float32), shape) >= 0.5).astype(np.uint8)


def closed(mask: NDArray[Any], radius: int) -> NDArray[np.bool_]:
    """Morphological closing with a ball of ``radius`` voxels, by two distance transforms."""
    padded = np.pad(mask > 0, radius)
    if not padded.any():
        return np.asarray(mask > 0)
    near = ndimage.distance_transform_edt(~padded) <= radius
    filled = ndimage.distance_transform_edt(np.pad(near, 1)) > radius
    middle = tuple(slice(radius + 1, -radius - 1) for _ in range(3))
    return np.asarray(filled[middle] | (mask > 0))


def column(spine: NDArray[np.uint8], spacing_mm: float) -> NDArray[np.uint8]:
    """The column as one piece: vertebrae with discs and canal filled in, which is what the locator looks for."""
    return closed(spine, closing_voxels(spacing_mm)).astype(np.uint8)


def closing_voxels(spacing_mm: float) -> int:
    """The closing that fills discs and canal, in voxels."""
    return max(1, round(CLOSING_MM / spacing_mm))


def labelled_slab(labels: LabelMap, grid: Grid) -> tuple[int, int]:
    """First and last k of the prepared ``grid`` between the centroids of the outermost labelled vertebrae."""
    numbers = canonical_labels(labels)
    present = [int(n) for n in np.unique(numbers) if is_spine(np.array([n]))[0]]
    centres = [float(np.nonzero(numbers == n)[2].mean()) for n in present]
    factor = grid.shape[2] / numbers.shape[2]
    return int(min(centres) * factor), int(np.ceil(max(centres) * factor))


def near_centreline(grid: Grid, points_mm: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks on ``grid``: everywhere a vertebra could reach, and the inside of the vertebral bodies."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(grid.to_mm(index.astype(np.float64)), -1, 0)
    points = points_mm[np.argsort(points_mm[:, 2])]
    dx = x - np.interp(z, points[:, 2], points[:, 0])
    dy = y - np.interp(z, points[:, 2], points[:, 1])
    low, high = points[0, 2], points[-1, 2]
    near = (np.abs(dx) <= NEAR_LATERAL_MM) & (dy >= -NEAR_POSTERIOR_MM) & (dy <= NEAR_ANTERIOR_MM)
    near &= (dy <= BODY_FRONT_MM) | (np.abs(dx) <= BODY_HALF_WIDTH_MM)
    near &= (z >= low - NEAR_END_MM) & (z <= high + NEAR_END_MM)
    body = (np.hypot(dx, dy) <= BODY_RADIUS_MM) & (z >= low) & (z <= high)
    return near, body


def canonical_labels(labels: LabelMap) -> NDArray[np.uint8]:
    """(I, J, K) labels with axes towards R, A and S."""
    return np.asarray(apply_orientation(labels.labels, io_orientation(labels.grid.affine)))


def nearest(array: NDArray[np.uint8], shape: Shape3) -> NDArray[np.uint8]:
    """Nearest-neighbour resampling over the same extent."""
    index = [((np.arange(n) + 0.5) * old / n).astype(int) for n, old in zip(shape, array.shape, strict=True)]
    return np.ascontiguousarray(array[np.ix_(*index)])


def read_centrelines(path: Path) -> dict[str, dict[str, Any]]:
    """``{name: {"points_mm": [[x, y, z], ...]}}`` from a JSON file."""
    lines: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: line for name, line in lines.items() if len(line.get("points_mm", ())) >= 2}


def draw(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """One item, by weight."""
    weights = np.array([item.weight for item in items])
    return items[int(rng.choice(len(items), p=weights / weights.sum()))]


def _bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(image * 255).astype(np.uint8)


def _focus(mask: NDArray[np.bool_], most: int = 4000) -> NDArray[np.int32]:
    found = np.argwhere(mask).astype(np.int32)
    return found[:: max(1, len(found) // most)]
