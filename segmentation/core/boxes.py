"""Boxes: three slices that cut a part out of an (I, J, K) array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice, slice]
"""Slices along i, j and k, each with a start and a stop and no step."""


def bounding_box(mask: NDArray[np.bool_], margin: int = 0) -> Box | None:
    """Find the smallest box that holds every True voxel of a mask.

    Args:
        mask: (I, J, K).
        margin: Voxels added on each side, as far as the array reaches.

    Returns:
        The box; None if nothing is True.
    """
    bounds: list[slice] = []
    for size, others in zip(mask.shape, ((1, 2), (0, 2), (0, 1)), strict=True):
        filled = np.flatnonzero(mask.any(axis=others))
        if not filled.size:
            return None
        bounds.append(slice(max(0, int(filled[0]) - margin), min(size, int(filled[-1]) + 1 + margin)))
    return (bounds[0], bounds[1], bounds[2])


def whole_box(shape: Sequence[int]) -> Box:
    """Give the box of all voxels of an array of ``shape``."""
    i, j, k = shape
    return (slice(0, i), slice(0, j), slice(0, k))


def labelled_boxes(labels: NDArray[np.integer[Any]]) -> Iterator[tuple[int, Box]]:
    """Go through the numbers that occur in an (I, J, K) array, ascending and without 0, each with its box."""
    from scipy.ndimage import find_objects  # half a second to import

    for number, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            i, j, k = box
            yield number, (i, j, k)
