"""Triangle meshes of label maps, made by VTK without its renderer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import (
    vtkPolyDataNormals,
    vtkQuadricDecimation,
    vtkReverseSense,
    vtkSurfaceNets3D,
    vtkWindowedSincPolyDataFilter,
)

from segmentation.analysis.manifold import moved_apart, separate_sheets, without_fins
from segmentation.core.boxes import Box, bounding_box, labelled_boxes
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.writers.mesh import Surface

MAX_TRIANGLES = 150_000
_SMOOTHING_STEPS = 30
_PASS_BAND = 0.02
_MAX_REDUCTION = 0.9  # beyond which a vertebra's processes suffer; whoever asks for fewer triangles gets fewer
_MAX_REDUCTION_ASKED = 0.99
_APART = 0.01  # of a voxel
_REDUCE_MORE = (0.0, 0.02)  # of the triangles: another number of them gives another, mostly sound mesh


def surfaces(
    label_map: LabelMap, labels: Iterable[int] | None = None, max_triangles: int = MAX_TRIANGLES
) -> list[Surface]:
    """Make named, coloured triangles of ``labels`` (by default of all that occur); a label that is absent has none.

    Args:
        label_map: (I, J, K) labels.
        labels: Their numbers.
        max_triangles: A label at most.
    """
    found = []
    boxes = dict(labelled_boxes(label_map.labels))
    for number in boxes if labels is None else labels:
        box = boxes.get(number)
        mesh = vtkPolyData() if box is None else _mesh_in(box, label_map, number, max_triangles)
        label = label_of(number, label_map.kind)
        found.append(Surface(label.name, label.rgb, points_mm(mesh), _normals(mesh), _triangles(mesh)))
    return found


def surface_mesh(label_map: LabelMap, label: int = 1, max_triangles: int = MAX_TRIANGLES) -> vtkPolyData:
    """Make the surface of one label, smoothed, with normals that point outwards.

    VTK's SurfaceNets gives the mesh, sheets that touch are separated, and a windowed sinc filter smooths it: unlike
    the Laplacian smoothing that is built into SurfaceNets (which takes a tenth of a vertebra's volume) it keeps the
    volume within a percent.

    Args:
        label_map: (I, J, K) labels.
        label: Its number; a label that is absent gives a mesh without points.
        max_triangles: More than this are decimated; by default to a tenth at most, to a hundredth where fewer
            than ``MAX_TRIANGLES`` are asked for.

    Returns:
        vtkPolyData: triangles in RAS+ mm, closed also where the label touches the border of the scan, each edge in
        two of them. A mask so ragged that decimation would spoil that keeps all its triangles.
    """
    box = bounding_box(label_map.labels == label)
    return vtkPolyData() if box is None else _mesh_in(box, label_map, label, max_triangles)


def _mesh_in(box: Box, label_map: LabelMap, label: int, max_triangles: int) -> vtkPolyData:
    """Make the surface of a label that lies in a box."""
    crop = np.pad((label_map.labels[box] == label).astype(np.uint8), 1)
    spacing = np.array(label_map.grid.spacing_mm)
    mesh = _nets(crop, spacing)
    if mesh.GetNumberOfPolys() > max_triangles:
        most = _MAX_REDUCTION if max_triangles >= MAX_TRIANGLES else _MAX_REDUCTION_ASKED
        mesh = _decimated(mesh, min(most, 1 - max_triangles / mesh.GetNumberOfPolys()))
    # From mm along the array's axes, origin at the padded crop's first voxel, to RAS+ mm.
    matrix = label_map.grid.affine.copy()
    matrix[:3, 3] = label_map.grid.to_mm(np.array([part.start - 1.0 for part in box]))
    matrix[:3, :3] /= spacing
    return _with_normals(_moved(mesh, matrix))


def _nets(mask: NDArray[np.uint8], spacing: NDArray[np.float64]) -> vtkPolyData:
    image = vtkImageData()
    image.SetDimensions(*mask.shape)
    image.SetSpacing(*spacing)
    image.GetPointData().SetScalars(_to_vtk(mask.ravel(order="F")))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOff()
    nets.Update()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(_with_separate_sheets(nets.GetOutput(), mask, spacing))
    smooth.SetNumberOfIterations(_SMOOTHING_STEPS)
    smooth.SetPassBand(_PASS_BAND)
    smooth.NormalizeCoordinatesOn()
    smooth.FeatureEdgeSmoothingOff()
    smooth.Update()
    mesh = cast("vtkPolyData", smooth.GetOutput())
    mesh.GetCellData().Initialize()
    points = points_mm(mesh)
    apart = moved_apart(points, _triangles(mesh), _APART * float(spacing.min()))
    return mesh if apart is points else _mesh_of(apart, _triangles(mesh))


def _with_separate_sheets(mesh: vtkPolyData, mask: NDArray[np.uint8], spacing: NDArray[np.float64]) -> vtkPolyData:
    triangles = _triangles(mesh)
    points, separate = separate_sheets(points_mm(mesh) / spacing, triangles, mask)
    return mesh if separate is triangles else _mesh_of(points * spacing, separate)


def _decimated(mesh: vtkPolyData, reduction: float) -> vtkPolyData:
    """Decimate by a share of the triangles, or a little more; not at all where edges of four triangles come of it."""
    for more in _REDUCE_MORE:
        decimate = vtkQuadricDecimation()
        decimate.SetInputData(mesh)
        decimate.SetTargetReduction(1 - (1 - reduction) * (1 - more))
        decimate.Update()
        found = cast("vtkPolyData", decimate.GetOutput())
        triangles = _triangles(found)
        kept = without_fins(triangles)
        if kept is not None:
            return found if kept is triangles else _mesh_of(points_mm(found), kept)
    return mesh


def _mesh_of(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> vtkPolyData:
    used, numbers = np.unique(triangles, return_inverse=True)
    mesh = vtkPolyData()
    mesh.SetPoints(vtkPoints())
    mesh.GetPoints().SetData(_to_vtk(points[used].astype(np.float32)))
    mesh.SetPolys(vtkCellArray())
    mesh.GetPolys().SetData(3, _to_vtk(numbers.ravel()))
    return mesh


def _moved(mesh: vtkPolyData, matrix: NDArray[np.float64]) -> vtkPolyData:
    points = points_mm(mesh)
    mesh.GetPoints().SetData(_to_vtk(points @ matrix[:3, :3].T + matrix[:3, 3]))
    if np.linalg.det(matrix[:3, :3]) > 0:
        return mesh
    # A mirrored grid turns the triangles inside out.
    turner = vtkReverseSense()
    turner.SetInputData(mesh)
    turner.ReverseCellsOn()
    turner.Update()
    return cast("vtkPolyData", turner.GetOutput())


def _with_normals(mesh: vtkPolyData) -> vtkPolyData:
    normals = vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return cast("vtkPolyData", normals.GetOutput())


def points_mm(mesh: vtkPolyData) -> NDArray[np.float64]:
    """Return the (N, 3) vertices of a mesh."""
    return np.empty((0, 3)) if mesh.GetPoints() is None else _from_vtk(mesh.GetPoints().GetData()).astype(np.float64)


def _normals(mesh: vtkPolyData) -> NDArray[np.float64]:
    normals = mesh.GetPointData().GetNormals()
    return np.empty((0, 3)) if normals is None else _from_vtk(normals).astype(np.float64)


def _triangles(mesh: vtkPolyData) -> NDArray[np.int64]:
    if not mesh.GetNumberOfPolys():
        return np.empty((0, 3), dtype=np.int64)
    return _from_vtk(mesh.GetPolys().GetConnectivityArray()).astype(np.int64).reshape(-1, 3)


def _from_vtk(array: Any) -> NDArray[Any]:
    values: NDArray[Any] = vtk_to_numpy(array)  # type: ignore[no-untyped-call]
    return values


def _to_vtk(array: NDArray[Any]) -> Any:
    return numpy_to_vtk(array, deep=True)  # type: ignore[no-untyped-call]
