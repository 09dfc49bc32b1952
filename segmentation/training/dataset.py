"""Training items: CTs with labels, CTs with only a centreline, CTs without a spine, and label maps without a CT.

Everything is resampled once, kept in memory as bytes (0..1000 HU in 0..255), and cropped at random.
A target says how much of a voxel is spine: a reference finer than the network's grid keeps what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.centreline import from_centreline_mm, near_centreline
from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.geometry import Grid, Shape3, to_canonical
from segmentation.core.hounsfield import THIN_TISSUE_HU
from segmentation.core.labels import SACRUM, SPINE_NUMBERS, is_spine
from segmentation.core.volume import LabelMap, Volume
from segmentation.preprocessing.preprocess import InputSpec, Prepared, nearest, pad_like, prepare, resample
from segmentation.readers import read_label_map, read_volume
from segmentation.training.synthesis.thoracic_ribs import Ribs, ribs_by_the_lung, ribs_of

FULL = 255  # a target voxel that is all spine; an image voxel of 1000 HU
# In a pseudo-label map on disk: a voxel of which the model that wrote it was not sure.
IGNORE = 255
SACRUM_RADIUS_MM = 15.0
# How far aside of the line an earlier model is believed: beyond lie the heads of ribs, then ribs close to transverse
# processes, and what it mistook there would be taught again.
BELIEVED_MM = 12.0
CLOSING_MM = 10.0
LAST_VERTEBRA = max(SPINE_NUMBERS)
LAST_LUMBAR = (24, 25)  # L5, and L6 where there is one: what follows is sacrum
MARGIN_MM = 2.0
# Sacrum and skull beside the first and last vertebra: what share of the crops of a scan that shows them is taken there.
BEYOND_SHARE, BEYOND_MM, BEYOND_FROM = 0.45, 30.0, 0.12


@dataclass(frozen=True, eq=False)
class Item:
    """One scan, or one bare label map, to crop from. All arrays are (I, J, K) uint8 with RAS+ axes.

    Attributes:
        image: HU clamped and scaled to 0..255. None for a bare label map.
        target: Share of the voxel that is spine, 0..255.
        valid_mask: 255 where ``target`` counts, 0 where the loss ignores it. All 255 for a bare label map.
        bone: Share of the voxel that any label covers, 0..255; only for a bare label map, else None.
        ribs: Where ribs belong at its thoracic vertebrae; only for a bare label map that has any, else None.
        focus: (N, 3) voxel indices around which crops are worth taking, in the spine and in the sacrum; empty if
            nowhere in particular.
        weight: How often it is drawn, relative to the others.
    """

    name: str
    image: NDArray[np.uint8] | None
    target: NDArray[np.uint8]
    valid_mask: NDArray[np.uint8]
    focus: NDArray[np.int32]
    weight: float
    bone: NDArray[np.uint8] | None = None
    ribs: Ribs | None = None


def labelled_item(folder: Path, spec: InputSpec, stage: str, partial: bool, weight: float = 1.0) -> Item:
    """Read ``folder/ct.nii.gz`` with ``folder/vert.nii.gz``: see ``scan_item``."""
    return scan_item(folder.name, folder / "ct.nii.gz", folder / "vert.nii.gz", spec, stage, partial, weight)


def scan_item(name: str, ct: Path, mask: Path, spec: InputSpec, stage: str, partial: bool, weight: float = 1.0) -> Item:
    """Read a CT with its vertebra labels.

    ``partial``: vertebrae cut by the border are visible but not labelled (VerSe); only the slab between the
    centroids of the first and the last labelled vertebra teaches what is *not* spine, and what ``known_beside`` adds.
    """
    volume, labels = read_volume(ct), read_label_map(mask)
    if not volume.grid.matches(labels.grid):
        raise GridMismatch("cases.grids_differ", ct=ct.name, reference=mask.name, case=name)
    prepared = prepare(volume, spec)
    labels = LabelMap(labels.labels[prepared.box], labels.grid.cropped(prepared.box), labels.kind)
    share = pad_like(spine_share(labels, prepared.valid_shape), prepared)
    target = column(share >= 0.5, spec.spacing_mm).astype(np.float32) if stage == "locate" else share
    valid = np.ones(target.shape, dtype=bool)
    if partial and not share.any():
        raise InputError("training.mask_without_vertebra", name=mask.name)
    numbers = numbers_on_grid(labels, prepared)
    focus = _focus((target >= 0.5) | (numbers == SACRUM), numbers)
    if partial:
        low, high = labelled_slab(labels, Grid(prepared.valid_shape, prepared.grid.affine))
        known = known_beside(numbers, (low, high), spec.spacing_mm)
        valid = known | (target >= 0.5)
        known[:, :, low : high + 1] = False
        focus = _with_beyond(
            focus, known & (target < 0.5), prepared.image, near=numbers > 0, spacing_mm=spec.spacing_mm
        )
    return Item(name, to_bytes(prepared.image), to_bytes(target), _all(valid), focus, weight)


def centreline_item(
    path: Path,
    line: dict[str, Any],
    spec: InputSpec,
    stage: str,
    pseudo: Path | None = None,
    weight: float = 1.0,
) -> Item:
    """Read a CT without labels, whose column runs along ``line["points_mm"]`` (body centres, RAS+ mm).

    Far from the line nothing is spine. Near it the target is unknown, but for the middle of the bodies
    (stage ``locate``), and for ribs against the lung and what is no denser than water, smoothed (stage ``segment``).
    ``pseudo`` is an earlier model's pseudo-label of what is near: a uint8 image of 0, 1 and 255 on the CT's grid.
    """
    volume = read_volume(path)
    prepared = prepare(volume, spec)
    points_mm = np.array(line["points_mm"], dtype=np.float64)
    near, body = near_centreline(prepared.grid, points_mm)
    target, valid, focus = np.zeros(near.shape, dtype=bool), ~near, _focus(near)
    if stage == "locate":
        target[body] = valid[body] = True
    else:
        aside_mm = np.abs(from_centreline_mm(prepared.grid, points_mm)[0])
        if pseudo is not None and pseudo.is_file():
            pseudo_label = _read_pseudo_label(pseudo, prepared.grid.shape)
            believed = near & (aside_mm <= BELIEVED_MM)
            target = believed & (pseudo_label == 1)
            valid |= believed & (pseudo_label != IGNORE)
        valid |= (ndimage.uniform_filter(prepared.image, 3) < 0.02) & ~target
        thin = np.where(volume.hu.astype(np.float32) < THIN_TISSUE_HU, 1000, 0).astype(np.int16)
        air = prepare(Volume(thin, volume.grid), spec)
        hu = spec.to_hu(prepared.image)
        beyond = beyond_the_spine(prepared.grid, line)
        other = inside_sacrum(prepared.grid, line) | beyond
        for box in ndimage.find_objects(near.astype(np.uint8)):
            other[box] |= ribs_by_the_lung(hu[box], air.image[box] > 0.5, aside_mm[box], spec.spacing_mm)
        target, valid = target & ~other, valid | other
        focus = _with_beyond(focus, beyond & near, prepared.image)
    return Item(path.name, to_bytes(prepared.image), _all(target), _all(valid), focus, weight)


def negative_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """Read a CT without any spine in it."""
    prepared = prepare(read_volume(path), spec)
    nothing = np.zeros(prepared.grid.shape, dtype=bool)
    return Item(path.name, to_bytes(prepared.image), _all(nothing), _all(~nothing), np.zeros((0, 3), np.int32), weight)


def label_map_item(path: Path, spec: InputSpec, weight: float = 1.0) -> Item:
    """Read labels without their CT: images are synthesised from them, crop by crop.

    Bones other than vertebrae (ribs, pelvis, skull, sacrum) that the map labels are drawn as bone that is no spine.
    """
    labels = read_label_map(path)
    # Every labelled voxel as dense as can be: prepared as a CT is, it is the share of bone.
    prepared = prepare(Volume(np.where(labels.labels > 0, 1000, 0).astype(np.int16), labels.grid), spec)
    labels = LabelMap(labels.labels[prepared.box], labels.grid.cropped(prepared.box), labels.kind)
    spine = pad_like(spine_share(labels, prepared.valid_shape), prepared)
    valid = _all(np.ones(spine.shape, dtype=bool))
    numbers = numbers_on_grid(labels, prepared)
    has_other_bones = (numbers > LAST_VERTEBRA).any()
    ribs = Ribs((), spec.spacing_mm) if has_other_bones else ribs_of(numbers, spec.spacing_mm)
    focus = _focus((spine >= 0.5) | (numbers == SACRUM), numbers)
    bone = to_bytes(prepared.image)
    return Item(path.name, None, to_bytes(spine), valid, focus, weight, bone, ribs if ribs.paths else None)


def spine_share(labels: LabelMap, shape: Shape3) -> NDArray[np.float32]:
    """Compute how much of each voxel is spine, 0..1, by resampling a label map to the prepared grid's shape."""
    return resample(is_spine(to_canonical(labels.labels, labels.grid)).astype(np.float32), shape)


def numbers_on_grid(labels: LabelMap, prepared: Prepared) -> NDArray[np.uint8]:
    """Compute which vertebra each voxel of the prepared image shows; 0 where none."""
    numbers = nearest(to_canonical(labels.labels, labels.grid), prepared.valid_shape)
    return pad_like(numbers.astype(np.float32), prepared).astype(np.uint8)


def closed(mask: NDArray[Any], radius: int) -> NDArray[np.bool_]:
    """Close a mask morphologically with a ball of ``radius`` voxels, by two distance transforms."""
    padded = np.pad(mask > 0, radius)
    if not padded.any():
        return np.asarray(mask > 0)
    near = ndimage.distance_transform_edt(~padded) <= radius
    filled = ndimage.distance_transform_edt(np.pad(near, 1)) > radius
    middle = tuple(slice(radius + 1, -radius - 1) for _ in range(3))
    return np.asarray(filled[middle] | (mask > 0))


def column(spine: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.uint8]:
    """Fill discs and canal in, which makes the column one piece: what the locator learns to find."""
    return closed(spine, closing_voxels(spacing_mm)).astype(np.uint8)


def closing_voxels(spacing_mm: float) -> int:
    """Compute the radius in voxels of the closing that fills discs and canal."""
    return max(1, round(CLOSING_MM / spacing_mm))


def labelled_slab(labels: LabelMap, grid: Grid) -> tuple[int, int]:
    """Find the first and last k of the prepared ``grid`` between the centroids of the outermost labelled vertebrae."""
    numbers = to_canonical(labels.labels, labels.grid)
    present = [int(n) for n in np.unique(numbers) if is_spine(np.array([n]))[0]]
    centres = [float(np.nonzero(numbers == n)[2].mean()) for n in present]
    factor = grid.shape[2] / numbers.shape[2]
    return int(min(centres) * factor), int(np.ceil(max(centres) * factor))


def known_beside(numbers: NDArray[np.uint8], slab: tuple[int, int], spacing_mm: float) -> NDArray[np.bool_]:
    """Mark where a partly labelled scan says what is not spine: (I, J, K), RAS+ axes.

    That is its ``slab`` of k; below a last vertebra L5 or L6 also what follows, which is sacrum, and above a C1
    that the border leaves whole what lies there, which is skull, both but for ``MARGIN_MM`` around that vertebra.
    """
    low, high = slab
    known = np.zeros(numbers.shape, dtype=bool)
    known[:, :, low : high + 1] = True
    present = np.unique(numbers[is_spine(numbers)])
    for number, beyond, whole in (
        (int(present.max()), slice(0, low), present.max() in LAST_LUMBAR),
        (1, slice(high + 1, None), present.min() == 1 and not (numbers[:, :, -1] == 1).any()),
    ):
        if whole:
            near = ndimage.distance_transform_edt(numbers != number) * spacing_mm <= MARGIN_MM
            known[:, :, beyond] = ~near[:, :, beyond]
    return known


def beyond_the_spine(grid: Grid, line: dict[str, Any]) -> NDArray[np.bool_]:
    """Mark what lies below L5 and above C1 in a CT without labels, where somebody has marked where these end.

    ``line["sacrum_below_mm"]`` and ``line["skull_above_mm"]`` are curves in the sagittal plane, [y, z] in RAS+ mm
    from front to back, along the top of S1 and the bottom of the skull: all bone on their other side is no spine.
    """
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape[1:]), indexing="ij"), axis=-1)
    at = grid.to_mm(np.concatenate([np.zeros((*index.shape[:2], 1)), index], axis=-1).astype(np.float64))
    beyond = np.zeros(grid.shape, dtype=bool)
    for key, sign in (("sacrum_below_mm", 1.0), ("skull_above_mm", -1.0)):
        curve = np.array(line.get(key, ()), dtype=np.float64).reshape(-1, 2)[::-1]
        if len(curve):
            beyond |= (sign * (np.interp(at[..., 1], curve[:, 0], curve[:, 1]) - at[..., 2]) > 0)[None]
    return beyond


def inside_sacrum(grid: Grid, line: dict[str, Any]) -> NDArray[np.bool_]:
    """Mark the sacrum of a CT without labels, which is bone next to L5 and not spine.

    It is what lies within 15 mm of the sacral bodies along ``line["sacrum_points_mm"]``, RAS+ mm.
    """
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


def _read_pseudo_label(path: Path, shape: Shape3) -> NDArray[np.uint8]:
    labels = read_label_map(path)
    return nearest(to_canonical(labels.labels, labels.grid), shape)


def draw(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """Draw one item at random, by weight."""
    weights = np.array([item.weight for item in items])
    return items[int(rng.choice(len(items), p=weights / weights.sum()))]


def to_bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale 0..1 to 0..255."""
    return np.rint(image * FULL).astype(np.uint8)


def _all(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(FULL)


def _with_beyond(
    focus: NDArray[np.int32],
    beyond: NDArray[np.bool_],
    image: NDArray[np.float32],
    near: NDArray[np.bool_] | None = None,
    spacing_mm: float = 1.0,
) -> NDArray[np.int32]:
    """Add bone beyond the spine's ends to the places that crops are taken around, as ``BEYOND_SHARE`` of them.

    With ``near``, only within ``BEYOND_MM`` of it.
    """
    bone = beyond & (image > BEYOND_FROM)
    if near is not None and bone.any():
        bone &= ndimage.distance_transform_edt(~near) * spacing_mm <= BEYOND_MM
    found = _focus(bone)
    if not len(found) or not len(focus):
        return focus
    times = max(1, round(BEYOND_SHARE / (1 - BEYOND_SHARE) * len(focus) / len(found)))
    return np.concatenate([focus, np.repeat(found, times, axis=0)])


def _focus(mask: NDArray[np.bool_], numbers: NDArray[np.uint8] | None = None, most: int = 4000) -> NDArray[np.int32]:
    """List voxels of ``mask``; with ``numbers``, as many of each vertebra, whatever its size."""
    found = np.argwhere(mask).astype(np.int32)
    if numbers is None:
        return found[:: max(1, len(found) // most)]
    of = numbers[mask]
    present = np.unique(of[of > 0])
    each = [found[of == n] for n in present]
    share = max(1, most // max(1, len(present)))
    return np.concatenate([np.zeros((0, 3), np.int32), *(e[:: max(1, len(e) // share)][:share] for e in each)])
