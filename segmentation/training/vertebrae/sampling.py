"""Training samples of the naming network: views of spines, bent, cut by borders, with masks that err."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import labelled_boxes
from segmentation.core.labels import SACRUM, is_spine
from segmentation.training.augment import blur
from segmentation.training.synthesis.ct_from_labels import other_bones, smooth_noise, soft_tissue, vessel
from segmentation.training.synthesis.skull_base import draw_skull_base
from segmentation.training.vertebrae.anatomy import OTHER_BONE, RIB, SKULL, SPACING_MM, Anatomy
from segmentation.training.vertebrae.mask_errors import FINE, FINE_MM, spoiled_mask
from segmentation.vertebrae.fields import OFFSET_MM, RIBS, SACRAL, VERTEBRA, VOXEL_MM

Array = NDArray[np.float32]

MULTIPLE = 16
LARGEST_VOXELS, LARGE_VOXELS, LARGE_SHARE = 60_000, 130_000, 0.2
IGNORE = 255


@dataclass(frozen=True, eq=False)
class Sample:
    """One training view.

    Attributes:
        image: (2, I, J, K) float32: CT of 0..1 for 0..1000 HU (0 where there is none), and share of spine mask.
        tissue: (I, J, K) uint8 class, or ``IGNORE``.
        level: (I, J, K) uint8 index into ``LEVELS``, or ``IGNORE``.
        offset: (3, I, J, K) float32 to the body's centre in units of ``OFFSET_MM``.
        weight: (I, J, K) float32: each vertebra counts alike.
    """

    image: Array
    tissue: NDArray[np.uint8]
    level: NDArray[np.uint8]
    offset: Array
    weight: Array


@dataclass(eq=False)
class Item:
    """A spine to sample from, with some voxels of each vertebra for its box."""

    anatomy: Anatomy
    weight: float = 1.0
    some: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(0)
        for number in self.anatomy.centres:
            inside = np.argwhere(self.anatomy.codes == number)
            self.some[number] = np.asarray(inside[rng.integers(len(inside), size=400)] * SPACING_MM, np.float64)

    @property
    def numbers(self) -> list[int]:
        """Vertebrae with a centre, from head to foot."""
        return sorted(self.anatomy.centres)


def draw(items: list[Item], rng: np.random.Generator) -> Sample:
    """Draw one sample: which spine, which part of it, bent how, seen how."""
    while True:
        kind = rng.choice(["whole", "piece", "top", "bottom"], p=[0.2, 0.22, 0.28, 0.3])
        able = [item for item in items if _suits(item, kind)] or items
        weights = np.array([item.weight for item in able])
        item = able[rng.choice(len(able), p=weights / weights.sum())]
        sample = _view(item, _part(item.numbers, kind, rng), rng)
        if sample is not None and (sample.level != IGNORE).any():
            return sample


def _suits(item: Item, kind: str) -> bool:
    if kind == "top":
        return item.numbers[0] <= 2
    return kind != "bottom" or item.numbers[-1] >= 24


def _part(numbers: list[int], kind: str, rng: np.random.Generator) -> list[int]:
    count = len(numbers)
    if kind == "whole":
        return numbers
    if kind == "top":
        return numbers[: rng.integers(3, 11)]
    if kind == "bottom":  # mostly as short as a field around a few lumbar vertebrae
        return numbers[-rng.integers(2, 7 if rng.random() < 0.6 else 10) :]
    size = min(count, int(rng.integers(2, 10)))
    start = int(rng.integers(0, count - size + 1))
    return numbers[start : start + size]


def _rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", rng.normal(0, [10, 6, 8]), degrees=True).as_matrix()


def _view(item: Item, part: list[int], rng: np.random.Generator) -> Sample | None:
    """Show ``part`` of a spine."""
    anatomy = item.anatomy
    turn = _rotation(rng) * rng.uniform(0.82, 1.18) * rng.uniform(0.95, 1.05, 3)
    if rng.random() < 0.5:
        turn = turn * [-1, 1, 1]
    # out = turn @ source (mm)
    part = _as_far_as_room(item, part, turn, LARGE_VOXELS if rng.random() < LARGE_SHARE else LARGEST_VOXELS)
    seen = np.concatenate([item.some[n] for n in part]) @ turn.T
    alone = anatomy.hu is None and rng.random() < 0.22  # the mask without a CT
    low, high = _box(item, part, seen, turn, alone, rng)
    size = np.ceil((high - low) / VOXEL_MM).astype(int)
    if (size < 6).any():
        return None
    shape = size + (-size) % MULTIPLE
    before = np.array([rng.integers(0, extra + 1) for extra in shape - size])
    corner = low - before * VOXEL_MM  # mm of the first voxel's edge
    points, bend = _points(corner, shape, turn, rng)
    codes, hu, inside = _gathered(anatomy, points, before, size)
    if not (codes > 0).any():
        return None
    centres = {n: bend(turn @ (c * SPACING_MM)) for n, c in anatomy.centres.items()}
    if 1 in centres and anatomy.hu is None and rng.random() < 0.85:
        skull = draw_skull_base(codes.shape, FINE_MM, centres[1] - corner, rng) & inside & (codes == 0)
        codes[skull] = SKULL
    return _sample(anatomy, codes, hu, inside, centres, corner, alone, rng)


def _as_far_as_room(item: Item, part: list[int], turn: NDArray[np.float64], room: int) -> list[int]:
    """Shorten the part until its view holds no more voxels than a step may cost."""
    while len(part) > 2:
        seen = np.concatenate([item.some[n] for n in part]) @ turn.T
        extent = (seen.max(axis=0) - seen.min(axis=0) + 30) / VOXEL_MM
        if np.prod(extent) < room:
            break
        part = part[1:] if part[0] % 2 else part[:-1]
    return part


def _box(
    item: Item,
    part: list[int],
    seen: NDArray[np.float64],
    turn: NDArray[np.float64],
    alone: bool,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose the edges of the view, mm: nothing unlabelled may be seen beyond the map's ends."""
    low, high = seen.min(axis=0), seen.max(axis=0)
    margin = rng.uniform(3, 24, (2, 2))
    margin[rng.random((2, 2)) < 0.08] = -12
    low[:2] -= margin[0]
    high[:2] += margin[1]
    numbers = item.numbers
    open_end = alone or (item.anatomy.hu is None and rng.random() < 0.2)
    first, last = (turn @ (item.anatomy.centres[n] * SPACING_MM) for n in (part[0], part[-1]))
    if part[0] == numbers[0] and part[0] > 1 and not item.anatomy.whole and not open_end:
        high[2] = rng.uniform(min(first[2], high[2]), high[2])  # a cut vertebra may end below its centre
    else:
        high[2] += rng.uniform(-25, 30)
    if part[-1] == numbers[-1] and not (item.anatomy.codes == SACRUM).any() and not item.anatomy.whole and not open_end:
        low[2] = rng.uniform(low[2], max(low[2], last[2]))
    else:
        low[2] -= rng.uniform(-25, 70 if part[-1] == numbers[-1] else 30)
    return low, high


def _points(corner: NDArray[np.float64], shape: NDArray[np.int64], turn: NDArray[np.float64], rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """Compute each fine voxel's place in the source, mm, and a function from unbent to bent mm."""
    axes = [corner[a] + (np.arange(shape[a] * FINE) + 0.5) * FINE_MM for a in range(3)]
    if rng.random() < 0.12:  # thick slices
        thick = rng.uniform(4, 6)
        axes[2] = np.floor(axes[2] / thick) * thick + thick / 2
    phase, length = rng.uniform(0, 2 * np.pi, 2), rng.uniform(150, 450, 2)
    size = np.abs(rng.normal(0, 5, 2)) * (1 + 2 * (rng.random() < 0.15))

    def sway(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([size[a] * np.sin(2 * np.pi * z / length[a] + phase[a]) for a in range(2)])

    inverse = np.linalg.inv(turn)
    dx, dy = sway(axes[2])
    x = axes[0][:, None] - dx[None, :]
    y = axes[1][:, None] - dy[None, :]
    points = [
        (inverse[a, 0] * x[:, None, :] + inverse[a, 1] * y[None, :, :] + inverse[a, 2] * axes[2]).astype(np.float32)
        for a in range(3)
    ]

    def bend(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(p + np.append(sway(p[2]), 0.0))

    return points, bend


def _gathered(anatomy: Anatomy, points: list[Array], before: NDArray[np.int64], size: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """Look up codes and HU at the points; True where the view reaches."""
    shape = anatomy.codes.shape
    inside = np.ones(points[0].shape, bool)
    indices = []
    for axis in range(3):
        index = np.rint(points[axis] / np.float32(SPACING_MM)).astype(np.int32)
        inside &= (index >= 0) & (index < shape[axis])
        indices.append(np.clip(index, 0, shape[axis] - 1))
    view = np.zeros(points[0].shape, bool)
    view[tuple(slice(b * FINE, (b + s) * FINE) for b, s in zip(before, size, strict=True))] = True
    where = tuple(indices)
    codes = np.where(inside & view, anatomy.codes[where], 0).astype(np.uint8)
    hu = None
    if anatomy.hu is not None:
        hu = np.where(inside & view, anatomy.hu[where], -1024).astype(np.float32)
    return codes, hu, view


def pooled(array: NDArray[np.generic]) -> Array:
    """Average 2 x 2 x 2 fine voxels into one."""
    i, j, k = array.shape
    return np.asarray(array.reshape(i // 2, 2, j // 2, 2, k // 2, 2).mean(axis=(1, 3, 5), dtype=np.float32))


def largest(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take the largest of 2 x 2 x 2 fine voxels."""
    i, j, k = array.shape
    return np.asarray(array.reshape(i // 2, 2, j // 2, 2, k // 2, 2).max(axis=(1, 3, 5)))


def _sample(
    anatomy: Anatomy,
    codes: NDArray[np.uint8],
    hu: Array | None,
    inside: NDArray[np.bool_],
    centres: dict[int, NDArray[np.float64]],
    corner: NDArray[np.float64],
    alone: bool,
    rng: np.random.Generator,
) -> Sample:
    spine = is_spine(codes) & (codes > 0)
    shares = {VERTEBRA: pooled(spine), SACRAL: pooled(codes == SACRUM), RIBS: pooled(codes == RIB)}
    other, skull = pooled((codes == OTHER_BONE) | (codes == SKULL)), pooled(codes == SKULL)
    view = pooled(inside) > 0.5
    mask = pooled(spoiled_mask(codes, spine, rng))
    if alone:
        image = np.zeros_like(mask)
    elif hu is not None:
        image = np.clip(pooled(np.clip(hu, 0, 1000)) / 1000 * rng.uniform(0.85, 1.15), 0, 1)
    else:
        image = _synthetic(shares, other, rng)
    image = _noisy(image, rng) * view
    tissue = np.zeros(mask.shape, np.uint8)
    for kind, share in shares.items():
        tissue[share >= 0.4] = kind
    known = hu is None or anatomy.whole
    if alone:
        tissue[tissue != VERTEBRA] = IGNORE
    elif not known:  # what has no label may be anything
        tissue[(tissue != VERTEBRA) & (tissue != SACRAL) & (skull < 0.5)] = IGNORE
    tissue[~view] = IGNORE
    level, offset, weight = _targets(codes, spine, shares[VERTEBRA], centres, corner)
    return Sample(np.stack([image, mask]).astype(np.float32), tissue, level, offset, weight)


def _targets(
    codes: NDArray[np.uint8],
    spine: NDArray[np.bool_],
    share: Array,
    centres: dict[int, NDArray[np.float64]],
    corner: NDArray[np.float64],
) -> tuple[NDArray[np.uint8], Array, Array]:
    numbers = largest(np.where(spine, codes, 0).astype(np.uint8))
    numbers[share < 0.2] = 0
    numbers[~np.isin(numbers, list(centres))] = 0
    level = np.full(numbers.shape, IGNORE, np.uint8)
    offset = np.zeros((3, *numbers.shape), np.float32)
    weight = np.zeros(numbers.shape, np.float32)
    for number, box in labelled_boxes(numbers):
        here = numbers[box] == number
        count = int(here.sum())
        level[box][here] = number - 1
        weight[box][here] = 1 / max(count, 60)
        where = np.argwhere(here)
        at = corner + (where + [b.start for b in box] + 0.5) * VOXEL_MM
        offset[(slice(None), *box)][:, here] = ((centres[number] - at) / OFFSET_MM).T
    return level, offset, weight


def _synthetic(shares: dict[int, Array], other: Array, rng: np.random.Generator) -> Array:
    """Paint a CT: shells over trabecular bone, discs, vessels and soft tissue of random densities."""
    shape = other.shape
    spine = shares[VERTEBRA]
    image = soft_tissue(shape, rng)
    if rng.random() < 0.25:
        others = other_bones(shape, rng) & (blur(spine, 2.0) < 0.02)
        image[others] = rng.uniform(0.1, 0.5)
    near = blur(spine, 2.0)
    image = np.where((near > 0.35) & (rng.random() < 0.9), rng.uniform(0.03, 0.12), image)
    if (spine > 0.5).any() and rng.random() < 0.3:
        image[vessel(spine > 0.5, rng) & (near < 0.2)] = rng.uniform(0.12, 0.45)
    alike = rng.random() < 0.5
    density, shell = rng.uniform(0.08, 0.35), rng.uniform(0.1, 0.5)
    for share in (spine, shares[SACRAL], shares[RIBS], other):
        if not alike and share is not spine:
            density, shell = rng.uniform(0.06, 0.35), rng.uniform(0.1, 0.5)
        deep = np.clip((blur(share, 0.8) - 0.55) / 0.4, 0, 1)
        bone = density * (1 + 0.15 * smooth_noise(shape, 1.5, rng)) + shell * (1 - deep)
        image = image * (1 - share) + share * bone
    return blur(image.astype(np.float32), rng.uniform(0.01, 0.6))


def _noisy(image: Array, rng: np.random.Generator) -> Array:
    if not image.any():
        return image
    image = image + rng.uniform(0, 0.04) * rng.standard_normal(image.shape, dtype=np.float32) * (rng.random() < 0.6)
    if rng.random() < 0.05:  # metal
        middle = np.argwhere(image > 0.2)
        for _ in range(rng.integers(1, 7)):
            if len(middle):
                at = middle[rng.integers(len(middle))]
                reach = rng.integers(1, 4, 3)
                where = tuple(slice(max(0, a - r), a + r) for a, r in zip(at, reach, strict=True))
                image[where] = 1.0 if rng.random() < 0.6 else 0.0
    return np.clip(image, 0, 1)
