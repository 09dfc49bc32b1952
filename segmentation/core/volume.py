"""Volumes and label maps: a 3D array of Hounsfield units or of labels, together with its grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.notes import Note


@dataclass(frozen=True, eq=False)
class Volume:
    """A CT: Hounsfield units on a grid.

    Attributes:
        hu: (I, J, K) int16 or float32 array of Hounsfield units, in the axis order of the file.
        grid: Where ``hu`` lies.
        header: The file's own header (for NIfTI a ``nibabel.Nifti1Header``), kept so that a mask can be
            written with the same qform, sform and units; None where the format has none.
        notes: What was unusual in the files and was repaired or let pass.
    """

    hu: NDArray[np.int16] | NDArray[np.float32]
    grid: Grid
    header: Any = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.hu.shape != self.grid.shape:
            raise ValueError(f"array of shape {self.hu.shape} on a grid of shape {self.grid.shape}")


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A segmentation: the label of each voxel of a grid.

    Attributes:
        labels: (I, J, K) uint8 array; 0 is background.
        grid: Where ``labels`` lies.
        kind: ``"spine"`` (binary: 1 is any vertebra) or ``"vertebrae"`` (VerSe numbers); never mixed.
        header: As in ``Volume``.
        notes: As in ``Volume``.
    """

    labels: NDArray[np.uint8]
    grid: Grid
    kind: str = "spine"
    header: Any = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.labels.shape != self.grid.shape:
            raise ValueError(f"array of shape {self.labels.shape} on a grid of shape {self.grid.shape}")
        if self.kind not in ("spine", "vertebrae"):
            raise ValueError(f"unknown kind of label map {self.kind!r}")

    @property
    def present(self) -> list[int]:
        """The labels that occur, ascending, without the background."""
        voxels = self.labels.ravel(order="K")  # as they lie in memory, without a copy; most are background
        return [int(number) for number in np.flatnonzero(np.bincount(voxels[voxels != 0], minlength=256))]

    @property
    def volume_ml(self) -> float:
        """Volume of everything that is not background, in millilitres."""
        return float(np.count_nonzero(self.labels)) * self.grid.voxel_ml
