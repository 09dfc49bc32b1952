"""What anatomy says about a mask that the network cannot know: no dust, no bubbles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# A cut-off tip of a vertebra at the border of a scan is a few hundred mm^3; noise is less.
SMALLEST_COMPONENT_MM3 = 400.0


def keep_spine(mask: NDArray[np.bool_], voxel_mm3: float) -> NDArray[np.bool_]:
    """Remove components smaller than 400 mm^3 from a (I, J, K) mask and fill holes that are closed in 3D.

    The vertebral canal and the intervertebral spaces are open, so filling closed holes cannot fill them.
    """
    if not mask.any():
        return mask
    box = tuple(
        slice(int(np.flatnonzero(line)[0]), int(np.flatnonzero(line)[-1]) + 1)
        for line in (mask.any(axis=(1, 2)), mask.any(axis=(0, 2)), mask.any(axis=(0, 1)))
    )
    inside = mask[box]
    labels, count = ndimage.label(inside, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes * voxel_mm3 >= SMALLEST_COMPONENT_MM3
    large[0] = False
    result = np.zeros_like(mask)
    result[box] = ndimage.binary_fill_holes(large[labels])
    return result
