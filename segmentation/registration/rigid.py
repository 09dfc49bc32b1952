"""Rigid motions: (4, 4) matrices that map column vectors in mm, one or many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def apply(motions: Array, points: Array) -> Array:
    """Move points: (..., 4, 4) motions and (N, 3) points give (..., N, 3)."""
    return np.asarray(points @ np.swapaxes(motions[..., :3, :3], -1, -2) + motions[..., None, :3, 3])


def inverse(motions: Array) -> Array:
    """Undo (..., 4, 4) rigid motions."""
    back = np.zeros_like(motions)
    turned = np.swapaxes(motions[..., :3, :3], -1, -2)
    back[..., :3, :3] = turned
    back[..., :3, 3] = -(turned @ motions[..., :3, 3, None])[..., 0]
    back[..., 3, 3] = 1
    return back


def compose(rotations: Array, shifts: Array) -> Array:
    """Build (..., 4, 4) motions from (..., 3, 3) rotations and (..., 3) shifts in mm."""
    lead = np.broadcast_shapes(rotations.shape[:-2], shifts.shape[:-1])
    motions = np.zeros((*lead, 4, 4))
    motions[..., :3, :3] = rotations
    motions[..., :3, 3] = shifts
    motions[..., 3, 3] = 1
    return motions


def about(rotations: Array, centre: Array, shifts: Array) -> Array:
    """Build motions that turn about ``centre`` (..., 3) and then shift by (..., 3) mm."""
    return compose(rotations, centre - (rotations @ centre[..., None])[..., 0] + shifts)


def from_vector(vectors: Array) -> Array:
    """Make (..., 3, 3) rotations of rotation vectors (..., 3) in radians: Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    small = angle < 1e-8
    safe = np.where(small, 1.0, angle)
    cross = np.zeros((*vectors.shape[:-1], 3, 3))
    cross[..., 0, 1], cross[..., 0, 2] = -vectors[..., 2], vectors[..., 1]
    cross[..., 1, 0], cross[..., 1, 2] = vectors[..., 2], -vectors[..., 0]
    cross[..., 2, 0], cross[..., 2, 1] = -vectors[..., 1], vectors[..., 0]
    first = np.where(small, 1.0, np.sin(safe) / safe)
    second = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))


def to_vector(rotation: Array) -> Array:
    """Give the (3,) rotation vector in radians of a (3, 3) rotation by less than half a turn."""
    axis = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    sine = np.linalg.norm(axis) / 2
    angle = np.arctan2(sine, (np.trace(rotation) - 1) / 2)
    return np.asarray(axis / 2 * (angle / sine if sine > 1e-9 else 1.0))


def limited(vectors: Array, most: float) -> Array:
    """Shorten (..., 3) vectors to the length ``most``."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors * np.minimum(1.0, most / np.maximum(length, 1e-12)))


def angle_deg(rotation: Array) -> float:
    """Give the angle of a (3, 3) rotation in degrees."""
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


def spread_rotations(count: int) -> Array:
    """Spread (count, 3, 3) rotations evenly: super-Fibonacci spirals, Alexa 2022, doi:10.1109/CVPR52688.2022.00811."""
    phi, psi = np.sqrt(2.0), 1.533751168755204288118041
    s = np.arange(count) + 0.5
    t = s / count
    inner, outer = np.sqrt(t), np.sqrt(1 - t)
    alpha, beta = 2 * np.pi * s / phi, 2 * np.pi * s / psi
    x, y = inner * np.sin(alpha), inner * np.cos(alpha)
    z, w = outer * np.sin(beta), outer * np.cos(beta)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def near_rotations(count: int, most_deg: float) -> Array:
    """Spread (count, 3, 3) rotations by up to ``most_deg`` about all axes; the first is none."""
    k = np.arange(count) + 0.5
    height, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - height**2)
    axes = np.column_stack([np.cos(turn) * flat, np.sin(turn) * flat, height])
    angle = np.radians(most_deg) * ((np.arange(count) * 0.618034) % 1) ** (1 / 3)
    angle[0] = 0
    return from_vector(axes * angle[:, None])


def paired_fit(moving: Array, fixed: Array, mirrored: bool = False) -> Array:
    """Fit a rigid motion to pairs of points by least squares: Arun et al. 1987, doi:10.1109/TPAMI.1987.4767965.

    Args:
        moving: (N, 3), N >= 3, not on one line.
        fixed: (N, 3), where each of them belongs.
        mirrored: Fit a motion with determinant -1 instead, to tell whether the sides were swapped.

    Returns:
        (4, 4) from ``moving`` to ``fixed``; never a scale.
    """
    centre, aim = moving.mean(axis=0), fixed.mean(axis=0)
    u, _, vt = np.linalg.svd((moving - centre).T @ (fixed - aim))
    sign = np.sign(np.linalg.det(vt.T @ u.T)) * (-1 if mirrored else 1)
    rotation = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    return compose(rotation, aim - rotation @ centre)
