"""Triangle meshes as the viewer reads them: each vertex once, in numbers that a browser takes as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.core.atomic import atomic_path


def write_indexed_mesh(
    path: Path,
    points_mm: NDArray[np.floating],
    triangles: NDArray[np.integer],
    values: NDArray[np.floating] | None = None,
) -> None:
    """Write one mesh, whole or not at all.

    The file is little-endian and has no gaps: uint32 N, uint32 T, float32 vertices (N x 3), float32 values (N) where
    there are some, uint32 triangles (T x 3). Its length says whether there are values. Vertices that are equal as
    float32 become one, unless there are values.

    Args:
        path: The file to make or replace.
        points_mm: (N, 3) vertices, RAS+ mm.
        triangles: (T, 3) numbers of vertices, counter-clockwise seen from outside.
        values: (N,) a number of each vertex, such as a distance in mm.
    """
    points = points_mm.astype("<f4")
    corners = triangles.astype("<u4")
    if values is None:
        points, corners = _welded(points, corners)
    parts = [np.array([len(points), len(corners)], "<u4"), points, corners]
    if values is not None:
        parts.insert(2, values.astype("<f4"))
    with atomic_path(path, durable=True) as partial, partial.open("wb") as stream:
        for part in parts:
            stream.write(part.tobytes())


def _welded(
    points: NDArray[np.float32], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Make one vertex of equal ones; the order of the vertices stays, and no triangle goes."""
    _, first, group = np.unique(points, axis=0, return_index=True, return_inverse=True)
    if len(first) == len(points):
        return points, triangles
    order = np.argsort(first)
    number = np.empty(len(first), "<u4")
    number[order] = np.arange(len(first))
    return points[first[order]], number[group.ravel()][triangles]
