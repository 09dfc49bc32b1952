"""Verdict on a registration: accepted, needs more points, not to be trusted; with the reasons.

All limits stand here. Differences of cost are log-likelihoods: 5 is odds of about 150 to one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from segmentation.core.messages import Message

ACCEPTED_ERROR_MM = 1.35
"""Largest error, with 95 % probability, at any target that is accepted."""

CLEAR_MARGIN = 5.0
"""Log-likelihood by which the best explanation must lead every other one."""

LEAST_INLIERS = 0.55
GREATEST_NOISE_MM = 1.4
WRONG_PATTERN, ODD_PATTERN = 2.2, 1.2
CLEAN_NOISE_MM = 0.6
ENOUGH_PAIRS, PLAIN_PATTERN = 80, 1.5
GREATEST_NOISE_ALONE_MM = 0.75
LEAST_POINTS = 15
GREATEST_MOVE_MM = 3.0
LANDMARK_LIMIT_MM = 10.0
SCALE_TOLERANCE = 0.2


class Verdict(StrEnum):
    """Words of ``verdict`` in the JSON file."""

    ACCEPTED = "accepted"
    NEEDS_MORE_POINTS = "needs_more_points"
    NOT_TO_BE_TRUSTED = "not_to_be_trusted"


@dataclass(frozen=True)
class Reason:
    """Why a registration is not accepted.

    Attributes:
        code: Stable and machine-readable.
        message: For people.
        is_fatal: More points would not help: something is wrong.
    """

    code: str
    message: Message
    is_fatal: bool = False


@dataclass(frozen=True)
class Evidence:
    """What the verdict is given on.

    Attributes:
        name: Of the vertebra.
        points: How many there are.
        noise_mm: Standard deviation of the distances of those that lie on the surface.
        inliers: Share of the points that lie on the surface.
        error95_mm: Greatest error to be expected at a target, with 95 % probability.
        stability_mm: How far a target moves when points are drawn again, 95 % quantile.
        other_place: Log-likelihood by which the best place leads the second; infinite where there is none.
        mirrored: The same for the points with their sides exchanged.
        levels: The same for each neighbour, by its name.
        pattern: How much neighbouring residuals resemble each other, in standard deviations; noise does not, but the
            differences between two vertebrae do.
        pattern_pairs: How many pairs of neighbouring points that is made of.
        is_cut: The label map ends within the vertebra.
        landmark_error_mm: Root mean square distance of landmarks after the fit; None without landmarks.
        landmark_scale: Factor by which the tracker's landmarks would have to grow to fit; None without.
        landmarks_mirrored: They fit better with their sides exchanged.
        landmarks_off_mm: Greatest distance of a landmark in the image from the vertebra; None without.
    """

    name: str
    points: int
    noise_mm: float
    inliers: float
    error95_mm: float
    stability_mm: float
    other_place: float
    mirrored: float
    levels: dict[str, float] = field(default_factory=dict)
    pattern: float = 0.0
    pattern_pairs: int = 0
    is_cut: bool = False
    landmark_error_mm: float | None = None
    landmark_scale: float | None = None
    landmarks_mirrored: bool = False
    landmarks_off_mm: float | None = None


def judge(evidence: Evidence) -> tuple[Verdict, list[Reason]]:
    """Give the verdict and every reason against acceptance."""
    reasons = [*_landmark_reasons(evidence), *_explanation_reasons(evidence), *_precision_reasons(evidence)]
    if any(reason.is_fatal for reason in reasons):
        return Verdict.NOT_TO_BE_TRUSTED, reasons
    return (Verdict.NEEDS_MORE_POINTS if reasons else Verdict.ACCEPTED), reasons


def _landmark_reasons(evidence: Evidence) -> list[Reason]:
    reasons = []
    scale, off, error = evidence.landmark_scale, evidence.landmarks_off_mm, evidence.landmark_error_mm
    if scale is not None and abs(scale - 1) > SCALE_TOLERANCE:
        message = Message.of("registration.landmark_scale", scale=scale)
        reasons.append(Reason("landmark_scale", message, is_fatal=True))
    if evidence.landmarks_mirrored:
        reasons.append(Reason("landmarks_mirrored", Message.of("registration.landmarks_mirrored"), is_fatal=True))
    if off is not None and off > 3 * LANDMARK_LIMIT_MM:
        message = Message.of("registration.landmarks_off", name=evidence.name, distance=off)
        reasons.append(Reason("landmarks_off", message, is_fatal=True))
    if error is not None and error > LANDMARK_LIMIT_MM:
        message = Message.of("registration.landmarks_disagree", distance=error)
        reasons.append(Reason("landmarks_disagree", message, is_fatal=True))
    return reasons


def _explanation_reasons(evidence: Evidence) -> list[Reason]:
    reasons = []
    if evidence.inliers < LEAST_INLIERS or evidence.noise_mm > GREATEST_NOISE_MM:
        message = Message.of(
            "registration.no_fit", name=evidence.name, share=evidence.inliers * 100, noise=evidence.noise_mm
        )
        reasons.append(Reason("no_fit", message, is_fatal=True))
    reasons += _shape_reasons(evidence)
    if evidence.mirrored < -CLEAR_MARGIN:
        reasons.append(Reason("mirrored", Message.of("registration.mirrored"), is_fatal=True))
    elif evidence.mirrored < CLEAR_MARGIN:
        reasons.append(Reason("handedness_unclear", Message.of("registration.handedness_unclear")))
    for other, margin in evidence.levels.items():
        if margin < -CLEAR_MARGIN:
            message = Message.of("registration.wrong_level", name=evidence.name, other=other)
            reasons.append(Reason("wrong_level", message, is_fatal=True))
        elif margin < CLEAR_MARGIN:
            message = Message.of("registration.level_unclear", name=evidence.name, other=other)
            reasons.append(Reason("level_unclear", message))
    if evidence.other_place < CLEAR_MARGIN:
        reasons.append(Reason("place_unclear", Message.of("registration.place_unclear", name=evidence.name)))
    return reasons


def _shape_reasons(evidence: Evidence) -> list[Reason]:
    """Doubt the shape: of two vertebrae of one level in two people, surfaces are 0.7 to 1.4 mm apart."""
    noise, pattern = evidence.noise_mm, evidence.pattern
    is_plain = evidence.pattern_pairs >= ENOUGH_PAIRS and pattern < PLAIN_PATTERN
    if noise > CLEAN_NOISE_MM and pattern > WRONG_PATTERN:
        message = Message.of("registration.shape_differs", name=evidence.name)
        return [Reason("shape_differs", message, is_fatal=True)]
    if (noise > CLEAN_NOISE_MM and pattern > ODD_PATTERN and not is_plain) or (
        noise > GREATEST_NOISE_ALONE_MM and not is_plain
    ):
        message = Message.of("registration.noisy", name=evidence.name, noise=noise)
        return [Reason("noisy", message)]
    return []


def _precision_reasons(evidence: Evidence) -> list[Reason]:
    reasons = []
    if evidence.points < LEAST_POINTS:
        message = Message.of("registration.few_points", count=evidence.points, least=LEAST_POINTS)
        reasons.append(Reason("few_points", message))
    if evidence.error95_mm > ACCEPTED_ERROR_MM:
        message = Message.of("registration.imprecise", error=evidence.error95_mm, limit=ACCEPTED_ERROR_MM)
        reasons.append(Reason("imprecise", message))
    if evidence.stability_mm > GREATEST_MOVE_MM:
        message = Message.of("registration.unstable", moved=evidence.stability_mm)
        reasons.append(Reason("unstable", message))
    if evidence.noise_mm > GREATEST_NOISE_ALONE_MM and not evidence.levels:
        message = Message.of("registration.neighbours_missing", name=evidence.name, noise=evidence.noise_mm)
        reasons.append(Reason("neighbours_missing", message))
    if evidence.is_cut:
        reasons.append(Reason("vertebra_cut", Message.of("registration.vertebra_cut", name=evidence.name)))
    return reasons
