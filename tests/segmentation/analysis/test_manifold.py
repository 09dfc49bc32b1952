"""Surfaces of masks whose voxels touch along edges and in corners: each edge belongs to two triangles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOPLY import vtkPLYReader

from segmentation.analysis.manifold import without_fins
from segmentation.analysis.surface import surfaces
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.phantom import Phantom
from segmentation.writers.mesh import Surface, write_surfaces

Mask = NDArray[np.uint8]


def surface_of(mask: Mask, max_triangles: int = 10**9) -> Surface:
    [surface] = surfaces(LabelMap(mask, Grid(mask.shape, np.diag([1.0, 1.0, 1.0, 1.0]))), [1], max_triangles)
    return surface


def faults(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> dict[str, int]:
    """Edges that are not in two triangles, one each way, after points at one place are made one, as readers do."""
    _, numbers = np.unique(points.astype(np.float32), axis=0, return_inverse=True)
    corners = numbers.reshape(-1)[triangles]
    ways = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    _, both = np.unique(np.sort(ways, axis=1), axis=0, return_counts=True)
    _, each = np.unique(ways, axis=0, return_counts=True)
    return {"edges": int((both != 2).sum()), "ways": int((each != 1).sum())}


def volume(surface: Surface) -> float:
    a, b, c = (surface.points_mm[surface.triangles[:, n]] for n in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


SOUND = {"edges": 0, "ways": 0}


def test_every_way_in_which_eight_voxels_can_touch() -> None:
    mask = np.zeros((16 * 5, 16 * 5, 4), np.uint8)
    for code in range(1, 256):
        i, j = 5 * (code % 16), 5 * (code // 16)
        for corner in range(8):
            mask[i + 1 + (corner & 1), j + 1 + (corner >> 1 & 1), 1 + (corner >> 2)] = code >> corner & 1
    surface = surface_of(mask)
    assert faults(surface.points_mm, surface.triangles) == SOUND


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_random_masks(share: float) -> None:
    for seed in range(2):
        surface = surface_of((np.random.default_rng(seed).random((20, 17, 14)) < share).astype(np.uint8))
        assert faults(surface.points_mm, surface.triangles) == SOUND


def test_ragged_masks_keep_their_volume_and_place() -> None:
    smooth = gaussian_filter(np.random.default_rng(0).random((36, 36, 36)), 2)
    mask = (smooth > smooth.mean()).astype(np.uint8)
    surface = surface_of(mask)
    assert faults(surface.points_mm, surface.triangles) == SOUND
    assert volume(surface) / mask.sum() == pytest.approx(1.0, abs=0.01)  # as with SurfaceNets alone
    near = cKDTree(np.argwhere(mask)).query(surface.points_mm)[0]
    assert near.max() < 1.5


def test_two_blocks_that_share_an_edge_or_a_corner_alone() -> None:
    block = np.zeros((12, 12, 12), np.uint8)
    block[1:5, 1:5, 1:5] = 1
    alone = volume(surface_of(block))
    for shift in ((4, 4, 0), (4, 4, 4)):
        mask = np.zeros((12, 12, 12), np.uint8)
        for start in ((1, 1, 1), tuple(1 + n for n in shift)):
            mask[tuple(slice(n, n + 4) for n in start)] = 1
        surface = surface_of(mask)
        assert faults(surface.points_mm, surface.triangles) == SOUND
        assert volume(surface) == pytest.approx(2 * alone, rel=0.05)


@pytest.mark.parametrize("most", [10**9, 4000])
def test_the_spine_in_a_file_read_by_another_reader(small_phantom: Phantom, tmp_path: Path, most: int) -> None:
    grid = small_phantom.labels.grid
    spine = LabelMap((small_phantom.labels.labels > 0).astype(np.uint8), grid)
    write_surfaces(surfaces(spine, [1], most), tmp_path / "spine.ply")
    reader = vtkPLYReader()
    reader.SetFileName(str(tmp_path / "spine.ply"))
    reader.Update()
    mesh = reader.GetOutput()
    triangles = np.asarray(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray())).reshape(-1, 3)
    assert len(triangles) <= most
    assert faults(np.asarray(vtk_to_numpy(mesh.GetPoints().GetData()), dtype=float), triangles) == SOUND


def test_what_decimation_leaves_standing_out_is_left_out() -> None:
    tetrahedron = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    assert without_fins(tetrahedron) is tetrahedron
    kept = without_fins(np.concatenate([tetrahedron, [[0, 1, 4]]]))
    assert kept is not None
    np.testing.assert_array_equal(kept, tetrahedron)
    assert without_fins(tetrahedron[:3]) is None


def test_a_mask_too_ragged_to_be_decimated_stays_whole() -> None:
    mask = (np.random.default_rng(0).random((20, 20, 20)) < 0.5).astype(np.uint8)
    whole, asked = surface_of(mask), surface_of(mask, 3000)
    assert faults(asked.points_mm, asked.triangles) == SOUND
    assert len(asked.triangles) == len(whole.triangles)
