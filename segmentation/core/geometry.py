"""The grid of a 3D image: where each voxel lies in the patient, and the order of the image's axes.

nibabel is imported where it is called: it takes half a second, and most of what knows a grid turns no axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadGeometry

Shape3 = tuple[int, int, int]
Voxel = TypeVar("Voxel", bound=np.generic)

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
"""Factors of x, y, z from RAS+ mm (NIfTI, this project) to LPS+ mm (DICOM, ITK), and back."""
RAS_TO_LPS.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular lattice of voxels: voxel index (i, j, k) to RAS+ mm (NIfTI's convention).

    Attributes:
        shape: Number of voxels along i, j and k.
        affine: (4, 4) float64; ``affine @ (i, j, k, 1)`` is the voxel centre in mm.

    Raises:
        BadGeometry: the affine holds NaN or infinity, is singular, or does not end in (0, 0, 0, 1).
    """

    shape: Shape3
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise BadGeometry("affine.not_finite")
        # Relative to the column lengths, so that the test does not depend on the unit of length.
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        if (lengths < 1e-6).any() or abs(np.linalg.det(affine[:3, :3] / lengths)) < 1e-3:
            raise BadGeometry("affine.singular")
        if not np.allclose(affine[3], (0, 0, 0, 1)):
            raise BadGeometry("affine.last_row")
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along i, j, k."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return (float(lengths[0]), float(lengths[1]), float(lengths[2]))

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Length covered along i, j, k: voxels times spacing."""
        si, sj, sk = self.spacing_mm
        return (self.shape[0] * si, self.shape[1] * sj, self.shape[2] * sk)

    @property
    def orientation(self) -> str:
        """Directions of the axes, as three of the letters R/L, A/P, S/I, for instance ``"LPS"``."""
        from nibabel.orientations import aff2axcodes

        return "".join(aff2axcodes(self.affine))

    @property
    def is_sheared(self) -> bool:
        """Whether two axes are not at right angles, to a hundredth of a degree or so (a tilted gantry)."""
        axes = self.affine[:3, :3] / np.array(self.spacing_mm)
        return not np.allclose(axes.T @ axes, np.eye(3), atol=1e-4)

    @property
    def upright(self) -> Grid:
        """The grid with the same first voxel whose axes are at right angles, as near to these as they can be."""
        spacing = np.array(self.spacing_mm)
        left, _, right = np.linalg.svd(self.affine[:3, :3] / spacing)  # the orthogonal factor of a polar decomposition
        affine = np.array(self.affine)
        affine[:3, :3] = left @ right * spacing
        return Grid(self.shape, affine)

    @property
    def shear_shows(self) -> bool:
        """Whether a voxel would lie more than half a voxel away if the axes were at right angles."""
        return not self.matches(self.upright, tolerance_mm=min(self.spacing_mm) / 2)

    @property
    def canonical(self) -> Grid:
        """The grid of the same voxels with axes permuted and flipped to point most nearly towards R, A and S."""
        from nibabel.orientations import inv_ornt_aff, io_orientation

        orientation = io_orientation(self.affine)
        i, j, k = np.argsort(orientation[:, 0])
        shape = (self.shape[i], self.shape[j], self.shape[k])
        return Grid(shape, self.affine @ inv_ornt_aff(orientation, self.shape))

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000.0)

    def to_mm(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert (..., 3) voxel indices to (..., 3) RAS+ mm."""
        return np.asarray(np.asarray(index) @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, point_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert (..., 3) RAS+ mm to (..., 3) fractional voxel indices."""
        inverse = np.linalg.inv(self.affine)
        return np.asarray(np.asarray(point_mm) @ inverse[:3, :3].T + inverse[:3, 3])

    def cropped(self, box: tuple[slice, slice, slice]) -> Grid:
        """Return the grid of ``array[box]``; the slices have a start and a stop, and no step."""
        first = np.array([part.start for part in box], dtype=np.float64)
        affine = np.array(self.affine)
        affine[:3, 3] = self.to_mm(first)
        i, j, k = (part.stop - part.start for part in box)
        return Grid((i, j, k), affine)

    def matches(self, other: Grid, tolerance_mm: float = 0.01) -> bool:
        """Tell whether both have the same shape and every voxel centre agrees within ``tolerance_mm``."""
        if self.shape != other.shape:
            return False
        corners = self._corners()
        return bool(np.abs(self.to_mm(corners) - other.to_mm(corners)).max() <= tolerance_mm)

    def furthest_mm(self, other: Grid) -> float:
        """Return how far from each other the two grids put the voxel at which they differ most."""
        corners = self._corners()
        return float(np.linalg.norm(self.to_mm(corners) - other.to_mm(corners), axis=1).max())

    def _corners(self) -> NDArray[np.float64]:
        return np.array(np.meshgrid(*[(0.0, n - 1.0) for n in self.shape])).reshape(3, -1).T


def to_canonical(array: NDArray[Voxel], grid: Grid) -> NDArray[Voxel]:
    """Permute and flip an array on ``grid`` to the axes of ``grid.canonical``.

    Args:
        array: (I, J, K) or (I, J, K, ...), voxels of ``grid``; more voxels or fewer are allowed.
        grid: Only the directions of its axes are used.

    Returns:
        A view of ``array``: writing to it changes the original.
    """
    from nibabel.orientations import apply_orientation, io_orientation

    return np.asarray(apply_orientation(array, io_orientation(grid.affine)))


def from_canonical(array: NDArray[Voxel], grid: Grid) -> NDArray[Voxel]:
    """Undo ``to_canonical``: an array with axes towards R, A and S as a view with the axes of ``grid``."""
    from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform

    back = ornt_transform(axcodes2ornt("RAS"), io_orientation(grid.affine))
    return np.asarray(apply_orientation(array, back))
