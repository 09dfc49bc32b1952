"""Rough fits by the thousand: a distance field of 2 mm, read without interpolation, in single precision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]

_EDGE_MM = 2.0
_CHUNK = 1500
_DAMPING = np.array([20, 20, 20, 0.3, 0.3, 0.3], dtype=np.float32)


class CoarseField:
    """Distances and gradients every 2 mm."""

    def __init__(self, field: DistanceField) -> None:
        steps = [max(1, round(_EDGE_MM / s)) for s in field.grid.spacing_mm]
        values = np.ascontiguousarray(field.values[:: steps[0], :: steps[1], :: steps[2]])
        self._flat = values.reshape(-1, 4)
        self._shape = np.array(values.shape[:3])
        affine = np.array(field.grid.affine)
        affine[:3, :3] *= steps
        self._to_index = np.linalg.inv(affine).astype(np.float32)

    def cheapest(self, motions: Array, points: Array, width_mm: float, count: int) -> NDArray[np.intp]:
        """Choose the ``count`` of (B, 4, 4) motions that put the points nearest to the surface."""
        costs = _in_parts(lambda part: self._costs(part, points, width_mm), motions)
        count = min(count, len(motions))
        return np.argpartition(costs, count - 1)[:count]

    def step(self, motions: Array, points: Array, width_mm: float) -> Array:
        """Take one Gauss-Newton step from each motion, with Tukey's weight of that width."""
        return _in_parts(lambda part: self._step(part, points, width_mm), motions)

    def _sample(self, moved: Array32) -> Array32:
        index = (moved @ self._to_index[:3, :3].T + (self._to_index[:3, 3] + np.float32(0.5))).astype(np.int32)
        np.clip(index, 0, self._shape - 1, out=index)
        place = (index[..., 0] * self._shape[1] + index[..., 1]) * self._shape[2] + index[..., 2]
        return np.asarray(self._flat[place])

    def _costs(self, motions: Array, points: Array, width_mm: float) -> Array:
        moved = rigid.apply(motions, points).astype(np.float32)
        near = np.minimum(np.abs(self._sample(moved)[..., 0]), np.float32(width_mm))
        return np.asarray(near.mean(axis=1), dtype=np.float64)

    def _step(self, motions: Array, points: Array, width_mm: float) -> Array:
        moved = rigid.apply(motions, points).astype(np.float32)
        values = self._sample(moved)
        error, normal = values[..., 0], values[..., 1:]
        weight = np.clip(1 - (error / np.float32(width_mm)) ** 2, 0, None) ** 2
        total = np.maximum(weight.sum(axis=1, keepdims=True), np.float32(1e-3))
        centre = (weight[..., None] * moved).sum(axis=1) / total
        arm = moved - centre[:, None]
        jacobian = np.empty((*error.shape, 6), dtype=np.float32)
        for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
            jacobian[..., axis] = arm[..., one] * normal[..., other] - arm[..., other] * normal[..., one]
        jacobian[..., 3:] = normal
        weighted = np.swapaxes(jacobian * weight[..., None], 1, 2)
        matrix = weighted @ jacobian
        matrix[:, range(6), range(6)] += _DAMPING
        change = -np.linalg.solve(matrix, weighted @ error[..., None])[..., 0].astype(np.float64)
        turn = rigid.limited(change[:, :3], 0.35)
        shift = rigid.limited(change[:, 3:], 6.0)
        return rigid.about(rigid.from_vector(turn), centre.astype(np.float64), shift) @ motions


def _in_parts(work: Callable[[Array], Array], motions: Array) -> Array:
    """Do ``work`` on parts of the motions in two threads: numpy lets go of the interpreter in between."""
    parts = [motions[first : first + _CHUNK] for first in range(0, len(motions), _CHUNK)]
    if len(parts) == 1:
        return np.asarray(work(parts[0]))
    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(work, parts)))
