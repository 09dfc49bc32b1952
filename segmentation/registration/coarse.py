"""Rough fits by the thousand: a distance field of 2 mm, read without interpolation, in single precision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]

_EDGE_MM = 2.0
_CHUNK = 1500
_NEAR_MM = 8.0
_DAMPING = np.array([20, 20, 20, 0.3, 0.3, 0.3], dtype=np.float32)


class CoarseField:
    """Distances and gradients every 2 mm."""

    def __init__(self, field: DistanceField, surface_mm: Array, reachable: NDArray[np.bool_]) -> None:
        steps = [max(1, round(_EDGE_MM / s)) for s in field.grid.spacing_mm]
        values = np.ascontiguousarray(field.values[:: steps[0], :: steps[1], :: steps[2]])
        self._flat = values.reshape(-1, 4)
        self._shape = np.array(values.shape[:3])
        affine = np.array(field.grid.affine)
        affine[:3, :3] *= steps
        self._to_index = np.linalg.inv(affine).astype(np.float32)
        self._reach = _to_reachable(values[..., 0], affine, surface_mm[reachable] if reachable.any() else surface_mm)

    def screen(
        self,
        rotations: Array,
        anchor: Array,
        places: Array,
        points: Array,
        width_mm: float,
        count: int,
        behind: bool,
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Choose the ``count`` of all pairs of rotation and place that put the points nearest to the surface.

        Args:
            rotations: (R, 3, 3).
            anchor: (3,) tracker mm, where the points are turned about; it is put at each of the places.
            places: (P, 3) RAS+ mm.
            points: (N, 3) tracker mm.
            width_mm: Distances beyond count as this one.
            count: How many to choose.
            behind: Only the surface counts that a probe from behind can touch.

        Returns:
            Numbers of the rotations and of the places.
        """
        turned = ((points - anchor) @ np.swapaxes(rotations, 1, 2)).astype(np.float32) @ self._to_index[:3, :3].T
        shifts = places.astype(np.float32) @ self._to_index[:3, :3].T + self._to_index[:3, 3] + np.float32(0.5)
        near = self._near(width_mm, behind)

        def part(some: Array32) -> NDArray[Any]:
            index = (some[:, None] + shifts[:, None]).astype(np.int32)
            np.clip(index, 0, self._shape - 1, out=index)
            return np.asarray(near[self._place(index)].sum(axis=-1))

        costs = _in_parts(part, turned, max(1, 6 * _CHUNK // len(places)))
        count = min(count, costs.size)
        turn, place = np.divmod(np.argpartition(costs, count - 1, axis=None)[:count], len(places))
        return turn, place

    def cheapest(self, motions: Array, points: Array, width_mm: float, count: int, behind: bool) -> NDArray[np.intp]:
        """Choose the ``count`` of (B, 4, 4) motions that put the points nearest to the (reachable) surface."""
        near = self._near(width_mm, behind)
        costs = _in_parts(lambda part: self._costs(part, points, near), motions)
        count = min(count, len(motions))
        return np.argpartition(costs, count - 1)[:count]

    def step(self, motions: Array, points: Array, width_mm: float) -> Array:
        """Take one Gauss-Newton step from each motion, with Tukey's weight of that width."""
        return _in_parts(lambda part: self._step(part, points, width_mm), motions)

    def _index(self, moved: Array32) -> NDArray[np.int32]:
        index = (moved @ self._to_index[:3, :3].T + (self._to_index[:3, 3] + np.float32(0.5))).astype(np.int32)
        np.clip(index, 0, self._shape - 1, out=index)
        return np.asarray(index)

    def _place(self, index: NDArray[np.int32]) -> NDArray[np.int32]:
        step = self._shape.astype(np.int32)
        return np.asarray((index[..., 0] * step[1] + index[..., 1]) * step[2] + index[..., 2])

    def _near(self, width_mm: float, behind: bool) -> Array32:
        distance = self._reach if behind else np.abs(self._flat[:, 0])
        return np.asarray(np.minimum(distance, np.float32(width_mm)))

    def _costs(self, motions: Array, points: Array, near: Array32) -> Array:
        moved = rigid.apply(motions, points).astype(np.float32)
        return np.asarray(near[self._place(self._index(moved))].mean(axis=1), dtype=np.float64)

    def _step(self, motions: Array, points: Array, width_mm: float) -> Array:
        moved = rigid.apply(motions, points).astype(np.float32)
        values = self._flat[self._place(self._index(moved))]
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


def _to_reachable(distance: Array32, affine: Array, reachable_mm: Array) -> Array32:
    """Measure, near the bone, how far each voxel is from the reachable surface: (I * J * K) mm; elsewhere 99."""
    from scipy.spatial import cKDTree

    flat = np.full(distance.size, 99, dtype=np.float32)
    near = np.flatnonzero(np.abs(distance.ravel()) < _NEAR_MM)
    index = np.column_stack(np.unravel_index(near, distance.shape))
    places = index @ affine[:3, :3].T + affine[:3, 3]
    away = np.asarray(cKDTree(reachable_mm).query(places, distance_upper_bound=_NEAR_MM)[0], dtype=np.float32)
    # The points of the surface lie some 1.5 mm apart: where it is reachable, the field itself is more exact.
    own = np.abs(distance.ravel()[near])
    flat[near] = np.where(away < own + 1.0, own, np.minimum(away, 99))
    return flat


def _in_parts(work: Callable[[Any], NDArray[Any]], motions: NDArray[Any], size: int = _CHUNK) -> NDArray[Any]:
    """Do ``work`` on parts of the motions in two threads: numpy lets go of the interpreter in between."""
    parts = [motions[first : first + size] for first in range(0, len(motions), size)]
    if len(parts) == 1:
        return np.asarray(work(parts[0]))
    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(work, parts)))
