"""Hounsfield units (HU): the values that several modules compare with, each with its meaning, and display windows.

Bone begins at no single value: the fuller a voxel is with cortical bone the higher. A lower bound is used where other
evidence supports it, a higher one where nothing does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

AIR_HU = -1024
"""What lies outside a scanner's field of view, and the lowest value of a 12-bit CT."""

METAL_HU = 3071
"""The highest value of a 12-bit CT, which metal reaches."""

THIN_TISSUE_HU = -400
"""Below it lies lung or air, of any density that they have."""

PSEUDO_LABEL_BONE_HU = 100.0
"""Above it a smoothed voxel that a model marked may be bone; discs and muscle lie below."""

RIB_BONE_HU = 120.0
"""Above it a voxel next to lung is rib; vessels without contrast medium and muscle lie below."""

BONE_HU = 200
"""Above it a voxel is bone by its density alone, as long as it is part of a large piece."""

BONE_SURFACE_HU = 220
"""Where the surface of bone is drawn in 3D: somewhat higher, so that noise draws no specks."""


def windowed(hu: NDArray[Any], window_hu: tuple[float, float]) -> NDArray[np.float32]:
    """Map HU of any shape to 0..1 between the lower and the upper end of a display window, clipped beyond."""
    low, high = window_hu
    return np.asarray(np.clip((hu.astype(np.float32) - low) / (high - low), 0, 1), dtype=np.float32)
