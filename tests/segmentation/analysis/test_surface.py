from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFeatureEdges

from segmentation.analysis.surface import points_mm, surface_mesh, surfaces
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.writers import write_surfaces

AFFINES = [
    np.diag([1.0, 1.0, 1.0, 1.0]),
    np.diag([-1.0, -1.0, 2.0, 1.0]),
    np.diag([-0.7, 1.0, 2.0, 1.0]),  # mirrored: left-handed
    np.array([[0, 0, 1.5, -7], [1, 0, 0, 9], [0, -1, 0, 3], [0, 0, 0, 1]]),
]


def ball(affine: NDArray[np.float64], label: int = 1) -> LabelMap:
    """A ball of 10 mm radius in the middle of 40 voxels a side."""
    grid = Grid((40, 40, 40), affine)
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    inside = np.linalg.norm(grid.to_mm(index) - grid.to_mm(np.array([20, 20, 20])), axis=-1) < 10
    return LabelMap(inside.astype(np.uint8) * label, grid, "spine" if label == 1 else "vertebrae")


def triangles(mesh: vtkPolyData) -> NDArray[np.int64]:
    return np.asarray(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray())).reshape(-1, 3)


def signed_ml(mesh: vtkPolyData) -> float:
    """Volume by the divergence theorem; positive if the triangles face outwards."""
    corners = points_mm(mesh)[triangles(mesh)]
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6000


def open_edges(mesh: vtkPolyData) -> int:
    edges = vtkFeatureEdges()
    edges.SetInputData(mesh)
    edges.FeatureEdgesOff()
    edges.Update()
    return int(edges.GetOutput().GetNumberOfCells())


@pytest.mark.parametrize("affine", AFFINES)
def test_a_ball_keeps_its_place_its_volume_and_its_outside(affine: NDArray[np.float64]) -> None:
    label_map = ball(affine)
    mesh = surface_mesh(label_map)
    assert signed_ml(mesh) == pytest.approx(label_map.volume_ml, rel=0.01)
    assert open_edges(mesh) == 0
    centre = label_map.grid.to_mm(np.array([20, 20, 20]))
    offsets = points_mm(mesh) - centre
    assert np.abs(offsets.mean(axis=0)).max() < 0.1
    assert np.abs(np.linalg.norm(offsets, axis=1) - 10).max() < 1.0
    normals = np.asarray(vtk_to_numpy(mesh.GetPointData().GetNormals()))
    assert ((normals * offsets).sum(axis=1) > 8).all()


def test_a_label_cut_by_the_border_is_closed() -> None:
    label_map = ball(np.eye(4))
    cut = LabelMap(label_map.labels[20:].copy(), Grid((20, 40, 40), np.eye(4)))
    assert open_edges(surface_mesh(cut)) == 0


def test_only_the_label_asked_for_is_drawn() -> None:
    label_map = ball(np.eye(4), label=22)
    assert surface_mesh(label_map, 22).GetNumberOfPolys() > 1000
    assert surface_mesh(label_map, 21).GetNumberOfPoints() == 0


def test_large_meshes_are_decimated() -> None:
    label_map = ball(np.eye(4))
    full, few = surface_mesh(label_map), surface_mesh(label_map, max_triangles=800)
    assert few.GetNumberOfPolys() <= 800 < full.GetNumberOfPolys()
    assert signed_ml(few) == pytest.approx(label_map.volume_ml, rel=0.03)


def test_stl_holds_the_triangles(tmp_path: Path) -> None:
    mesh = surface_mesh(ball(AFFINES[1]))
    write_surfaces(surfaces(ball(AFFINES[1])), tmp_path / "spine.stl")
    data = (tmp_path / "spine.stl").read_bytes()
    count = int.from_bytes(data[80:84], "little")
    assert count == mesh.GetNumberOfPolys()
    assert len(data) == 84 + 50 * count
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")])
    corners = np.frombuffer(data[84:], record)["corners"]
    assert np.allclose(corners.min(axis=(0, 1)), points_mm(mesh).min(axis=0), atol=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["spine.stl"]


def test_an_empty_mesh_is_a_valid_stl(tmp_path: Path) -> None:
    write_surfaces(surfaces(ball(np.eye(4)), [9]), tmp_path / "none.stl")
    assert len((tmp_path / "none.stl").read_bytes()) == 84
