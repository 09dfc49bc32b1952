"""Smooth surfaces keep the anatomy: how far they lie from the boundary of the labels that they show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segmentation.analysis.surface import points_mm, surface_mesh
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.phantom import PhantomSpec, make_phantom

MOST_MM = 0.5
PER_SIDE = 5  # samples along each side of a voxel's face


def boundary_mm(label_map: LabelMap, label: int) -> NDArray[np.float64]:
    """(N, 3) samples of the faces between voxels of ``label`` and others, RAS+ mm, evenly spread over each face."""
    inside = np.pad(label_map.labels == label, 1)
    steps = (np.arange(PER_SIDE) + 0.5) / PER_SIDE - 0.5
    samples = []
    for axis in range(3):
        before = np.argwhere(np.diff(inside.astype(np.int8), axis=axis)).astype(float) - 1
        before[:, axis] += 0.5
        others = [a for a in range(3) if a != axis]
        for u in steps:
            for v in steps:
                face = before.copy()
                face[:, others[0]] += u
                face[:, others[1]] += v
                samples.append(face)
    return np.asarray(label_map.grid.to_mm(np.concatenate(samples)))


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5)])
@pytest.mark.parametrize("level", ["L3", "T12"])
def test_the_surface_of_a_vertebra_lies_on_average_half_a_millimetre_or_less_from_its_labels(
    spacing_mm: tuple[float, float, float], level: str
) -> None:
    spec = PhantomSpec(("T12", "L1", "L2", "L3"), sacrum=False, ribs=False, organs=False, spacing_mm=spacing_mm)
    labels = make_phantom(spec).labels
    number = NUMBERS[level]
    boundary = boundary_mm(labels, number)
    surface = points_mm(surface_mesh(labels, number))
    from_surface = cKDTree(boundary).query(surface)[0]
    from_labels = cKDTree(surface).query(boundary)[0]
    assert from_surface.mean() <= MOST_MM
    assert np.percentile(from_surface, 99) <= max(spacing_mm)
    assert from_labels.mean() <= max(MOST_MM, max(spacing_mm) / 2)  # vertices lie a voxel apart
