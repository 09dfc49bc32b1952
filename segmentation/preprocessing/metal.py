"""Metal in a CT: implants, clips and dental fillings, by their density.

A network that is shown 0 to 1000 HU cannot tell a screw from dense cortical bone. What is denser than any bone is
therefore shown to it as air, and is never part of a mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box, bounding_box


def hide_metal(hu: NDArray[np.float32], threshold_hu: float, value_hu: float) -> None:
    """Set voxels denser than ``threshold_hu``, and those that share a face with one, to ``value_hu``.

    The neighbours are half metal, half of what lies there (partial volume). Changes the (I, J, K) array in place.
    """
    box = metal_box(hu, threshold_hu, margin=1)
    if box is not None:
        part = hu[box]
        part[ndimage.binary_dilation(part > threshold_hu)] = value_hu


def metal_box(hu: NDArray[Any], threshold_hu: float, margin: int = 0) -> Box | None:
    """Return the box around all voxels denser than ``threshold_hu``, ``margin`` voxels wider; None without any."""
    if not hu.size or hu.max() <= threshold_hu:  # so that a scan without metal costs one look
        return None
    return bounding_box(hu > threshold_hu, margin)
