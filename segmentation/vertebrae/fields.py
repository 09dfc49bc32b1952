"""What the naming network answers for each voxel, and the conventions that its training shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import Grid

Array = NDArray[np.float32]

VOXEL_MM = 4.0
"""Edge of the network's voxels."""
OFFSET_MM = 10.0
"""What 1 of an offset channel stands for."""
BACKGROUND, VERTEBRA, SACRAL, RIBS = range(4)
"""Classes of tissue."""
LEVELS: tuple[int, ...] = tuple(range(1, 26))
"""VerSe numbers of the level channels: C1 to L6."""


@dataclass(frozen=True, eq=False)
class Fields:
    """The network's answers on a grid of about ``VOXEL_MM`` with axes towards R, A and S.

    Attributes:
        grid: Where they lie.
        mask: (I, J, K) share of each voxel that is spine mask, 0..1.
        tissue: (4, I, J, K) probabilities.
        offset_mm: (3, I, J, K) from the voxel to the centre of its vertebra's body, RAS mm.
        levels: (25, I, J, K) log-probabilities of ``LEVELS``.
        with_ct: False where the mask was all that there was.
    """

    grid: Grid
    mask: Array
    tissue: Array
    offset_mm: Array
    levels: Array
    with_ct: bool = True

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Edge of a voxel along each axis, mm."""
        return np.array(self.grid.spacing_mm)


def fields_of(output: Array, mask: Array, grid: Grid) -> Fields:
    """Convert the network's (4 + 3 + 25, I, J, K) output to ``Fields``; all three lie on ``grid``."""
    tissue = _softmax(output[:4])
    offset_mm = output[4:7] * np.float32(OFFSET_MM)
    logits = output[7:]
    top = logits.max(axis=0)
    levels = logits - top - np.log(np.exp(logits - top).sum(axis=0))
    return Fields(grid, mask, tissue, offset_mm, levels)


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=0))
    return np.asarray(shifted / shifted.sum(axis=0), dtype=np.float32)
