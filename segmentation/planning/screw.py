"""Pedicle screws, rods and plans: plain values, and their JSON. Coordinates are RAS+ mm of the image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import label_of
from segmentation.core.messages import Message

Array = NDArray[np.float64]

SIDES = ("right", "left")


@dataclass(frozen=True, eq=False)
class Screw:
    """A straight screw.

    Attributes:
        label: VerSe number of its vertebra.
        side: ``"right"`` or ``"left"`` of the patient.
        entry_mm: (3,) where its axis meets the bone behind.
        tip_mm: (3,) its end in the body.
        diameter_mm: Outer diameter of the thread.
        details: Numbers that the proposal adds, such as the width of the pedicle.
    """

    label: int
    side: str
    entry_mm: Array
    tip_mm: Array
    diameter_mm: float
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Level and side, such as ``"L3 right"``."""
        return f"{label_of(self.label).name} {self.side}"

    @property
    def length_mm(self) -> float:
        """Distance from the entry to the tip."""
        return float(np.linalg.norm(self.tip_mm - self.entry_mm))

    @property
    def direction(self) -> Array:
        """(3,) unit vector from the entry to the tip."""
        return np.asarray((self.tip_mm - self.entry_mm) / self.length_mm)

    @property
    def head_mm(self) -> Array:
        """(3,) middle of the head, which stands behind the bone."""
        return np.asarray(self.entry_mm - HEAD_MM * self.direction)

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "name": self.name,
            "label": self.label,
            "level": label_of(self.label).name,
            "side": self.side,
            "entry_ras_mm": np.round(self.entry_mm, 3).tolist(),
            "tip_ras_mm": np.round(self.tip_mm, 3).tolist(),
            "diameter_mm": self.diameter_mm,
            "length_mm": round(self.length_mm, 2),
            **self.details,
        }


HEAD_MM = 7.0
"""From the bone to the middle of a screw's head, through which the rod runs."""


@dataclass(frozen=True)
class Omission:
    """A pedicle for which no screw is proposed, and why."""

    label: int
    side: str
    code: str
    message: Message

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        return {
            "label": self.label,
            "level": label_of(self.label).name,
            "side": self.side,
            "code": self.code,
            "message": self.message.text(),
        }


@dataclass(frozen=True, eq=False)
class Rod:
    """A rod through the heads of one side: (N, 3) points along its curve, from head to foot, RAS+ mm."""

    side: str
    points_mm: Array

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON."""
        steps = np.linalg.norm(np.diff(self.points_mm, axis=0), axis=1)
        return {
            "side": self.side,
            "length_mm": round(float(steps.sum()), 1),
            "points_ras_mm": np.round(self.points_mm, 2).tolist(),
        }


def rods_of(screws: list[Screw]) -> list[Rod]:
    """Fit a rod to the heads of each side that has two or more: a smooth curve that passes through every head."""
    from scipy.interpolate import make_interp_spline

    rods = []
    for side in SIDES:
        heads = np.array([screw.head_mm for screw in screws if screw.side == side])
        if len(heads) < 2:
            continue
        heads = heads[np.argsort(-heads[:, 2])]
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(heads, axis=0), axis=1))])
        curve = make_interp_spline(along, heads, k=min(3, len(heads) - 1))
        rods.append(Rod(side, np.asarray(curve(np.linspace(0, along[-1], max(2, int(along[-1] / 2) + 1))))))
    return rods
