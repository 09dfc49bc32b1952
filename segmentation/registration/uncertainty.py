"""Expected errors of a fit: covariance, its effect at targets, and how far the fit moves under resampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid
from segmentation.registration.refine import (
    OFFSET_SD_MM,
    TUKEY,
    Fits,
    Landmarks,
    refine,
    residuals,
    tukey_weight,
)
from segmentation.registration.search import Level

Array = NDArray[np.float64]

_CHI2_3_95 = 7.815  # 95 % of a normal distribution in space lie within this squared distance
_RESAMPLINGS = 24
_UNLIKELY = 0.05
_STATED = 3
_RMS_TO_95 = 1.73  # of errors with two directions to go: the square root of 5.99 / 2
CALIBRATION = 0.85
"""Chosen on three label maps. ``bench/registration.py`` prints how often the radius was exceeded on each half of the
maps; neither half is an independent test."""
_VOXEL_SHARE = 0.1  # how far the surface of a label map is off, in voxels


@dataclass(frozen=True, eq=False)
class TargetError:
    """Error to be expected at one place.

    Attributes:
        name: Of the place.
        position_mm: (3,) RAS+.
        rms_mm: Root of the expected squared error.
        radius95_mm: Radius of the sphere that holds 95 % of the errors.
        axes_mm: (3, 3) half-axes of the ellipsoid that holds 95 % of the errors, as rows, the longest first; RAS+.
    """

    name: str
    position_mm: Array
    rms_mm: float
    radius95_mm: float
    axes_mm: Array

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "name": self.name,
            "position_mm": np.round(self.position_mm, 3).tolist(),
            "rms_mm": round(self.rms_mm, 3),
            "radius95_mm": round(self.radius95_mm, 3),
            "ellipsoid95_half_axes_mm": np.round(self.axes_mm, 3).tolist(),
        }


def information(level: Level, points: Array, fit: Fits, sd_mm: float, landmarks: Landmarks | None = None) -> Array:
    """Measure how firmly points hold a fit: (7, 7) information of turn (rad), shift (mm) and offset (mm).

    The turn is about the origin of the image. Points that Tukey's weight lets go count as little as in the fit.
    """
    moved = rigid.apply(fit.motions[0], points)
    weight = tukey_weight(residuals(level.field, points, fit)[0] / (TUKEY * sd_mm))
    noise2 = sd_mm**2 + (_VOXEL_SHARE * max(level.field.voxel_mm)) ** 2
    rows = rows_of(moved, level.field.sample(moved)[1])
    matrix = (rows * weight[:, None]).T @ rows / noise2
    matrix[6, 6] += 1 / OFFSET_SD_MM**2
    if landmarks is not None:
        place = rigid.apply(fit.motions[0], landmarks.tracker_mm)
        for unit in np.eye(3):
            held = rows_of(place, np.broadcast_to(unit, place.shape))
            held[:, 6] = 0
            matrix += held.T @ held / landmarks.sd_mm**2
    return np.asarray(matrix + np.diag([1.0, 1, 1, 1e-6, 1e-6, 1e-6, 0]))


def rows_of(places: Array, normals: Array) -> Array:
    """Give the (N, 7) derivatives of a point's distance: by turn about the origin, by shift, by offset."""
    return np.column_stack([np.cross(places, normals), normals, -np.ones(len(places))])


def covariance_at(matrix: Array, places: Array) -> Array:
    """Give the (T, 3, 3) covariances in mm^2 at (T, 3) places of the image."""
    covariance = np.linalg.inv(matrix)[:6, :6]
    result = []
    for place in places:
        effect = effect_at(place)
        result.append(effect @ covariance @ effect.T)
    return np.array(result)


def effect_at(place: Array) -> Array:
    """Give the (3, 6) motion of a place by a small turn about the origin and a shift."""
    x, y, z = place
    return np.hstack([[[0, z, -y], [-z, 0, x], [y, -x, 0]], np.eye(3)])


def target_errors(matrix: Array, names: list[str], places: Array) -> list[TargetError]:
    """State the expected error at each place."""
    result = []
    for name, place, covariance in zip(names, places, covariance_at(matrix, places), strict=True):
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values[::-1], 0)
        axes = vectors[:, ::-1].T * np.sqrt(_CHI2_3_95 * values)[:, None]
        total = float(values.sum())
        # Satterthwaite: the squared error is about a scaled chi-square with this many degrees of freedom.
        freedom = total**2 / max(float((values**2).sum()), 1e-12)
        radius = np.sqrt(total * _chi2_95(freedom) / freedom)
        result.append(TargetError(name, place, float(np.sqrt(total)), float(radius), axes))
    return result


def with_alternatives(targets: list[TargetError], motions: Array, costs: Array) -> list[TargetError]:
    """Widen the expected errors by other fits that explain the points nearly as well.

    Args:
        targets: Errors around the first fit.
        motions: (B, 4, 4) fits.
        costs: (B,) their negative log-likelihoods; exp(-cost), normed, is taken as a fit's probability.
    """
    chance = np.exp(np.minimum(costs[0] - costs, 0))
    chance /= chance.sum()
    back = rigid.inverse(motions[0])
    result = []
    for target in targets:
        there = rigid.apply(back, target.position_mm[None])
        away = np.linalg.norm(rigid.apply(motions, there)[:, 0] - target.position_mm, axis=-1)
        rms = float(np.sqrt(target.rms_mm**2 + (chance * away**2).sum()))
        radius = max(target.radius95_mm, float(away[chance > _UNLIKELY].max(initial=0)))
        result.append(replace(target, rms_mm=rms, radius95_mm=radius))
    return result


def _chi2_95(freedom: float) -> float:
    """Give the 95 % quantile of chi-square: Wilson and Hilferty's approximation."""
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + 1.6449 * np.sqrt(part)) ** 3)


def resampled_moves(level: Level, points: Array, fit: Fits, sd_mm: float, landmarks: Landmarks | None = None) -> Array:
    """Fit again to points drawn with replacement, 24 times; give how far the targets move at most each time, in mm."""
    random = np.random.default_rng(0)
    counts = random.multinomial(len(points), np.full(len(points), 1 / len(points)), _RESAMPLINGS).astype(np.float64)
    many = Fits(np.repeat(fit.motions, _RESAMPLINGS, axis=0), np.repeat(fit.offsets, _RESAMPLINGS))
    width = TUKEY * max(sd_mm, 0.25)
    many = refine(level.field, points, many, (width,) * 5, sd_mm=sd_mm, landmarks=landmarks, counts=counts)
    there = rigid.apply(rigid.inverse(fit.motions[0]), level.targets_mm)
    return np.asarray(np.linalg.norm(rigid.apply(many.motions, there) - level.targets_mm, axis=-1).max(axis=1))


def calibrated(targets: list[TargetError], moves: Array) -> list[TargetError]:
    """Combine what the linear model expects with what drawing the points again shows.

    Neither alone is right: the model knows nothing of outliers that pull and of edges, 24 drawings are few. The root of
    the sum of both squares is the sharpest of those that were compared; ``CALIBRATION`` makes it hold 95 % of errors.

    Args:
        targets: Of the linear model; the first three are those of ``Level.targets_mm``.
        moves: (R,) of ``resampled_moves``, which are of these three.
    """
    modelled = max(each.radius95_mm for each in targets[:_STATED])
    shown = _RMS_TO_95 * float(np.sqrt((moves**2).mean()))
    factor = CALIBRATION * float(np.hypot(modelled, shown)) / max(modelled, 1e-9)
    return [
        replace(each, rms_mm=each.rms_mm * factor, radius95_mm=each.radius95_mm * factor, axes_mm=each.axes_mm * factor)
        for each in targets
    ]


def suggested_points(level: Level, matrix: Array, sd_mm: float, count: int = 4) -> Array:
    """Choose the (count, 3) places on the reachable surface that would lower the errors at the targets most."""
    candidates = np.flatnonzero(level.reachable)[:: max(1, int(level.reachable.sum()) // 150)]
    if not len(candidates):
        return np.empty((0, 3))
    rows = rows_of(level.surface_mm[candidates], level.normals[candidates]) / max(sd_mm, 0.3)
    chosen: list[int] = []
    for _ in range(count):
        inverse = np.linalg.inv(matrix)
        effect = np.vstack(
            [np.hstack([[[0, z, -y], [-z, 0, x], [y, -x, 0]], np.eye(3)]) for x, y, z in level.targets_mm]
        )
        gains = effect @ (inverse @ rows.T)[:6]  # Sherman-Morrison: what one more point takes off the trace
        gain = (gains**2).sum(axis=0) / (1 + np.einsum("ni,ij,nj->n", rows, inverse, rows))
        best = int(np.argmax(gain))
        chosen.append(best)
        matrix = matrix + 4 * np.outer(rows[best], rows[best])
    return np.asarray(level.surface_mm[candidates][chosen])
