"""What the networks learn from: CTs with labels, CTs with only a centreline, limbs, and bare label maps.

Everything is resampled once, kept in memory as bytes (0..1000 HU in 0..255), and cropped at random.
A target says how much of a voxel is spine: a reference finer than the network's grid keeps what it knows.
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

from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.geometry import Grid, Shape3
from segmentation.core.labels import is_spine
from segmentation.core.volume import LabelMap, Volume
from segmentation.preprocessing.preprocess import InputSpec, Prepared, beside, prepare, resample
from segmentation.readers import read_label_map, read_volume
from segmentation.training.synthesis.ribs import Ribs, ribs_by_the_lung, ribs_of

FULL = 255  # a target voxel that is all spine; an image voxel of 1000 HU
# In a pseudo-label map on disk: a voxel of which the model that wrote it was not sure.
IGNORE = 255
# How far from the centre of a vertebral body its processes, or a rib's head, may lie: beyond, nothing is spine.
NEAR_LATERAL_MM, NEAR_POSTERIOR_MM, NEAR_ANTERIOR_MM, NEAR_END_MM = 50.0, 85.0, 26.0, 35.0
# Beside and before a body there is no process: that is where the aorta, bright with contrast medium, lies.
BODY_FRONT_MM, BODY_HALF_WIDTH_MM = -8.0, 32.0
BODY_RADIUS_MM = 12.0
SACRUM_RADIUS_MM = 15.0
# How far aside of the line an earlier model is believed: beyond lie the heads of ribs, then ribs close to transverse
# processes, and what it mistook there would be taught again.
BELIEVED_MM = 12.0
AIR_HU = -400  # lung and air, of any density that they have
CLOSING_MM = 10.0


@dataclass(frozen=True, eq=False)
class Item:
    """One scan, or one bare label map, to crop from. All arrays are (I, J, K) uint8 with RAS+ axes.

    Attributes:
        image: HU clamped and scaled to 0..255. None for a bare label map.
        target: Share of the voxel that is spine, 0..255.
        known: 255 where ``target`` counts, 0 where the loss ignores it. All 255 for a bare label map.
        bone: Share of the voxel that any label covers, 0..255; only for a bare label map, else None.
        ribs: Where ribs belong beside its thoracic vertebrae; only for a bare label map that has any, else None.
        focus: (N, 3) voxel indices around which crops are worth taking; empty if nowhere in particular.
        weight: How often it is drawn, relative to the others.
    """

    name: str
    image: NDArray[np.uint8] | None
    target: NDArray[np.uint8]
    known: NDArray[np.uint8]
    focus: NDArray[np.int32]
    weight: float
    bone: NDArray[np.uint8] | None = None
    ribs: Ribs | None = None


def labelled_item(folder: Path, spec: InputSpec, stage: str, partial: bool, weight: float = 1.0) -> Item:
    """``folder/ct.nii.gz`` with ``folder/vert.nii.gz``: see :func:`scan_item`."""
    return scan_item(folder.name, folder / "ct.nii.gz", folder / "vert.nii.gz", spec, stage, partial, weight)


def scan_item(name: str, ct: Path, mask: Path, spec: InputSpec, stage: str, partial: bool, weight: float = 1.0) -> Item:
    """A CT with its vertebra labels.

    ``partial``: vertebrae cut by the border are visible but not labelled (VerSe); only the slab between the
    centroids of the first and the last labelled vertebra teaches what is *not* spine.
    """
    volume, labels = read_volume(ct), read_label_map(mask)
    if not volume.grid.matches(labels.grid):
        raise GridMismatch(f"{ct.name} and {mask.name} of {name} do not lie on the same grid.")
    prepared = prepare(volume, spec)
    labels = LabelMap(labels.labels[prepared.box], labels.grid.cropped(prepared.box), labels.kind)
    share = beside(spine_share(labels, prepared.content), prepared)
    target = column(share >= 0.5, spec.spacing_mm).astype(np.float32) if stage == "locate" else share
    known = np.ones(target.shape, dtype=bool)
    if partial and not share.any():
        raise InputError(f"The mask {mask.name} labels no vertebra.")
    if partial:
        low, high = labelled_slab(labels, Grid(prepared.content, prepared.grid.affine))
        known[:, :, :low] = known[:, :, high + 1 :] = False
        known |= target >= 0.5
    focus = _focus(target >= 0.5, numbers_beside(labels, prepared))
    return Item(name, to_bytes(prepared.image), to_bytes(target), _all(known), focus, weight)


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
    (stage ``locate``), and for ribs against the lung and what is no denser than water, smoothed (stage ``segment``).
    ``pseudo`` is an earlier model's opinion on what is near: a uint8 image of 0, 1 and 255 on the CT's grid.
    """
    volume = read_volume(path)
    prepared = prepare(volume, spec)
    points_mm = np.array(line["points_mm"], dtype=np.float64)
    near, body = near_centreline(prepared.grid, points_mm)
    target, known = np.zeros(near.shape, dtype=bool), ~near
    if stage == "locate":
        target[body] = known[body] = True
    else:
        aside_mm = np.abs(_from_centreline(prepared.grid, points_mm)[0])
        if pseudo is not None and pseudo.is_file():
            opinion = nearest(canonical_labels(read_label_map(pseudo)), prepared.grid.shape)
            believed = near & (aside_mm <= BELIEVED_MM)
            target = believed & (opinion == 1)
            known |= believed & (opinion != IGNORE)
        known |= (ndimage.uniform_filter(prepared.image, 3) < 0.02) & ~target
        thin = np.where(volume.hu.astype(np.float32) < AIR_HU, 1000, 0).astype(np.int16)
        air = prepare(Volume(thin, volume.grid), spec)
        hu = prepared.image * np.float32(spec.hu_max - spec.hu_min) + np.float32(spec.hu_min)
        other = inside_sacrum(prepared.grid, line)
        for box in ndimage.find_objects(near.astype(np.uint8)):
            other[box] |= ribs_by_the_lung(hu[box], air.image[box] > 0.5, aside_mm[box], spec.spacing_mm)
        target, known = target & ~other, known | other
    return Item(path.name, to_bytes(prepared.image), _all(target), _all(known), _focus(near), weight)


def negative_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """A CT without any spine in it."""
    prepared = prepare(read_volume(path), spec)
    nothing = np.zeros(prepared.grid.shape, dtype=bool)
    return Item(path.name, to_bytes(prepared.image), _all(nothing), _all(~nothing), np.zeros((0, 3), np.int32), weight)


def label_map_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """Labels without their CT: images are synthesised from it, crop by crop."""
    labels = read_label_map(path)
    # Every labelled voxel as dense as can be: prepared as a CT is, it is the share of bone.
    prepared = prepare(Volume(np.where(labels.labels > 0, 1000, 0).astype(np.int16), labels.grid), spec)
    labels = LabelMap(labels.labels[prepared.box], labels.grid.cropped(prepared.box), labels.kind)
    spine = beside(spine_share(labels, prepared.content), prepared)
    known = _all(np.ones(spine.shape, dtype=bool))
    numbers = numbers_beside(labels, prepared)
    ribs = ribs_of(numbers, spec.spacing_mm)
    focus = _focus(spine >= 0.5, numbers)
    bone = to_bytes(prepared.image)
    return Item(path.name, None, to_bytes(spine), known, focus, weight, bone, ribs if ribs.paths else None)


def spine_share(labels: LabelMap, shape: Shape3) -> NDArray[np.float32]:
    """How much of each voxel is spine, 0..1: a label map resampled to the (canonical) prepared grid's shape."""
    return resample(is_spine(canonical_labels(labels)).astype(np.float32), shape)


def numbers_beside(labels: LabelMap, prepared: Prepared) -> NDArray[np.uint8]:
    """Which vertebra each voxel of the prepared image shows; 0 where none."""
    numbers = nearest(canonical_labels(labels), prepared.content)
    return beside(numbers.astype(np.float32), prepared).astype(np.uint8)


def closed(mask: NDArray[Any], radius: int) -> NDArray[np.bool_]:
    """Morphological closing with a ball of ``radius`` voxels, by two distance transforms."""
    padded = np.pad(mask > 0, radius)
    if not padded.any():
        return np.asarray(mask > 0)
    near = ndimage.distance_transform_edt(~padded) <= radius
    filled = ndimage.distance_transform_edt(np.pad(near, 1)) > radius
    middle = tuple(slice(radius + 1, -radius - 1) for _ in range(3))
    return np.asarray(filled[middle] | (mask > 0))


def column(spine: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.uint8]:
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
    dx, dy, z = _from_centreline(grid, points_mm)
    low, high = points_mm[:, 2].min(), points_mm[:, 2].max()
    near = (np.abs(dx) <= NEAR_LATERAL_MM) & (dy >= -NEAR_POSTERIOR_MM) & (dy <= NEAR_ANTERIOR_MM)
    near &= (dy <= BODY_FRONT_MM) | (np.abs(dx) <= BODY_HALF_WIDTH_MM)
    near &= (z >= low - NEAR_END_MM) & (z <= high + NEAR_END_MM)
    body = (np.hypot(dx, dy) <= BODY_RADIUS_MM) & (z >= low) & (z <= high)
    return near, body


def _from_centreline(grid: Grid, points_mm: NDArray[np.float64]) -> tuple[NDArray[np.float32], ...]:
    """Each voxel's mm to the right and in front of the line at its own height, and that height."""
    # Grid.to_mm, spelt out with float32 and broadcasting: a whole trunk has 50 million voxels.
    i, j, k = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    rows = grid.affine[:3].astype(np.float32)
    x, y, z = (row[0] * i.astype(np.float32) + row[1] * j + row[2] * k + row[3] for row in rows)
    points = points_mm[np.argsort(points_mm[:, 2])]
    dx = x - np.interp(z, points[:, 2], points[:, 0]).astype(np.float32)
    dy = y - np.interp(z, points[:, 2], points[:, 1]).astype(np.float32)
    return dx, dy, z


def inside_sacrum(grid: Grid, line: dict[str, Any]) -> NDArray[np.bool_]:
    """Within 15 mm of the sacral bodies along ``line["sacrum_points_mm"]``: bone, next to L5, and not spine."""
    points = np.array(line.get("sacrum_points_mm", ()), dtype=np.float64)
    if len(points) < 2:
        return np.zeros(grid.shape, dtype=bool)
    steps = np.linspace(0, len(points) - 1, 20 * len(points))
    along = np.stack([np.interp(steps, np.arange(len(points)), points[:, n]) for n in range(3)], axis=-1)
    seeds = np.ones(grid.shape, dtype=bool)
    index = np.rint(grid.to_index(along)).astype(int)
    index = index[((index >= 0) & (index < grid.shape)).all(axis=1)]
    seeds[tuple(index.T)] = False
    if seeds.all():
        return ~seeds
    return np.asarray(ndimage.distance_transform_edt(seeds, sampling=grid.spacing_mm) <= SACRUM_RADIUS_MM)


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


def to_bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0..1 as 0..255."""
    return np.rint(image * FULL).astype(np.uint8)


def _all(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(FULL)


def _focus(mask: NDArray[np.bool_], numbers: NDArray[np.uint8] | None = None, most: int = 4000) -> NDArray[np.int32]:
    """Voxels of ``mask``; with ``numbers``, as many of each vertebra, whatever its size."""
    found = np.argwhere(mask).astype(np.int32)
    if numbers is None:
        return found[:: max(1, len(found) // most)]
    of = numbers[mask]
    present = np.unique(of[of > 0])
    each = [found[of == n] for n in present]
    share = max(1, most // max(1, len(present)))
    return np.concatenate([np.zeros((0, 3), np.int32), *(e[:: max(1, len(e) // share)][:share] for e in each)])
