"""Checks of a registration during the work: a known place is touched again, and its error is seen.

Three errors are told apart: of a landmark whose place in the image is known, of the surface, which any touch of the
bone shows, and of a place that was touched before, which moves when the reference or the vertebra did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from segmentation.core.messages import Message
from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField
from segmentation.registration.verdict import Reason

Array = NDArray[np.float64]

LANDMARK_LIMIT_MM = 3.0
"""Of a landmark: a person finds a place to about 1 mm in each direction, 2.8 mm in all (95 %)."""
SURFACE_LIMIT_MM = 2.0
DRIFT_LIMIT_MM = 2.0
"""Between two touches of one place."""
GROWTH_LIMIT_MM = 1.5
"""Of the mean distance to the surface, last three touches against the first three."""
STEADY_MM = 1.0
"""Root mean square movement of a tip that is held still."""
MOST_SAMPLES = 500
_FEW = 3


class CheckState(StrEnum):
    """Words of ``state`` of a check."""

    GOOD = "good"
    REPEAT = "repeat"
    OFF = "off"
    DRIFTED = "drifted"


@dataclass(frozen=True, eq=False)
class TouchCheck:
    """What a touch says of a registration.

    Attributes:
        tracker_mm: (3,) mean of the samples, mm of the tracker.
        image_mm: (3,) where the registration puts it, RAS+ mm.
        error_mm: Distance from the landmark; None where no place was expected.
        surface_mm: Signed distance to the vertebra's surface, without soft tissue; negative inside.
        moved_mm: Distance from where the same place was touched first; None at the first touch.
        state: ``good``; ``repeat``: the tip was not held still; ``off``: beyond a limit; ``drifted``: it was within
            the limits before, so that the reference or the vertebra moved.
        reasons: Why it is not good.
    """

    tracker_mm: Array
    image_mm: Array
    error_mm: float | None
    surface_mm: float
    moved_mm: float | None
    state: CheckState
    reasons: list[Reason]


def check_touch(
    image_from_tracker: Array,
    field: DistanceField,
    samples_mm: Array,
    landmark_mm: Array | None = None,
    earlier_mm: Sequence[Array] = (),
    earlier_surface_mm: Sequence[float] = (),
    soft_tissue_mm: float = 0.0,
) -> TouchCheck:
    """Compare a touch with what the registration says, and with touches before it.

    Args:
        image_from_tracker: (4, 4) the registration.
        field: Surface of the vertebra that was registered.
        samples_mm: (N, 3) places of the tip while it was held still, mm of the tracker.
        landmark_mm: (3,) RAS+ mm where the tip should be; None for any place on the bone.
        earlier_mm: Touches of the same place with this registration, mm of the tracker, oldest first.
        earlier_surface_mm: Distances to the surface of all touches with this registration, oldest first.
        soft_tissue_mm: Thickness under the tip that the registration found.
    """
    tip = samples_mm.mean(axis=0)
    image = rigid.apply(image_from_tracker, tip[None])[0]
    surface = float(field.distances(image[None])[0]) - soft_tissue_mm
    error = None if landmark_mm is None else float(np.linalg.norm(image - landmark_mm))
    moved = float(np.linalg.norm(tip - earlier_mm[0])) if len(earlier_mm) else None
    sway = float(np.sqrt(((samples_mm - tip) ** 2).sum(axis=1).mean()))
    state, reasons = _judge(error, surface, moved, sway, [*earlier_surface_mm, surface])
    return TouchCheck(tip, image, error, surface, moved, state, reasons)


def _judge(
    error: float | None, surface: float, moved: float | None, sway: float, surfaces: Sequence[float]
) -> tuple[CheckState, list[Reason]]:
    if sway > STEADY_MM:
        return CheckState.REPEAT, [Reason("unsteady", Message.of("check.unsteady", moved=sway, limit=STEADY_MM))]
    drift, off = [], []
    if moved is not None and moved > DRIFT_LIMIT_MM:
        drift.append(Reason("moved", Message.of("check.moved", moved=moved)))
    growth = _growth(surfaces)
    if growth > GROWTH_LIMIT_MM:
        drift.append(Reason("grows", Message.of("check.grows", growth=growth)))
    if error is not None and error > LANDMARK_LIMIT_MM:
        off.append(Reason("landmark_off", Message.of("check.landmark_off", error=error, limit=LANDMARK_LIMIT_MM)))
    if abs(surface) > SURFACE_LIMIT_MM:
        off.append(Reason("surface_off", Message.of("check.surface_off", error=abs(surface), limit=SURFACE_LIMIT_MM)))
    state = CheckState.DRIFTED if drift else CheckState.OFF if off else CheckState.GOOD
    return state, [*drift, *off]


def _growth(surfaces: Sequence[float]) -> float:
    """Tell by how many mm distances to the surface grew: the last three touches less the first three."""
    if len(surfaces) < 2 * _FEW:
        return 0.0
    away = np.abs(surfaces)
    return float(away[-_FEW:].mean() - away[:_FEW].mean())
