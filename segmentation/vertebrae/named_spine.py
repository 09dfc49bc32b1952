"""A spine whose vertebrae have names: the label map, each vertebra, and how sure the row of names is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import label_of
from segmentation.core.messages import Message
from segmentation.core.volume import LabelMap

Level = Literal["high", "medium", "low"]

REASONS = (
    "cut_by_border", "small", "large", "scattered", "name_doubtful", "no_landmark", "mask_doubtful",
    "body_doubtful", "left_doubtful", "right_doubtful", "spinous_doubtful", "arch_doubtful", "metal", "neck",
)  # fmt: skip
"""Codes of reasons why a vertebra may be wrong, stable for programs and translations."""
SEQUENCE_REASONS = (
    "sacrum", "dens", "ribs", "no_landmark", "close_call", "mask_doubtful", "unlike_training", "nothing",
)  # fmt: skip
"""Codes of what the names of the whole row rest on, or why they are unsure."""


@dataclass(frozen=True)
class NamedVertebra:
    """One vertebra.

    Attributes:
        label: VerSe number.
        confidence: In its voxels and its name together.
        reasons: Codes of ``REASONS``, for what lowered it.
        centroid_ras_mm: Mean place of its voxels, RAS+ mm.
        body_ras_mm: Centre of its body, RAS+ mm: where its name is written.
        volume_ml: Of its voxels.
        cut_by_border: It touches an outer face of the scan.
        name_probability: Share of its name among the likely namings.
        probability: Estimated probability that it is right: its name, and its mask with a Dice of 0.9 at least. None
            where the mask came without the network's answers.
    """

    label: int
    confidence: Level
    reasons: tuple[str, ...]
    centroid_ras_mm: tuple[float, float, float]
    body_ras_mm: tuple[float, float, float]
    volume_ml: float
    cut_by_border: bool
    name_probability: float
    probability: float | None = None

    @property
    def name(self) -> str:
        """As ``L1``."""
        return label_of(self.label).name

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for a report."""
        return {
            "label": self.label,
            "name": self.name,
            "confidence": self.confidence,
            "reasons": list(self.reasons),
            "centroid_ras_mm": [round(v, 2) for v in self.centroid_ras_mm],
            "body_ras_mm": [round(v, 2) for v in self.body_ras_mm],
            "volume_ml": round(self.volume_ml, 2),
            "cut_by_border": self.cut_by_border,
            "name_probability": round(self.name_probability, 3),
            "probability": None if self.probability is None else round(self.probability, 3),
        }


@dataclass(frozen=True)
class Alternative:
    """Another naming of the row: its VerSe numbers from head to foot, and its share among all namings."""

    labels: tuple[int, ...]
    probability: float

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for a report."""
        names = [label_of(number).name for number in self.labels]
        return {"labels": list(self.labels), "names": names, "probability": round(self.probability, 3)}


@dataclass(frozen=True, eq=False)
class NamedSpine:
    """The vertebrae of a scan.

    Attributes:
        labels: (I, J, K) uint8 VerSe numbers on the scan's grid; the sacrum is 26.
        vertebrae: From head to foot; the sacrum, which is none, is not among them.
        sure: The names of the row may be relied on.
        reason: Code of ``SEQUENCE_REASONS``.
        alternatives: Other namings, likeliest first.
    """

    labels: NDArray[np.uint8]
    vertebrae: tuple[NamedVertebra, ...]
    sure: bool
    reason: str
    alternatives: tuple[Alternative, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types: what ``--report`` and the web application store."""
        return {
            "vertebrae": [one.to_json() for one in self.vertebrae],
            "sequence": {
                "sure": self.sure,
                "reason": self.reason,
                "alternatives": [other.to_json() for other in self.alternatives],
            },
        }


@dataclass(frozen=True, eq=False)
class SegmentedSpine(LabelMap):
    """A binary spine mask, with its vertebrae.

    Attributes:
        vertebrae: None where nothing was to be named.
    """

    vertebrae: NamedSpine | None = None

    @property
    def vertebra_map(self) -> LabelMap | None:
        """The vertebrae as a label map on the same grid; None where nothing was to be named."""
        return None if self.vertebrae is None else LabelMap(self.vertebrae.labels, self.grid, "vertebrae", self.header)


def reason_message(code: str) -> Message:
    """Return the message of a vertebra's reason."""
    return Message(f"vertebra.{code}")


def sequence_message(code: str) -> Message:
    """Return the message of a row's reason."""
    return Message(f"sequence.{code}")
