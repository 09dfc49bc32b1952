"""Each format is read back by VTK's own reader, which knows nothing of how it was written."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkAppendPolyData, vtkMassProperties
from vtkmodules.vtkIOGeometry import vtkGLTFReader, vtkOBJReader, vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader

from segmentation.analysis.surface import surfaces
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.writers.mesh import SUFFIXES, Axes, write_surfaces

AFFINE = np.array([[-0.8, 0, 0, 30], [0, -0.8, 0, 12], [0, 0, 1.25, -40], [0, 0, 0, 1]])
READERS = {".stl": vtkSTLReader, ".obj": vtkOBJReader, ".ply": vtkPLYReader}


@pytest.fixture(scope="module")
def two_balls() -> LabelMap:
    """L1 (8 mm radius) above L2 (5 mm)."""
    grid = Grid((30, 30, 40), AFFINE)
    mm = grid.to_mm(np.moveaxis(np.indices(grid.shape), 0, -1).astype(float))
    labels = np.zeros(grid.shape, np.uint8)
    labels[np.linalg.norm(mm - grid.to_mm(np.array([15, 15, 28])), axis=-1) < 8] = 20
    labels[np.linalg.norm(mm - grid.to_mm(np.array([15, 15, 10])), axis=-1) < 5] = 21
    return LabelMap(labels, grid, "vertebrae")


def read(path: Path) -> vtkPolyData:
    """All triangles of a file."""
    if path.suffix != ".glb":
        reader = READERS[path.suffix]()
        reader.SetFileName(str(path))
        reader.Update()
        return reader.GetOutput()
    reader = vtkGLTFReader()
    reader.SetFileName(str(path))
    reader.Update()
    joined = vtkAppendPolyData()
    blocks = reader.GetOutput().NewIterator()
    while not blocks.IsDoneWithTraversal():
        joined.AddInputData(blocks.GetCurrentDataObject())
        blocks.GoToNextItem()
    joined.Update()
    return joined.GetOutput()


def points(mesh: vtkPolyData) -> NDArray[np.float64]:
    return np.asarray(vtk_to_numpy(mesh.GetPoints().GetData()), dtype=np.float64)


def content_of(glb: bytes) -> dict[str, Any]:
    length, kind = struct.unpack_from("<I4s", glb, 12)
    assert kind == b"JSON"
    found: dict[str, Any] = json.loads(glb[20 : 20 + length])
    return found


@pytest.mark.parametrize("axes", ["ras", "lps"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_reader_finds_the_labels_where_they_lie_in_the_patient(
    two_balls: LabelMap, tmp_path: Path, suffix: str, axes: Axes
) -> None:
    path = tmp_path / f"spine{suffix}"
    write_surfaces(surfaces(two_balls), path, axes)
    mesh = read(path)
    low, high = points(mesh).min(axis=0), points(mesh).max(axis=0)
    inside = two_balls.grid.to_mm(np.argwhere(two_balls.labels > 0).astype(float))
    if axes == "lps":
        inside = inside * (-1, -1, 1)
    assert np.abs(low - inside.min(axis=0)).max() < 1.0
    assert np.abs(high - inside.max(axis=0)).max() < 1.0
    mass = vtkMassProperties()
    mass.SetInputData(mesh)
    mass.Update()
    assert mass.GetVolume() / 1000 == pytest.approx(two_balls.volume_ml, rel=0.02)
    assert f"SPACE={axes.upper()}".encode() in path.read_bytes()[:400]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".stl", ".glb"])
def test_triangles_face_outwards_in_either_convention(two_balls: LabelMap, tmp_path: Path, suffix: str) -> None:
    for axes in ("ras", "lps"):
        path = tmp_path / f"{axes}{suffix}"
        write_surfaces(surfaces(two_balls), path, axes)
        mesh = read(path)
        corners = points(mesh)[np.asarray(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray())).reshape(-1, 3)]
        volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6000
        assert volume == pytest.approx(two_balls.volume_ml, rel=0.02)


def test_obj_and_glb_name_each_label_and_ply_and_glb_colour_it(two_balls: LabelMap, tmp_path: Path) -> None:
    found = surfaces(two_balls)
    for suffix in (".obj", ".ply", ".glb"):
        write_surfaces(found, tmp_path / f"s{suffix}")
    text = (tmp_path / "s.obj").read_text()
    assert [line for line in text.splitlines() if line.startswith("o ")] == ["o L1", "o L2"]
    glb = content_of((tmp_path / "s.glb").read_bytes())
    assert [node["name"] for node in glb["nodes"]] == ["L1", "L2"]
    assert len({tuple(m["pbrMetallicRoughness"]["baseColorFactor"]) for m in glb["materials"]}) == 2
    colours = np.asarray(vtk_to_numpy(read(tmp_path / "s.ply").GetPointData().GetScalars()))
    assert {tuple(rgb) for rgb in colours.tolist()} == {surface.rgb for surface in found}


def test_fewer_triangles_keep_the_shape(two_balls: LabelMap) -> None:
    full, few = surfaces(two_balls), surfaces(two_balls, max_triangles=200)
    assert all(len(surface.triangles) <= 200 < len(fine.triangles) for surface, fine in zip(few, full, strict=True))
    for surface, fine in zip(few, full, strict=True):
        assert np.abs(surface.points_mm.max(axis=0) - fine.points_mm.max(axis=0)).max() < 0.8


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mask_without_labels_gives_a_readable_file_without_triangles(tmp_path: Path, suffix: str) -> None:
    empty = LabelMap(np.zeros((3, 4, 5), np.uint8), Grid((3, 4, 5), np.eye(4)))
    write_surfaces(surfaces(empty, [1]), tmp_path / f"none{suffix}")
    data = (tmp_path / f"none{suffix}").read_bytes()
    assert b"SPACE=RAS" in data
    assert {".stl": len(data) == 84, ".obj": b"\nf " not in data, ".ply": b"element face 0\n" in data,
            ".glb": suffix == ".glb" and struct.unpack_from("<I", data, 8)[0] == len(data)}[suffix]  # fmt: skip


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dxf"):
        write_surfaces([], tmp_path / "spine.dxf")
