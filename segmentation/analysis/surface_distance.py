"""Distance of one mask's surface from another's, point by point, for a coloured picture of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersGeneral import vtkDistancePolyDataFilter

from segmentation.analysis.surface import surface_mesh
from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.volume import LabelMap


@dataclass(frozen=True, eq=False)
class DistanceSurface:
    """A mask's surface with its distance from another one at each vertex.

    Attributes:
        points_mm: (N, 3) float32 vertices, RAS+ mm.
        triangles: (T, 3) uint32 numbers of vertices, outward by the right-hand rule.
        distance_mm: (N,) float32 to the reference's surface: positive outside of the reference, negative inside.
    """

    points_mm: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    distance_mm: NDArray[np.float32]


def distance_surface(mask: LabelMap, reference: LabelMap) -> DistanceSurface:
    """Make the surface of ``mask``'s spine, each point with its distance to the surface of ``reference``'s.

    Args:
        mask: (I, J, K) labels; vertebrae of a vertebra map are taken together, a sacrum is left out.
        reference: (I, J, K) labels on the same grid.

    Raises:
        GridMismatch: the two lie on different grids.
        InputError: one of the two holds no spine.
    """
    if not mask.grid.matches(reference.grid):
        raise GridMismatch("grids.two_masks")
    surface, other = _spine(mask), _spine(reference)
    if not surface.GetNumberOfPoints() or not other.GetNumberOfPoints():
        raise InputError("mask.no_spine_to_compare")
    measure = vtkDistancePolyDataFilter()
    measure.SetInputData(0, surface)
    measure.SetInputData(1, other)
    measure.SignedDistanceOn()
    measure.ComputeSecondDistanceOff()
    measure.ComputeCellCenterDistanceOff()
    measure.Update()
    measured = measure.GetOutput()
    return DistanceSurface(
        _array(measured.GetPoints().GetData()).astype(np.float32),
        _array(measured.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.uint32),
        _array(measured.GetPointData().GetArray("Distance")).astype(np.float32),
    )


def _spine(label_map: LabelMap) -> vtkPolyData:
    return surface_mesh(LabelMap(spine_voxels(label_map).astype(np.uint8), label_map.grid, "spine"))


def _array(data: Any) -> NDArray[Any]:
    array: NDArray[Any] = vtk_to_numpy(data)  # type: ignore[no-untyped-call]
    return array
