"""Baseline without a network: bone found by a threshold, the figure that a model must beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.hounsfield import BONE_HU
from segmentation.evaluation.metrics import Mask

KEPT_SHARE = 0.1
DESCRIPTION = (
    f"HU > {BONE_HU}; of its 26-connected components the largest and every other of at least "
    f"{KEPT_SHARE:.0%} of its size; closed holes filled"
)


def bone_threshold(hu: NDArray[np.int16] | NDArray[np.float32]) -> Mask:
    """Segment the large bones of (I, J, K) HU by a threshold, as ``DESCRIPTION`` says."""
    labels, count = ndimage.label(hu > BONE_HU, structure=np.ones((3, 3, 3)))
    if count == 0:
        return np.zeros(hu.shape, dtype=bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept = sizes >= KEPT_SHARE * sizes.max()
    return np.asarray(ndimage.binary_fill_holes(kept[labels]))
