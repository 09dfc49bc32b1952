"""The zone around a centreline that a vertebra can reach, by hand."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from segmentation.core.centreline import near_centreline, read_centrelines
from segmentation.core.geometry import Grid


def test_near_the_centreline_by_hand():
    grid = Grid((61, 71, 61), np.array([[2, 0, 0, -60], [0, 2, 0, -100], [0, 0, 2, -60], [0, 0, 0, 1.0]]))
    points = np.array([[0, 0, 20.0], [0, 0, -20.0], [0, 0, 0.0]])
    near, body = near_centreline(grid, points)

    def ask(mask: NDArray[np.bool_], x: float, y: float, z: float) -> bool:
        i, j, k = np.rint(grid.to_index(np.array([x, y, z]))).astype(int)
        return bool(mask[i, j, k])

    assert ask(body, 0, 0, 0)
    assert ask(body, 12, 0, 20)
    assert not ask(body, 14, 0, 0)
    assert not ask(body, 10, 10, 0)
    assert not ask(body, 0, 0, 22)
    assert ask(near, 50, -10, 0)
    assert not ask(near, 52, -10, 0)
    assert not ask(near, 34, 0, 0)
    assert ask(near, 0, -84, 0)
    assert not ask(near, 0, -86, 0)
    assert ask(near, 0, 26, 0)
    assert not ask(near, 0, 36, 0)
    assert ask(near, 0, 0, -54)
    assert not ask(near, 0, 0, 56)


def test_the_centreline_bends_with_the_column():
    grid = Grid((60, 10, 41), np.diag([2.0, 2.0, 2.0, 1.0]))
    _, body = near_centreline(grid, np.array([[20.0, 10, 0], [100.0, 10, 80]]))
    assert body[10, 5, 0]
    assert body[30, 5, 20]
    assert not body[10, 5, 20]


def test_lines_of_fewer_than_two_points_are_left_out(tmp_path):
    path = tmp_path / "lines.json"
    path.write_text(json.dumps({"a": {"points_mm": [[0, 0, 0], [0, 0, 9]]}, "b": {"points_mm": [[0, 0, 0]]}, "c": {}}))
    assert list(read_centrelines(path)) == ["a"]
