"""Registration of several vertebrae at once: each is rigid, neighbours are softly linked.

The spine on the table lies otherwise than in the scanner. Each vertebra is registered to its own points, beginning
where its neighbour was found; then all of them are moved together to where points and links agree best. Links say that
two neighbours turn against each other by some degrees, and shift by some millimetres at the disc between them: a
vertebra with few points, or with none, is held by those beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import InputError
from segmentation.core.labels import HEAD_TO_FOOT, label_of
from segmentation.core.messages import Message
from segmentation.registration import rigid
from segmentation.registration.point_files import FEWEST_LANDMARKS, FEWEST_POINTS
from segmentation.registration.refine import Fits, Landmarks
from segmentation.registration.register import (
    LANDMARK_SD_MM,
    RESEARCH_USE_ONLY,
    Registration,
    Target,
    register,
)
from segmentation.registration.uncertainty import TargetError, effect_at, information, target_errors
from segmentation.registration.verdict import Reason, Verdict, judge

Array = NDArray[np.float64]

TURN_SD_DEG, SHIFT_SD_MM = 5.0, 2.0
"""Of one vertebra against its neighbour, in each direction: between lying on the back and on the front, and under a
surgeon's hand."""
TURN_LIMIT_DEG, SHIFT_LIMIT_MM = 20.0, 10.0
"""Beyond these, one of two neighbours is not where it was registered."""


@dataclass(frozen=True)
class Link:
    """How two neighbours lie to each other, beside how they do in the image.

    Attributes:
        upper, lower: VerSe numbers.
        turned_deg: Angle.
        shifted_mm: At the middle between their bodies.
    """

    upper: int
    lower: int
    turned_deg: float
    shifted_mm: float

    @property
    def is_possible(self) -> bool:
        """Whether a spine can do that."""
        return self.turned_deg <= TURN_LIMIT_DEG and self.shifted_mm <= SHIFT_LIMIT_MM


@dataclass(frozen=True, eq=False)
class SpineRegistration:
    """Registrations of several vertebrae, from head to foot; ``held`` are those without points of their own.

    Attributes:
        registrations: By VerSe number; ``image_from_tracker``, expected errors and verdict are those of all together.
        held: (4, 4) ``image_from_tracker`` and expected errors of vertebrae that only links hold.
        links: Between neighbours.
    """

    registrations: dict[int, Registration]
    held: dict[int, tuple[Array, list[TargetError]]]
    links: list[Link]

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "schema": "spineview.spine_registration/1",
            "notice": RESEARCH_USE_ONLY,
            "vertebrae": [found.to_json() for found in self.registrations.values()],
            "held_by_neighbours": [
                {
                    "label": label,
                    "name": label_of(label).name,
                    "image_from_tracker": motion.tolist(),
                    "expected_tre": [target.to_json() for target in targets],
                }
                for label, (motion, targets) in self.held.items()
            ],
            "links": [
                {
                    "upper": label_of(link.upper).name,
                    "lower": label_of(link.lower).name,
                    "turned_deg": round(link.turned_deg, 2),
                    "shifted_mm": round(link.shifted_mm, 2),
                }
                for link in self.links
            ],
        }


def register_spine(
    targets: Mapping[int, Target],
    points: Mapping[int, Array],
    landmarks: Mapping[int, tuple[Array, Array]] | None = None,
    start: Array | None = None,
) -> SpineRegistration:
    """Register several vertebrae.

    Args:
        targets: Prepared vertebrae by VerSe number.
        points: (N, 3) touched points of each in mm of the tracker; a vertebra may be missing or have few.
        landmarks: Pairs of each, as ``register`` takes them.
        start: (4, 4) an earlier registration.

    Raises:
        InputError: no vertebra has enough points.
    """
    order = sorted(targets, key=lambda label: HEAD_TO_FOOT.index(label_of(label).name))
    touched = [label for label in order if len(points.get(label, ())) >= FEWEST_POINTS]
    if not touched:
        raise InputError("registration.no_vertebra_touched", least=FEWEST_POINTS)
    pairs = dict(landmarks or {})
    found = _one_after_another(targets, points, pairs, start, order, touched)
    first = _spread([found[label].image_from_tracker if label in found else None for label in order])
    matrices = np.zeros((len(order), 6, 6))
    for label in found:
        matrices[order.index(label)] = _information(targets[label], points, pairs, found[label])
    bodies = np.array([targets[label].level.frame.body_mm for label in order])
    moved, covariance = linked(first, matrices, (bodies[:-1] + bodies[1:]) / 2)
    links = [
        _link(order[n], order[n + 1], moved[n], moved[n + 1], (bodies[n] + bodies[n + 1]) / 2)
        for n in range(len(order) - 1)
    ]
    registrations, held = {}, {}
    for n, label in enumerate(order):
        level = targets[label].level
        names = ["body", "right_anterior", "left_anterior"]
        expected = target_errors(np.linalg.inv(covariance[n]), names, level.targets_mm)
        if label in found:
            beside = [link for link in links if label in (link.upper, link.lower)]
            alone = target_errors(matrices[n], names, level.targets_mm)
            there = level.field.distances(rigid.apply(moved[n], points[label])) - found[label].soft_tissue_mm
            mine = replace(found[label], image_from_tracker=moved[n], residuals_mm=there)
            registrations[label] = _together(mine, expected, alone, beside)
        else:
            held[label] = (moved[n], expected)
    return SpineRegistration(registrations, held, links)


def pairs_by_label(
    targets: Mapping[int, Target], landmarks: tuple[Array, Array] | None
) -> dict[int, tuple[Array, Array]]:
    """Give each pair of landmarks to the vertebra whose surface is nearest in the image; three are the least of one."""
    if landmarks is None:
        return {}
    tracker, image = landmarks
    labels = list(targets)
    away = np.array([np.abs(targets[label].level.field.distances(image)) for label in labels])
    nearest = away.argmin(axis=0)
    parts = {label: nearest == n for n, label in enumerate(labels)}
    return {label: (tracker[part], image[part]) for label, part in parts.items() if part.sum() >= FEWEST_LANDMARKS}


def linked(motions: Array, matrices: Array, between_mm: Array) -> tuple[Array, Array]:
    """Move neighbours to where their points and the links between them agree best: one least-squares solution.

    Args:
        motions: (V, 4, 4) from the tracker to the image, from head to foot.
        matrices: (V, 6, 6) how firmly points hold each: information of turn about the image's origin (rad) and shift.
        between_mm: (V - 1, 3) RAS+ mm, the middles of the discs.

    Returns:
        (V, 4, 4) motions and (V, 6, 6) their covariances.
    """
    count = len(motions)
    total = np.zeros((6 * count, 6 * count))
    slope = np.zeros(6 * count)
    weight = np.diag([np.radians(TURN_SD_DEG) ** -2.0] * 3 + [SHIFT_SD_MM**-2.0] * 3)
    for n, matrix in enumerate(matrices):
        total[6 * n : 6 * n + 6, 6 * n : 6 * n + 6] += matrix
    for n, place in enumerate(between_mm):
        apart = _apart(motions[n], motions[n + 1], place)
        effect = np.vstack([np.hstack([np.eye(3), np.zeros((3, 3))]), effect_at(place)])
        rows = np.zeros((6, 6 * count))
        rows[:, 6 * n : 6 * n + 6], rows[:, 6 * n + 6 : 6 * n + 12] = effect, -effect
        total += rows.T @ weight @ rows
        slope += rows.T @ weight @ apart
    covariance = np.linalg.inv(total)
    change = -(covariance @ slope).reshape(count, 6)
    steps = rigid.about(rigid.from_vector(change[:, :3]), np.zeros((count, 3)), change[:, 3:])
    blocks = np.array([covariance[6 * n : 6 * n + 6, 6 * n : 6 * n + 6] for n in range(count)])
    return steps @ motions, blocks


def _apart(upper: Array, lower: Array, place: Array) -> Array:
    """Give the (6,) turn (rad) and shift (mm) at a place between two motions."""
    between = upper @ rigid.inverse(lower)
    return np.concatenate([rigid.to_vector(between[:3, :3]), rigid.apply(between, place[None])[0] - place])


def _link(upper: int, lower: int, first: Array, second: Array, place: Array) -> Link:
    apart = _apart(first, second, place)
    turned, shifted = np.degrees(np.linalg.norm(apart[:3])), np.linalg.norm(apart[3:])
    return Link(upper, lower, float(turned), float(shifted))


def _one_after_another(
    targets: Mapping[int, Target],
    points: Mapping[int, Array],
    pairs: Mapping[int, tuple[Array, Array]],
    start: Array | None,
    order: Sequence[int],
    touched: Sequence[int],
) -> dict[int, Registration]:
    """Register each vertebra alone: first the one with landmarks and most points, then outwards from it."""
    best = max(touched, key=lambda label: (label in pairs, len(points[label])))
    found = {best: register(targets[best], points[best], pairs.get(best), start)}
    for label in sorted(touched, key=lambda label: abs(order.index(label) - order.index(best))):
        if label == best:
            continue
        nearest = min(found, key=lambda done: abs(order.index(done) - order.index(label)))
        known = found[nearest].image_from_tracker
        found[label] = register(targets[label], points[label], pairs.get(label), known)
    return found


def _spread(motions: Sequence[Array | None]) -> Array:
    """Give vertebrae without a motion that of the nearest one with."""
    known = [n for n, motion in enumerate(motions) if motion is not None]
    return np.array([motions[min(known, key=lambda k: abs(k - n))] for n in range(len(motions))])


def _information(
    target: Target, points: Mapping[int, Array], pairs: Mapping[int, tuple[Array, Array]], found: Registration
) -> Array:
    """Measure how firmly its points hold a vertebra, whatever the soft tissue."""
    fit = Fits(found.image_from_tracker[None], np.array([found.soft_tissue_mm]))
    given = pairs.get(found.label)
    held = None if given is None else Landmarks(*given, LANDMARK_SD_MM)
    matrix = information(target.level, points[found.label], fit, found.evidence.noise_mm, held)
    return np.asarray(matrix[:6, :6] - np.outer(matrix[:6, 6], matrix[6, :6]) / matrix[6, 6])


def _together(
    alone: Registration, expected: list[TargetError], modelled: list[TargetError], links: Sequence[Link]
) -> Registration:
    """Take over what all vertebrae together say of one; expected errors keep the factor that they had alone."""
    factor = alone.evidence.error95_mm / max(each.radius95_mm for each in modelled)
    factor = max(factor, 1.0)
    targets = [
        replace(each, rms_mm=each.rms_mm * factor, radius95_mm=each.radius95_mm * factor, axes_mm=each.axes_mm * factor)
        for each in expected
    ]
    evidence = replace(alone.evidence, error95_mm=max(each.radius95_mm for each in targets))
    verdict, reasons = judge(evidence)
    impossible = [link for link in links if not link.is_possible]
    for link in impossible:
        other = link.lower if link.upper == alone.label else link.upper
        message = Message.of(
            "registration.neighbours_disagree",
            name=evidence.name,
            other=label_of(other).name,
            turned=link.turned_deg,
            shifted=link.shifted_mm,
        )
        reasons = [*reasons, Reason("neighbours_disagree", message, is_fatal=True)]
    if impossible:
        verdict = Verdict.NOT_TO_BE_TRUSTED
    return replace(alone, evidence=evidence, verdict=verdict, reasons=reasons, targets=targets)
