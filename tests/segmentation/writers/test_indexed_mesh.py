"""Indexed meshes, read back by hand and compared with the STL of the same surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.analysis.surface import surfaces
from segmentation.phantom import Phantom
from segmentation.writers import write_surfaces
from segmentation.writers.indexed_mesh import write_indexed_mesh

STL = np.dtype("(3,)<f4, (3,3)<f4, <u2")


def read(path: Path) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """(N, 3) vertices and (T, 3) triangles of a file without values."""
    raw = path.read_bytes()
    n, t = (int(count) for count in np.frombuffer(raw, "<u4", 2))
    assert len(raw) == 8 + 12 * n + 12 * t
    return np.frombuffer(raw, "<f4", 3 * n, 8).reshape(n, 3), np.frombuffer(raw, "<u4", 3 * t, 8 + 12 * n).reshape(t, 3)


def test_a_vertebra_has_the_triangles_of_its_stl_in_less_than_half_the_bytes(
    small_phantom: Phantom, tmp_path: Path
) -> None:
    [surface] = surfaces(small_phantom.labels, [21])
    write_surfaces([surface], tmp_path / "21.stl")
    write_indexed_mesh(tmp_path / "21.bin", surface.points_mm, surface.triangles)
    stl = (tmp_path / "21.stl").read_bytes()
    corners = np.frombuffer(stl, STL, offset=84)["f1"]
    points, triangles = read(tmp_path / "21.bin")
    assert len(triangles) > 1000
    np.testing.assert_array_equal(points[triangles], corners)
    assert len(np.unique(points, axis=0)) == len(points)
    assert len(points) == len(np.unique(corners.reshape(-1, 3), axis=0))
    assert (tmp_path / "21.bin").stat().st_size < 0.5 * len(stl)


def test_equal_vertices_become_one_and_all_others_keep_their_order(tmp_path: Path) -> None:
    square = np.array([[9, 0, 0], [1, 0, 0], [1, 1, 0], [9 + 1e-9, 0, 0], [1, 1, 0], [0, 1, 0]], np.float64)
    write_indexed_mesh(tmp_path / "square.bin", square, np.array([[0, 1, 2], [3, 4, 5]]))
    points, triangles = read(tmp_path / "square.bin")
    assert points.tolist() == [[9, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_vertices_with_values_stay_apart(tmp_path: Path) -> None:
    points = np.zeros((2, 3))
    write_indexed_mesh(tmp_path / "two.bin", points, np.array([[0, 1, 1]]), np.array([1.0, -1.0]))
    raw = (tmp_path / "two.bin").read_bytes()
    assert len(raw) == 8 + 24 + 8 + 12
    assert np.frombuffer(raw, "<f4", 2, 32).tolist() == [1.0, -1.0]


def test_a_surface_of_nothing_is_a_file_without_triangles(tmp_path: Path) -> None:
    write_indexed_mesh(tmp_path / "none.bin", np.empty((0, 3)), np.empty((0, 3), np.int64))
    assert (tmp_path / "none.bin").read_bytes() == bytes(8)
