"""What changed from one registration of a vertebra to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.registration import rigid

Array = NDArray[np.float64]


def change_since(
    earlier: dict[str, Any] | None, label: int, image_from_tracker: Array, targets_mm: Array
) -> dict[str, Any]:
    """Say by how much a registration differs from the one before it of the same vertebra.

    Returns:
        ``previous``, its number; ``change_mm``, the greatest distance at the targets; ``change_deg``. None without one.
    """
    if earlier is None or earlier["label"] != label:
        return {"previous": None, "change_mm": None, "change_deg": None}
    motion = image_from_tracker @ rigid.inverse(np.array(earlier["image_from_tracker"]))
    moved = np.linalg.norm(rigid.apply(motion, targets_mm) - targets_mm, axis=1).max()
    return {
        "previous": earlier["number"],
        "change_mm": round(float(moved), 2),
        "change_deg": round(rigid.angle_deg(motion[:3, :3]), 2),
    }
