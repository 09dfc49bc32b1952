"""Distances between surfaces that a person can check by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation.analysis.surface_distance import distance_surface
from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.writers.indexed_mesh import write_indexed_mesh

GRID = Grid((40, 40, 40), np.diag([-1.0, -1.0, 1.0, 1.0]))


def ball(radius_mm: float, label: int = 1) -> LabelMap:
    away = np.linalg.norm(np.indices(GRID.shape) - 19.5, axis=0)
    kind = "spine" if label == 1 else "vertebrae"
    return LabelMap((away <= radius_mm).astype(np.uint8) * np.uint8(label), GRID, kind)


@pytest.mark.parametrize(("radius_mm", "distance_mm"), [(12, 2), (8, -2), (10, 0)])
def test_a_ball_in_a_ball(radius_mm: float, distance_mm: float) -> None:
    found = distance_surface(ball(radius_mm), ball(10))
    distances = found.distance_mm
    assert distances.mean() == pytest.approx(distance_mm, abs=0.1)
    assert np.abs(distances - distance_mm).max() < 0.6


def test_vertebrae_are_taken_together_and_a_sacrum_is_left_out() -> None:
    both = ball(10, 20)
    both.labels[:20][both.labels[:20] == 20] = 21
    both.labels[0:3, 0:3, 0:3] = 26
    distances = distance_surface(both, ball(10)).distance_mm
    assert np.abs(distances).max() < 0.01


def test_masks_without_a_spine_or_on_different_grids_are_refused() -> None:
    with pytest.raises(InputError, match="no spine"):
        distance_surface(ball(10), ball(0))
    elsewhere = LabelMap(ball(10).labels, Grid(GRID.shape, np.eye(4)), "spine")
    with pytest.raises(GridMismatch, match="different grids"):
        distance_surface(ball(10), elsewhere)


def test_the_file_holds_what_was_measured_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path, surface = tmp_path / "distance.bin", distance_surface(ball(12), ball(10))
    write_indexed_mesh(path, surface.points_mm, surface.triangles, surface.distance_mm)
    raw = path.read_bytes()
    points, triangles = np.frombuffer(raw, "<u4", 2)
    assert (points, triangles) == (len(surface.points_mm), len(surface.triangles))
    assert len(raw) == 8 + 16 * points + 12 * triangles
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4", points, 8 + 12 * points), surface.distance_mm)
    assert surface.triangles.max() == points - 1
    assert [found.name for found in tmp_path.iterdir()] == ["distance.bin"]
