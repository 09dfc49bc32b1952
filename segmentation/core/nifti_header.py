"""Place of a NIfTI image in millimetres, for the reader and for the writer that repeats its header."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPACE_UNITS = 0b111  # the lowest bits of xyzt_units
_MM_PER_UNIT = {1: 1000.0, 3: 0.001}  # metre, micrometre; the rest is millimetre, or unknown and taken for it


def mm_per_unit(header: Any) -> float:
    """Length in mm of the unit in which a ``nibabel.Nifti1Header`` (or 2) gives lengths."""
    return _MM_PER_UNIT.get(int(header["xyzt_units"]) & _SPACE_UNITS, 1.0)


def affine_mm(header: Any) -> NDArray[np.float64]:
    """Compute the (4, 4) affine from voxel index to RAS+ mm: of the sform, else of the qform, else nibabel's.

    nibabel itself leaves lengths in the header's unit. With neither form coded it assumes LAS about the centre.

    Raises:
        ValueError: the quaternion is not a rotation (of nibabel, as is its HeaderDataError).
    """
    affine = np.array(header.get_best_affine(), dtype=np.float64)
    affine[:3] *= mm_per_unit(header)
    return affine
