"""Centrelines of spines: where a vertebra can lie around the centres of vertebral bodies, and how they are stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import Grid

# How far from the centre of a vertebral body its processes, or a rib's head, may lie: beyond, nothing is spine.
NEAR_LATERAL_MM, NEAR_POSTERIOR_MM, NEAR_ANTERIOR_MM, NEAR_END_MM = 50.0, 85.0, 26.0, 35.0
# To the side of a body's front there is no process: that is where the aorta, bright with contrast medium, lies.
BODY_FRONT_MM, BODY_HALF_WIDTH_MM = -8.0, 32.0
BODY_RADIUS_MM = 12.0


def read_centrelines(path: Path) -> dict[str, dict[str, Any]]:
    """Read ``{name: {"points_mm": [[x, y, z], ...]}}`` from a JSON file; lines of fewer than two points are left out.

    Raises:
        OSError, ValueError, AttributeError: no such file, not JSON in UTF-8, or no object of objects.
    """
    lines: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: line for name, line in lines.items() if len(line.get("points_mm", ())) >= 2}


def near_centreline(grid: Grid, points_mm: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw, around a centreline, the zone that a vertebra can reach and the inside of the vertebral bodies.

    Args:
        grid: Where the masks lie, with any axes.
        points_mm: (N, 3) centres of vertebral bodies, RAS+ mm, two at least, in any order.

    Returns:
        Two (I, J, K) masks: everywhere a vertebra could reach, and the inside of the bodies.
    """
    dx, dy, z = from_centreline_mm(grid, points_mm)
    low, high = points_mm[:, 2].min(), points_mm[:, 2].max()
    near = (np.abs(dx) <= NEAR_LATERAL_MM) & (dy >= -NEAR_POSTERIOR_MM) & (dy <= NEAR_ANTERIOR_MM)
    near &= (dy <= BODY_FRONT_MM) | (np.abs(dx) <= BODY_HALF_WIDTH_MM)
    near &= (z >= low - NEAR_END_MM) & (z <= high + NEAR_END_MM)
    body = (np.hypot(dx, dy) <= BODY_RADIUS_MM) & (z >= low) & (z <= high)
    return near, body


def from_centreline_mm(grid: Grid, points_mm: NDArray[np.float64]) -> tuple[NDArray[np.float32], ...]:
    """Measure each voxel's mm to the right and in front of the line at its own height, and that height.

    Returns:
        Three (I, J, K) float32 arrays. Above and below the line its end is continued straight up and down.
    """
    # Grid.to_mm, spelt out with float32 and broadcasting: a whole trunk has 50 million voxels.
    i, j, k = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    rows = grid.affine[:3].astype(np.float32)
    x, y, z = (row[0] * i.astype(np.float32) + row[1] * j + row[2] * k + row[3] for row in rows)
    points = points_mm[np.argsort(points_mm[:, 2])]
    dx = x - np.interp(z, points[:, 2], points[:, 0]).astype(np.float32)
    dy = y - np.interp(z, points[:, 2], points[:, 1]).astype(np.float32)
    return dx, dy, z
