"""Shape of one vertebra: its frame, found step by step, with body and canal in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage, optimize

from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS
from segmentation.morphometry.anatomy.body import Body, find_body
from segmentation.morphometry.anatomy.canal import Canal, find_canal
from segmentation.morphometry.anatomy.frame import Block, Bone, Frame, Real, sample_block

REACH_MM = ((-42.0, 42.0), (-52.0, 30.0), (-30.0, 30.0))
_ROUNDS = 4
_COARSE_MM, _FINE_MM = 1.5, 0.9
_SETTLED_DEG, _SETTLED_MM = 0.3, 0.2
_MOST_TURN_DEG = 25.0
_FAR_MM = 9.0
_SYMMETRIC = 0.02  # mm²; below it a search nearby is enough

RANKS: dict[int, int] = {NUMBERS[name]: place for place, name in enumerate(HEAD_TO_FOOT)}
"""Label to place from head to foot."""


@dataclass(frozen=True, eq=False)
class Shape:
    """One vertebra and what was found of it.

    Attributes:
        number: VerSe number.
        bone: Its voxels as signed distance.
        frame: Origin in the centre of the body, superior axis at right angles to the mean of the endplates, median
            plane that of the best symmetry.
        block: The bone sampled along the frame.
        canal, body: None where they were not found; ``frame`` is then an estimate.
        symmetry_mm: Root mean square difference between the sides, clipped distances.
    """

    number: int
    bone: Bone
    frame: Frame
    block: Block
    canal: Canal | None
    body: Body | None
    symmetry_mm: float = 0.0


def first_frames(bones: Mapping[int, Bone]) -> dict[int, Frame]:
    """Estimate a frame for each vertebra: up along the row of bodies, front from the arch towards the body.

    The order of the labels says which end is up; of a single vertebra the patient's superior axis.
    """
    order = sorted(bones, key=RANKS.__getitem__)
    thickest = np.array([bones[number].thickest_mm for number in order])
    centres = _straightened(thickest, _steps(order))
    frames = {}
    for place, number in enumerate(order):
        above, below = max(place - 1, 0), min(place + 1, len(order) - 1)
        up = centres[above] - centres[below] if len(order) > 1 else np.array([0.0, 0.0, 1.0])
        front = centres[place] - bones[number].centroid_mm
        if np.linalg.norm(front) < 2:
            front = np.array([0.0, 1.0, 0.0])
        frames[number] = Frame.of(centres[place], up, front)
    return frames


def _steps(order: Sequence[int]) -> Real:
    """Number the vertebrae from head to foot, with gaps where some are missing; T13 counts where it is present."""
    usual = [number for number in RANKS if number in order or number != NUMBERS["T13"]]
    return np.array([float(usual.index(number)) for number in order])


def _straightened(centres: Real, ranks: Real) -> Real:
    """Replace centres that lie far from the curve through the others: thick parts of arches, or of fragments."""
    if len(centres) < 4:
        return centres
    curve, weights = centres, np.ones(len(centres))
    degree = min(5, 1 + len(centres) // 3)
    for _ in range(6):
        fits = [np.polynomial.Polynomial.fit(ranks, centres[:, axis], degree, w=weights) for axis in range(3)]
        curve = np.stack([fit(ranks) for fit in fits], axis=1)
        away = np.linalg.norm(centres - curve, axis=1)
        weights = 1 / (1 + (away / max(float(np.median(away)), 1.5)) ** 2)
    mended = centres.copy()
    far = np.linalg.norm(centres - curve, axis=1) > _FAR_MM
    mended[far] = curve[far]
    return mended


def find_shape(number: int, bone: Bone, frame: Frame) -> Shape:
    """Settle the frame of one vertebra, and find body and canal in it."""
    shape = _look(number, bone, frame, _COARSE_MM)
    for step in range(_ROUNDS):
        if shape.body is None:
            break
        last = step == _ROUNDS - 1
        better, symmetry = _better(shape, coarse=step == 0)
        settled = last or (step > 0 and _change(shape.frame, better))
        shape = replace(_look(number, bone, better, _FINE_MM if settled else _COARSE_MM), symmetry_mm=symmetry)
        if settled:
            break
    if shape.body is None:
        shape = _look(number, bone, shape.frame, _FINE_MM)
    if shape.body is None:
        return shape
    better, symmetry = _better(shape, coarse=False)
    return replace(_look(number, bone, better, _FINE_MM), symmetry_mm=symmetry)


def _better(shape: Shape, coarse: bool) -> tuple[Frame, float]:
    """Move and turn the frame to the body just found; return the difference between the sides too."""
    assert shape.body is not None
    settled = _settled(shape.frame, shape.body)
    if coarse:  # the first estimate may have looked from a point beside the middle of the body
        forwards = settled.origin_mm - shape.bone.centroid_mm
        settled = Frame.of(settled.origin_mm, settled.axes[:, 2], forwards)
        return settled, 0.0
    turn, symmetry = _symmetry(shape.block, shape.body)
    return settled.turned(turn), symmetry


def _look(number: int, bone: Bone, frame: Frame, step_mm: float) -> Shape:
    block = sample_block(bone, frame, REACH_MM, step_mm)
    canal = find_canal(block)
    return Shape(number, bone, frame, block, canal, find_body(block, canal))


def _settled(frame: Frame, body: Body) -> Frame:
    x, y = body.middle
    z = (body.superior.height(x, y) + body.inferior.height(x, y)) / 2
    up = frame.axes @ (body.superior.normal + body.inferior.normal)
    return Frame.of(frame.to_mm((x, y, z)), up, frame.axes[:, 1])


def _change(old: Frame, new: Frame) -> bool:
    """Tell whether a frame has settled."""
    turned = np.degrees(np.arccos(np.clip((old.axes * new.axes).sum(axis=0).min(), -1, 1)))
    return bool(turned < _SETTLED_DEG and np.linalg.norm(old.origin_mm - new.origin_mm) < _SETTLED_MM)


def _symmetry(block: Block, body: Body) -> tuple[float, float]:
    """Find the turn about the superior axis, degrees, after which left and right of body and arch agree best."""
    levels = block.between(2, -0.5 * body.height_at(body.middle[1]), 0.5 * body.height_at(body.middle[1]))
    flat = np.clip(block.values[:, :, levels], -2, 2).mean(axis=2)
    rows = np.flatnonzero(block.y > body.back - 30)
    flat = ndimage.gaussian_filter(flat, 1.0)
    step = float(block.x[1] - block.x[0])
    x, y = np.meshgrid(np.arange(0.0, 36.0, 1.5), block.y[rows][::2], indexing="ij")
    corner = np.array([block.x[0], block.y[0]])

    def cost(arguments: Real) -> float:
        angle, shift = np.radians(arguments[0]), arguments[1]
        sides = []
        for sign in (1.0, -1.0):
            u = sign * x * np.cos(angle) - y * np.sin(angle) + shift
            v = sign * x * np.sin(angle) + y * np.cos(angle)
            index = [(u - corner[0]) / step, (v - corner[1]) / step]
            sides.append(ndimage.map_coordinates(flat, index, order=1, mode="nearest"))
        return float(np.mean((sides[0] - sides[1]) ** 2))

    start = np.array([0.0, body.middle[0]])
    if cost(start) > _SYMMETRIC:
        start[0] = min(np.arange(-24.0, 25.0, 4.0), key=lambda turn: cost(np.array([turn, start[1]])))
    corners = [start, start + np.array([2.0, 0.0]), start + np.array([0.0, 1.0])]
    found = optimize.minimize(
        cost,
        start,
        method="Nelder-Mead",
        options={"initial_simplex": np.array(corners), "xatol": 0.02, "fatol": 1e-7, "maxiter": 80},
    )
    turn = float(np.clip(found.x[0], -_MOST_TURN_DEG, _MOST_TURN_DEG))
    return turn, float(np.sqrt(found.fun))
