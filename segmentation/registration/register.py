"""Registration of tracked points to one vertebra, with an honest verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.registration import alternatives, rigid
from segmentation.registration.distance_field import DistanceField
from segmentation.registration.refine import Fits, Landmarks, residuals, robust_sd
from segmentation.registration.search import Level, prepare_level, search
from segmentation.registration.uncertainty import (
    TargetError,
    calibrated,
    information,
    resampled_moves,
    suggested_points,
    target_errors,
    with_alternatives,
)
from segmentation.registration.verdict import Evidence, Reason, Verdict, judge

Array = NDArray[np.float64]

RESEARCH_USE_ONLY = "Research use only. Not for surgery, diagnosis or treatment."
LANDMARK_SD_MM = 4.0
"""How well a person finds a named place on a bone, in each direction."""

_TOUCHED_MM = 4.0  # surface this near to a point counts as covered
_INLIER_SD = 3.0
_NEIGHBOUR_MM = 5.0


@dataclass(frozen=True, eq=False)
class Target:
    """A vertebra and its neighbours, measured once before any point is touched.

    Attributes:
        level: The vertebra.
        others: Surfaces of its neighbours by VerSe number.
        onto: For each of them (B, 4, 4) motions that lay the vertebra onto it.
        seconds: What it took.
    """

    level: Level
    others: dict[int, DistanceField]
    onto: dict[int, Array]
    seconds: float


@dataclass(frozen=True, eq=False)
class Registration:
    """Result of a registration.

    Attributes:
        label: VerSe number of the vertebra.
        image_from_tracker: (4, 4) maps column vectors of tracker mm to RAS+ mm of the image.
        residuals_mm: (N,) signed distance of each point to the surface, without the soft tissue; negative inside.
        inliers: (N,) whether the point lies on the surface.
        soft_tissue_mm: Thickness of tissue under the probe that was found.
        evidence, verdict, reasons: See ``verdict.py``.
        targets: Expected errors.
        coverage: Share of the reachable surface that has a point nearby.
        suggestions_mm: (S, 3) places, RAS+, where more points would help most.
        landmark_errors_mm: Distance of each landmark after the fit; empty without.
        fre_mm: Root mean square of the landmarks' paired fit alone; None without.
        seconds: What it took, without the preparation.
    """

    label: int
    image_from_tracker: Array
    residuals_mm: Array
    inliers: NDArray[np.bool_]
    soft_tissue_mm: float
    evidence: Evidence
    verdict: Verdict
    reasons: list[Reason]
    targets: list[TargetError]
    coverage: float
    suggestions_mm: Array
    landmark_errors_mm: Array
    fre_mm: float | None
    seconds: float

    @property
    def rms_mm(self) -> float:
        """Root mean square distance of the points that lie on the surface."""
        on = self.residuals_mm[self.inliers]
        return float(np.sqrt((on**2).mean())) if len(on) else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON; ``docs/navigation.md`` describes each field."""
        evidence = self.evidence
        return {
            "schema": "spineview.registration/1",
            "notice": RESEARCH_USE_ONLY,
            "label": self.label,
            "name": evidence.name,
            "image_from_tracker": self.image_from_tracker.tolist(),
            "convention": "row-major; maps column vectors of tracker mm to image RAS+ mm",
            "verdict": self.verdict.value,
            "reasons": [{"code": r.code, "message": r.message.text(), "hint": r.message.hint()} for r in self.reasons],
            "residuals_mm": np.round(self.residuals_mm, 3).tolist(),
            "inliers": self.inliers.tolist(),
            "surface_rms_mm": _rounded(self.rms_mm),
            "noise_mm": _rounded(evidence.noise_mm),
            "soft_tissue_mm": _rounded(self.soft_tissue_mm),
            "fre_mm": _rounded(self.fre_mm),
            "landmark_errors_mm": np.round(self.landmark_errors_mm, 3).tolist(),
            "expected_tre": [target.to_json() for target in self.targets],
            "expected_tre95_mm": _rounded(evidence.error95_mm),
            "stability95_mm": _rounded(evidence.stability_mm),
            "coverage": _rounded(self.coverage),
            "residual_pattern": _rounded(evidence.pattern),
            "inlier_fraction": _rounded(evidence.inliers),
            "margins": {
                "other_place": _rounded(evidence.other_place),
                "mirrored": _rounded(evidence.mirrored),
                "levels": {name: _rounded(margin) for name, margin in evidence.levels.items()},
            },
            "suggested_points_ras_mm": np.round(self.suggestions_mm, 2).tolist(),
            "seconds": _rounded(self.seconds),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def prepare(label_map: LabelMap, label: int) -> Target:
    """Measure a vertebra and its neighbours, before any point is touched.

    Raises:
        InputError: the label is absent.
    """
    begun = time.perf_counter()
    level = prepare_level(label_map, label)
    others = alternatives.neighbours(label_map, label)
    onto = {number: alternatives.onto(level, field) for number, field in others.items()}
    return Target(level, others, onto, time.perf_counter() - begun)


def register(
    target: Target,
    points: Array,
    landmarks: tuple[Array, Array] | None = None,
    start: Array | None = None,
    sites: dict[str, Array] | None = None,
) -> Registration:
    """Register points to a vertebra.

    Args:
        target: The vertebra, prepared.
        points: (N, 3) touched points in tracker mm, N >= 3 (see ``point_files.checked_points``).
        landmarks: (L, 3) in tracker mm and (L, 3) in RAS+ mm of the image, in the same order.
        start: (4, 4) an earlier registration.
        sites: Places by name, RAS+ mm, where errors are to be stated, such as the tips of planned screws.
    """
    begun, level = time.perf_counter(), target.level
    pairs = None if landmarks is None else Landmarks(*landmarks, LANDMARK_SD_MM)
    fits = search(level, points, pairs, start)
    fit, error = fits[:1], residuals(level.field, points, fits[:1])
    sd = float(robust_sd(error)[0])
    inliers = np.abs(error[0]) < max(_INLIER_SD * sd, 0.8)
    matrix = information(level, points, fit, sd, pairs)
    moves = resampled_moves(level, points, fit, sd, pairs)
    costs = alternatives.costs_of(level.field, points, fits, sd, pairs)
    expected = calibrated(target_errors(matrix, *_sites(level, sites)), moves)
    touched = rigid.apply(fit.motions[0], points)[inliers]
    errors, fre, checks = _landmark_checks(level, fit, pairs)
    pattern, pattern_pairs = _pattern(level, touched, error[0][inliers])
    targets = with_alternatives(expected, fits.motions, costs)
    evidence = Evidence(
        name=label_of(level.label).name,
        points=len(points),
        noise_mm=sd,
        inliers=float(inliers.mean()),
        error95_mm=max(each.radius95_mm for each in targets),
        stability_mm=float(np.quantile(moves, 0.95)),
        pattern=pattern,
        pattern_pairs=pattern_pairs,
        is_cut=level.field.is_cut,
        **_margins(target, points, fits, costs, sd, pairs),
        **checks,
    )
    verdict, reasons = judge(evidence)
    return Registration(
        label=level.label,
        image_from_tracker=fit.motions[0],
        residuals_mm=error[0],
        inliers=inliers,
        soft_tissue_mm=float(fit.offsets[0]),
        evidence=evidence,
        verdict=verdict,
        reasons=reasons,
        targets=targets,
        coverage=_coverage(level, touched),
        suggestions_mm=np.empty((0, 3)) if verdict is Verdict.ACCEPTED else suggested_points(level, matrix, sd),
        landmark_errors_mm=errors,
        fre_mm=fre,
        seconds=time.perf_counter() - begun,
    )


def _sites(level: Level, sites: dict[str, Array] | None) -> tuple[list[str], Array]:
    names, places = ["body", "right_anterior", "left_anterior"], level.targets_mm
    if sites:
        names = [*names, *sites]
        places = np.vstack([places, np.array(list(sites.values()))])
    return names, places


def _margins(
    target: Target, points: Array, fits: Fits, own: Array, sd: float, landmarks: Landmarks | None
) -> dict[str, Any]:
    """Compare the best fit with every other explanation."""
    level, best = target.level, fits[:1]
    field = level.field
    there = rigid.apply(rigid.inverse(best.motions[0]), level.targets_mm)
    away = np.linalg.norm(rigid.apply(fits.motions, there) - level.targets_mm, axis=-1).max(axis=1)
    others = own[away > 3.0]
    mirrored = alternatives.cost_of(field, points, alternatives.mirrored_starts(level, best), sd, landmarks)
    levels = {}
    for number, surface in target.others.items():
        # A landmark belongs to the vertebra that the person meant, so that it says nothing about the others.
        reached = alternatives.cost_of(surface, points, target.onto[number] @ best.motions[0], sd, None)
        bare = alternatives.costs_of(field, points, best, sd, None)[0]
        levels[label_of(number).name] = float(reached - bare)
    return {
        "other_place": float(others.min() - own[0]) if len(others) else float("inf"),
        "mirrored": float(mirrored - own[0]),
        "levels": levels,
    }


def _landmark_checks(
    level: Level, fit: Fits, landmarks: Landmarks | None
) -> tuple[Array, float | None, dict[str, Any]]:
    if landmarks is None:
        return np.empty(0), None, {}
    moving, fixed = landmarks.tracker_mm, landmarks.image_mm
    after = np.linalg.norm(rigid.apply(fit.motions[0], moving) - fixed, axis=1)
    paired, flipped = (
        _rms(rigid.apply(rigid.paired_fit(moving, fixed, mirrored), moving) - fixed) for mirrored in (False, True)
    )
    spread, wanted = (_rms(side - side.mean(axis=0)) for side in (moving, fixed))
    checks = {
        "landmark_error_mm": float(np.sqrt((after**2).mean())),
        "landmark_scale": wanted / max(spread, 1e-9),
        "landmarks_mirrored": paired > 3.0 and flipped < 0.5 * paired,
        "landmarks_off_mm": float(np.abs(level.field.distances(fixed)).max()),
    }
    return after, paired, checks


def _rms(vectors: Array) -> float:
    return float(np.sqrt((vectors**2).sum(axis=-1).mean()))


def _pattern(level: Level, places: Array, errors: Array) -> tuple[float, int]:
    """Correlate the residuals of points that lie within 5 mm on one face: in standard deviations, and the pairs."""
    from scipy.spatial import cKDTree

    if len(places) < 3:
        return 0.0, 0
    errors = errors - errors.mean()
    normals = level.field.sample(places)[1]
    pairs = cKDTree(places).query_pairs(_NEIGHBOUR_MM, output_type="ndarray")
    one, other = pairs[(normals[pairs[:, 0]] * normals[pairs[:, 1]]).sum(axis=1) > 0.5].T
    if len(one) < 10:
        return 0.0, len(one)
    likeness = (errors[one] * errors[other]).mean() / max(float((errors**2).mean()), 1e-9)
    return float(likeness * np.sqrt(len(one))), len(one)


def _coverage(level: Level, touched: Array) -> float:
    from scipy.spatial import cKDTree

    reachable = level.surface_mm[level.reachable]
    if not len(touched) or not len(reachable):
        return 0.0
    distance = np.asarray(cKDTree(touched).query(reachable)[0])
    return float(np.mean(distance < _TOUCHED_MM))
