"""Anatomy that the naming network learns from: vertebrae with body centres, and the bones that tell levels apart.

Label maps hold vertebrae only. Ribs, sacrum and hip bones, by which a reader counts, are taken from a map that has
them: each rib pair moves with its vertebra, the sacrum with the last lumbar vertebra, by the frames of the bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import labelled_boxes
from segmentation.core.geometry import Grid, to_canonical
from segmentation.core.labels import SACRUM, is_spine
from segmentation.readers import read_label_map, read_volume

SPACING_MM = 1.5
RIB, OTHER_BONE, SKULL = 40, 50, 51
"""Codes beside VerSe's numbers: any rib, any bone that is neither spine nor rib, and the skull's base."""
LEFT_RIBS, RIGHT_RIBS = range(31, 43), range(51, 63)
BODY_LABELS = (49, 50)
_LUMBAR, _LAST_LUMBAR, _THORACIC = range(20, 26), (24, 25), range(8, 20)
_SMALLEST_VOXELS = 250


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One spine on a grid of ``SPACING_MM`` with axes towards R, A and S.

    Attributes:
        name: Of the file that it was read from.
        codes: (I, J, K) uint8 VerSe numbers, ``RIB`` and ``OTHER_BONE``.
        centres: VerSe number to the (3,) voxel of the body's centre.
        hu: (I, J, K) int16 CT, or None.
        whole: Everything visible is labelled; else what lies beyond the first and last label is unknown.
    """

    name: str
    codes: NDArray[np.uint8]
    centres: dict[int, NDArray[np.float64]]
    hu: NDArray[np.int16] | None = None
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """Place, directions (columns: right, front, up) and pitch, in mm, of one vertebra."""

    origin: NDArray[np.float64]
    axes: NDArray[np.float64]
    pitch: float


def body_centre(
    mask: NDArray[np.bool_], number: int, body: NDArray[np.bool_] | None = None
) -> NDArray[np.float64] | None:
    """Estimate the voxel at the centre of a vertebra's body: the middle of what is thickest.

    ``body``: where the body is, if known. Of C1, which has none, the middle of the ring. None for a mere sliver.
    """
    if np.count_nonzero(mask) < _SMALLEST_VOXELS:
        return None
    if body is not None and np.count_nonzero(mask & body) >= _SMALLEST_VOXELS:
        return np.asarray(np.argwhere(mask & body).mean(axis=0))
    if number == 1:
        return np.asarray(np.argwhere(mask).mean(axis=0))
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1], 1.0)
    return np.asarray(np.argwhere(depth > 0.6 * depth.max()).mean(axis=0))


def resampled_labels(labels: NDArray[np.uint8], grid: Grid, spacing_mm: float = SPACING_MM) -> NDArray[np.uint8]:
    """Resample labels (axes of ``grid``) to RAS+ voxels of ``spacing_mm``: where a label's linear share is largest."""
    array = np.ascontiguousarray(to_canonical(labels, grid))
    spacing = np.array(grid.canonical.spacing_mm)
    zoom = spacing_mm / spacing
    shape = tuple(max(1, int(n / z)) for n, z in zip(array.shape, zoom, strict=True))
    result, best = np.zeros(shape, np.uint8), np.full(shape, 0.5, np.float32)
    for number, box in labelled_boxes(array):
        lo = np.array([max(0, int((b.start - 1) / z) - 1) for b, z in zip(box, zoom, strict=True)])
        hi = np.array([min(n, int((b.stop + 1) / z) + 2) for b, z, n in zip(box, zoom, shape, strict=True)])
        first = np.array([max(0, b.start - 2) for b in box])
        near = tuple(slice(f, b.stop + 2) for f, b in zip(first, box, strict=True))
        part = (array[near] == number).astype(np.float32)
        # voxel edges on voxel edges
        offset = (lo + 0.5) * zoom - 0.5 - first
        share = ndimage.affine_transform(part, zoom, offset, tuple(hi - lo), order=1)
        where = tuple(slice(a, b) for a, b in zip(lo, hi, strict=True))
        better = share >= best[where]
        result[where][better] = number
        best[where][better] = share[better]
    return result


def codes_of(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce the numbers of a map of many bones to VerSe's, ``RIB`` and ``OTHER_BONE``."""
    table = np.zeros(256, np.uint8)
    table[1:29] = np.arange(1, 29)
    table[27] = SACRUM
    table[[*LEFT_RIBS, *RIGHT_RIBS]] = RIB
    table[[70, *range(72, 84)]] = OTHER_BONE
    return np.asarray(table[numbers])


def read_anatomy(
    vert: Path,
    bones: Path | None = None,
    subreg: Path | None = None,
    ct: Path | None = None,
    leave_out: tuple[int, ...] = (),
) -> Anatomy:
    """Read a label map, with its bones, sub-regions and CT where there are any."""
    label_map = read_label_map(bones or vert)
    numbers = resampled_labels(label_map.labels, label_map.grid)
    regions = None
    if subreg is not None:
        other = read_label_map(subreg)
        regions = np.isin(resampled_labels(other.labels, other.grid), BODY_LABELS)
    hu = None
    if ct is not None:
        hu = _resampled_hu(ct, numbers.shape)
    codes = codes_of(numbers)
    codes[np.isin(codes, leave_out)] = 0
    centres = centres_of(codes, regions)
    return Anatomy(vert.name, codes, centres, hu, whole=bones is not None)


def centres_of(codes: NDArray[np.uint8], body: NDArray[np.bool_] | None = None) -> dict[int, NDArray[np.float64]]:
    """Find the body's centre of each vertebra of a map."""
    centres = {}
    for number, box in labelled_boxes(codes):
        if not is_spine(np.array([number]))[0]:
            continue
        centre = body_centre(codes[box] == number, number, None if body is None else body[box])
        if centre is not None:
            centres[number] = centre + [part.start for part in box]
    return centres


def _resampled_hu(path: Path, shape: tuple[int, ...]) -> NDArray[np.int16]:
    from segmentation.preprocessing.preprocess import resample

    volume = read_volume(path)
    canonical = to_canonical(np.asarray(volume.hu), volume.grid)
    i, j, k = shape
    return np.rint(resample(canonical.astype(np.float32), (i, j, k))).astype(np.int16)


def frame_of(anatomy: Anatomy, number: int) -> Frame | None:
    """Compute a vertebra's frame from its neighbours' centres and the side on which its arch lies."""
    centres = anatomy.centres
    if number not in centres:
        return None
    above, below = centres.get(number - 1), centres.get(number + 1)
    here = centres[number]
    if above is None and below is None:
        return None
    up = (here if above is None else above) - (here if below is None else below)
    steps = (above is not None) + (below is not None)
    pitch = float(np.linalg.norm(up)) * SPACING_MM / steps
    up = up / np.linalg.norm(up)
    front = here - np.argwhere(anatomy.codes == number).mean(axis=0)
    front = front - up * (front @ up)
    front /= np.linalg.norm(front)
    return Frame(here * SPACING_MM, np.stack([np.cross(front, up), front, up], axis=1), pitch)


def with_bones(
    target: Anatomy, source: Anatomy, source_numbers: NDArray[np.uint8], bones: tuple[str, ...] = ("ribs", "sacrum")
) -> Anatomy:
    """Add the ribs and, below the last lumbar vertebra, the sacrum and hips of ``source`` to ``target``.

    ``source_numbers``: the map of ``source`` before ``codes_of``, in which each rib has its own number.
    """
    target = _roomy(target)
    codes = target.codes.copy()
    if "ribs" in bones:
        for number in _THORACIC:
            ours, theirs = frame_of(target, number), frame_of(source, number)
            if ours and theirs:
                rib = (30 + number - 7, 50 + number - 7)
                what = np.where(np.isin(source_numbers, rib), RIB, 0).astype(np.uint8)
                _carry(codes, ours, theirs, what, (-100, -70, -60), (100, 70, 40))
    last = max((n for n in target.centres if n in _LAST_LUMBAR), default=None)
    if "sacrum" in bones and last is not None and not (codes == SACRUM).any():
        ours, theirs = frame_of(target, last), frame_of(source, 24)
        if ours and theirs:
            what = np.where(np.isin(source.codes, (SACRUM, OTHER_BONE)), source.codes, 0).astype(np.uint8)
            _carry(codes, ours, theirs, what, (-90, -110, -130), (90, 90, 40))
    return Anatomy(target.name, codes, target.centres, target.hu, target.whole)


def _carry(
    codes: NDArray[np.uint8],
    ours: Frame,
    theirs: Frame,
    what: NDArray[np.uint8],
    low_mm: tuple[int, ...],
    high_mm: tuple[int, ...],
) -> None:
    """Copy the codes of ``what`` around one frame to where the other frame is, in place, where there is nothing yet."""
    scale = np.clip(ours.pitch / theirs.pitch, 0.75, 1.3)
    centre = ours.origin / SPACING_MM
    reach = np.array([low_mm, high_mm]) * scale / SPACING_MM
    lo = np.maximum(0, np.floor(centre + reach[0])).astype(int)
    hi = np.minimum(codes.shape, np.ceil(centre + reach[1])).astype(int)
    if (hi <= lo).any():
        return
    turn = theirs.axes @ ours.axes.T / scale
    offset = theirs.origin / SPACING_MM + turn @ (lo - centre)
    moved = ndimage.affine_transform(what, turn, offset, tuple(hi - lo), order=0)
    part = codes[tuple(slice(a, b) for a, b in zip(lo, hi, strict=True))]
    np.copyto(part, moved, where=(part == 0) & (moved > 0))


def _roomy(anatomy: Anatomy) -> Anatomy:
    """Crop to the vertebrae with room around them: to the sides for ribs, below for the sacrum."""
    inside = np.argwhere(is_spine(anatomy.codes) & (anatomy.codes > 0))
    lumbar = any(n in anatomy.centres for n in _LAST_LUMBAR)
    before = (np.array([35, 25, 100 if lumbar else 5]) / SPACING_MM).astype(int)
    after = (np.array([35, 30, 5]) / SPACING_MM).astype(int)
    lo, hi = inside.min(axis=0) - before, inside.max(axis=0) + 1 + after
    shape = np.array(anatomy.codes.shape)
    box = tuple(slice(max(0, a), min(n, b)) for a, b, n in zip(lo, hi, shape, strict=True))
    pad = [(max(0, -a), max(0, b - n)) for a, b, n in zip(lo, hi, shape, strict=True)]
    codes = np.pad(anatomy.codes[box], pad)
    hu = None if anatomy.hu is None else np.pad(anatomy.hu[box], pad, constant_values=-1024)
    centres = {n: c - lo for n, c in anatomy.centres.items()}
    return Anatomy(anatomy.name, codes, centres, hu, anatomy.whole)
