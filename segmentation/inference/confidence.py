"""Confidence in a mask, estimated from the network's logits and simple measurements, without a reference.

A low value says "look closely", and why. A high one says that none of the known signs of a failure was found, not
that the mask is right: a network that takes one bone for another is as sure of itself as ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.messages import Message

Level = Literal["high", "medium", "low"]

# Where the levels begin: what bench/confidence.py prints of labelled scans, as they are and made worse, and of CTs of
# limbs, lies apart there. They belong to the packaged weights: print it again when those change.
HIGH, MEDIUM = 0.85, 0.75
# Voxels that the network gives less than 0.2 % are no doubt but background, of which there are millions.
DOUBT_LOGIT = -6.0
# Of 42 reference label maps the leanest spine (cervical) has 9 ml a centimetre of its length, the stoutest
# (lumbar) 21; children and osteophytes go a little beyond.
LEAN_ML_PER_CM, STOUT_ML_PER_CM = 6.0, 26.0
# No slice between the first and the last vertebra of those maps is empty, but where a disc is missing from a scan
# with slices of 6 mm. What is thinner than 1 ml a centimetre holds a tip of a process at most.
LONGEST_GAP_MM, EMPTY_ML_PER_CM = 15.0, 1.0
# A process may stick out of the column as the locator draws it, with voxels of several millimetres; a rib would more.
# From bench/confidence.py, too: scans that are right lie above, crops too small to be located far below.
LEAST_INSIDE = 0.83
# Two cervical vertebrae hold about 20 ml, one lumbar vertebra three times that.
LITTLE_ML = 20.0
# A vertebra with its processes is 80 to 100 mm wide: what shows less of the body gives the network no context.
SMALL_VIEW_MM = 60.0
# The thickness at which the posterior arch is one or two slices high.
THICK_MM = 4.0

# What a sign costs: the value is the expected Dice times these. Doubt, a gap, and what lies outside the column cost
# what they amount to.
FACTORS = {
    "lean": 0.7, "stout": 0.7, "little": 0.7, "small_view": 0.9, "thick_slices": 0.93, "nothing": 0.0,
    "metal": 0.88, "neck": 0.88, "unlike_ct": 0.7, "names_unsure": 0.88,
}  # fmt: skip
REASONS = (
    "unsure", "gap", "beside", "lean", "stout", "little", "small_view", "thick_slices",
    "metal", "neck", "unlike_ct", "names_unsure", "nothing",
)  # fmt: skip
# Of the vertebrae found, those that are cervical: from here on the scan counts as one of a neck.
MOSTLY_NECK = 0.4
_PREFIX = "confidence."  # of the reasons' messages in the catalogues


@dataclass(frozen=True)
class Reason:
    """One sign that a mask may be wrong. ``code`` is stable, for programs and translations."""

    code: str

    @property
    def message(self) -> Message:
        """The reason as a message of the catalogues."""
        return Message(f"{_PREFIX}{self.code}")

    @property
    def sentence(self) -> str:
        """The reason for people, in English; the code alone of one that only another version knows."""
        return self.message.text().removeprefix(_PREFIX)


@dataclass(frozen=True)
class Confidence:
    """Confidence in a mask: a value, its level, and the signs that lowered it.

    Attributes:
        value: 0..1; not a measured accuracy.
        level: ``"high"``, ``"medium"`` or ``"low"``, by the value.
        reasons: The signs found, if any.
    """

    value: float
    level: Level
    reasons: tuple[Reason, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for a report or a database: the reasons by their codes."""
        return {"value": self.value, "level": self.level, "reasons": [reason.code for reason in self.reasons]}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Confidence:
        """Restore what ``to_json`` wrote."""
        return cls(content["value"], content["level"], tuple(map(Reason, content["reasons"])))

    def __str__(self) -> str:
        """Format as one line: ``low (0.42): No spine was found.``."""
        why = " ".join(reason.sentence for reason in self.reasons)
        return f"{self.level} ({self.value:.2f})" + (f": {why}" if why else "")


@dataclass(frozen=True)
class ConfidenceFeatures:
    """Measurements of a prediction from which its confidence is computed; lengths run along the body, head to foot.

    Attributes:
        expected_dice: 2 sum(p m) / (sum(p) + sum(m)) of the probabilities p and the mask m: what the Dice would be
            on average if each voxel were spine as often as the network says. 0 of an empty mask.
        inside: Share of the mask inside the located column; 1 where none was located.
        column_mm: Length of the located column (of the mask itself, where none was located).
        gap_mm: Longest stretch of that without mask.
        ml_per_cm: Volume of the mask by the length of the stretch it occupies; NaN of an empty mask.
        volume_ml: Volume of the mask.
        view_mm: Shortest edge of the scan.
        slice_mm: Longest edge of a voxel.
        metal: Metal lies near the mask.
        like_ct: The mask's surroundings look like a CT of a body.
        neck: Share of the vertebrae found that are cervical; 0 where they were not named.
        names_sure: The names may be relied on; None where the vertebrae were not named.
    """

    expected_dice: float
    inside: float
    column_mm: float
    gap_mm: float
    ml_per_cm: float
    volume_ml: float
    view_mm: float
    slice_mm: float
    metal: bool = False
    like_ct: bool = True
    neck: float = 0.0
    names_sure: bool | None = None


def measure(
    logits: NDArray[np.float32], grid: Grid, source: Grid, column: NDArray[np.bool_] | None
) -> ConfidenceFeatures:
    """Measure (I, J, K) ``logits`` on ``grid``, axes R, A, S, for a scan on ``source``.

    ``column`` is what was located, on a coarser grid of the same extent; None where nothing was asked to locate.
    """
    expected = expected_dice(logits)
    found = np.argwhere(logits > 0)
    volume_ml = len(found) * grid.voxel_ml
    slice_cm = grid.spacing_mm[2] / 10
    profile = np.bincount(found[:, 2], minlength=logits.shape[2]) * grid.voxel_ml / slice_cm  # ml a cm
    inside, located = 1.0, profile > 0
    if column is not None:
        scale = np.array(column.shape) / np.array(logits.shape)
        under = tuple(((found + 0.5) * scale).astype(int).T)
        inside = float(np.mean(column[under])) if len(found) else 0.0
        slices = ((np.arange(logits.shape[2]) + 0.5) * scale[2]).astype(int)
        located = np.asarray(column.any(axis=(0, 1)))[slices]
    held = profile >= EMPTY_ML_PER_CM
    return ConfidenceFeatures(
        expected_dice=expected,
        inside=inside,
        column_mm=float(np.ptp(np.flatnonzero(located)) + 1) * grid.spacing_mm[2] if located.any() else 0.0,
        gap_mm=_longest_gap(located, held) * grid.spacing_mm[2],
        ml_per_cm=volume_ml / (held.sum() * slice_cm) if held.any() else math.nan,
        volume_ml=volume_ml,
        view_mm=min(source.extent_mm),
        slice_mm=max(source.spacing_mm),
    )


def expected_dice(logits: NDArray[np.float32]) -> float:
    """Compute 2 sum(p m) / (sum(p) + sum(m)) of the probabilities p and the mask m; 0 of an empty mask."""
    doubt = logits[logits > DOUBT_LOGIT]
    probability = 1 / (1 + np.exp(-doubt))
    sure = doubt > 0
    total = float(probability.sum()) + int(sure.sum())
    return 2 * float(probability[sure].sum()) / total if total else 0.0


def score(features: ConfidenceFeatures) -> Confidence:
    """Compute the confidence: its value, its level and every sign that lowered it."""
    value = features.expected_dice
    codes = _signs(features)
    for code in codes:
        value *= FACTORS.get(code, 1.0)
    if "unsure" in codes:
        value *= features.expected_dice / HIGH
    if "gap" in codes:
        value *= 1 - features.gap_mm / features.column_mm
    if "beside" in codes:
        value *= features.inside / LEAST_INSIDE
    if value < HIGH and not codes:
        codes = ["unsure"]
    return Confidence(round(value, 3), level_of(value), tuple(Reason(code) for code in codes))


def level_of(value: float) -> Level:
    """Map a value to its level."""
    return "high" if value >= HIGH else "medium" if value >= MEDIUM else "low"


def _signs(features: ConfidenceFeatures) -> list[str]:
    if not features.volume_ml:
        return ["nothing"]
    signs = {
        "unsure": features.expected_dice < HIGH,
        "gap": features.gap_mm > LONGEST_GAP_MM,
        "beside": features.inside < LEAST_INSIDE,
        "lean": features.ml_per_cm < LEAN_ML_PER_CM,
        "stout": features.ml_per_cm > STOUT_ML_PER_CM,
        "little": features.volume_ml < LITTLE_ML,
        "small_view": features.view_mm < SMALL_VIEW_MM,
        "thick_slices": features.slice_mm > THICK_MM,
        "metal": features.metal,
        "neck": features.neck >= MOSTLY_NECK,
        "unlike_ct": not features.like_ct,
        "names_unsure": features.names_sure is False,
    }
    return [code for code, seen in signs.items() if seen]


def _longest_gap(located: NDArray[np.bool_], held: NDArray[np.bool_]) -> int:
    """Count the slices of the longest run between the first and the last ``located`` slice that is not ``held``."""
    ends = np.flatnonzero(located)
    if not len(ends):
        return 0
    steps = np.flatnonzero(np.concatenate([[True], held[ends[0] : ends[-1] + 1], [True]]))
    return int(np.diff(steps).max()) - 1
