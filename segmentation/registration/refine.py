"""Robust fit of points to a distance field, many starts at a time: Gauss-Newton on the distances themselves.

The residual of a point is its signed distance to the surface (point to plane, in effect) less ``offset``, the thickness
of soft tissue under the probe's tip, which is fitted too. Tukey's weight lets go of outliers; its width shrinks from
step to step (graduated non-convexity).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField

Array = NDArray[np.float64]

OFFSET_SD_MM = 0.6
"""Expected thickness of soft tissue under the tip, one standard deviation around zero."""

TUKEY = 4.685
"""Width of Tukey's weight in standard deviations: 95 % efficient where there are no outliers."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Several fits of the same points.

    Attributes:
        motions: (B, 4, 4) from the tracker to the image, mm; determinant as in the starts.
        offsets: (B,) thickness of tissue in mm.
    """

    motions: Array
    offsets: Array

    def __getitem__(self, chosen: NDArray[np.integer] | slice) -> Fits:
        return Fits(self.motions[chosen], self.offsets[chosen])

    def __len__(self) -> int:
        return len(self.motions)

    def __add__(self, others: Fits) -> Fits:
        return Fits(np.concatenate([self.motions, others.motions]), np.concatenate([self.offsets, others.offsets]))


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Pairs of points that hold a fit near where a person placed them.

    Attributes:
        tracker_mm: (L, 3).
        image_mm: (L, 3) RAS+.
        sd_mm: How well a person places each.
    """

    tracker_mm: Array
    image_mm: Array
    sd_mm: float


def starting(motions: Array) -> Fits:
    """Make fits of (B, 4, 4) starts, without soft tissue."""
    return Fits(np.array(motions), np.zeros(len(motions)))


def tukey_weight(scaled: Array) -> Array:
    """Weight of residuals that were divided by the width."""
    return np.asarray(np.where(np.abs(scaled) < 1, (1 - scaled**2) ** 2, 0.0))


def tukey_cost(scaled: Array) -> Array:
    """Cost of residuals that were divided by the width: 0 to 1."""
    return np.asarray(1 - np.where(np.abs(scaled) < 1, (1 - scaled**2) ** 3, 0.0))


def residuals(field: DistanceField, points: Array, fits: Fits) -> Array:
    """Give the (B, N) signed distances less the offset, in mm."""
    return field.distances(rigid.apply(fits.motions, points)) - fits.offsets[:, None]


def refine(
    field: DistanceField,
    points: Array,
    fits: Fits,
    widths_mm: Sequence[float],
    *,
    sd_mm: float = 0.5,
    landmarks: Landmarks | None = None,
    counts: Array | None = None,
) -> Fits:
    """Run one Gauss-Newton step for each width.

    Args:
        field: The surface.
        points: (N, 3) tracker mm.
        fits: (B) starts.
        widths_mm: Width of Tukey's weight in each step.
        sd_mm: Noise of a point, which balances points, landmarks and the expected offset.
        landmarks: Pairs that hold the fit.
        counts: (B, N) how often each point counts, for resampling.
    """
    for width in widths_mm:
        fits = _step(field, points, fits, width, sd_mm, landmarks, counts)
    return fits


def _step(
    field: DistanceField,
    points: Array,
    fits: Fits,
    width: float,
    sd_mm: float,
    landmarks: Landmarks | None,
    counts: Array | None,
) -> Fits:
    moved = rigid.apply(fits.motions, points)
    distance, normal = field.sample(moved)
    error = distance - fits.offsets[:, None]
    weight = tukey_weight(error / width)
    if counts is not None:
        weight = weight * counts
    total = weight.sum(axis=1, keepdims=True)
    centre = (weight[..., None] * moved).sum(axis=1) / np.maximum(total, 1e-9)
    centre = np.where(total > 1e-6, centre, moved.mean(axis=1))
    arm = moved - centre[:, None]
    jacobian = np.concatenate([np.cross(arm, normal), normal, -np.ones((*error.shape, 1))], axis=-1)
    weighted = jacobian * weight[..., None]
    matrix = np.swapaxes(jacobian, -1, -2) @ weighted
    vector = (np.swapaxes(weighted, -1, -2) @ error[..., None])[..., 0]
    prior = (sd_mm / OFFSET_SD_MM) ** 2
    matrix[:, 6, 6] += prior
    vector[:, 6] += prior * fits.offsets
    if landmarks is not None:
        _hold(matrix, vector, fits, landmarks, centre, (sd_mm / landmarks.sd_mm) ** 2)
    damping = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3, 1e-6])  # rotations: mm per radian, about 1 mm of arm
    matrix[:, range(7), range(7)] += damping
    change = np.asarray(-np.linalg.solve(matrix, vector[..., None])[..., 0], dtype=np.float64)
    turn = rigid.limited(change[:, :3], 0.35)
    shift = rigid.limited(change[:, 3:6], 6.0)
    step = rigid.about(rigid.from_vector(turn), centre, shift)
    return Fits(step @ fits.motions, np.clip(fits.offsets + change[:, 6], -1.0, 2.5))


def _hold(matrix: Array, vector: Array, fits: Fits, landmarks: Landmarks, centre: Array, weight: float) -> None:
    """Add the pairs of landmarks to the normal equations."""
    moved = rigid.apply(fits.motions, landmarks.tracker_mm)
    arm = moved - centre[:, None]
    error = moved - landmarks.image_mm
    for axis in range(3):
        unit = np.zeros(3)
        unit[axis] = 1
        rows = np.concatenate([np.cross(arm, unit), np.broadcast_to(unit, arm.shape)], axis=-1)
        matrix[:, :6, :6] += weight * (np.swapaxes(rows, -1, -2) @ rows)
        vector[:, :6] += weight * (np.swapaxes(rows, -1, -2) @ error[..., axis, None])[..., 0]


def robust_sd(errors: Array) -> Array:
    """Estimate (B,) standard deviations in mm of (B, N) residuals, of which up to 40 % may be outliers.

    The half-width that holds 55 % of the points is compared with that of a normal distribution with 20 % outliers; a
    fit of seven numbers that lets go of what does not suit it makes it too small, by about 24 / N (measured).
    """
    part = np.quantile(np.abs(errors), 0.55, axis=-1)
    return np.asarray(np.clip(part / 1.01 * (1 + 24 / errors.shape[-1]), 0.15, 3.0))
