"""Plans for other programs: a table as CSV, screws and rods as surfaces."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import label_of
from segmentation.planning.breach import Check
from segmentation.planning.screw import Rod, Screw
from segmentation.registration.register import RESEARCH_USE_ONLY
from segmentation.writers.mesh import Surface

Array = NDArray[np.float64]

_AROUND = 24
_SCREW_RGB, _ROD_RGB = (200, 205, 215), (150, 155, 165)
_ROD_RADIUS_MM = 2.75
_COLUMNS = (
    "name", "label", "side", "entry_r", "entry_a", "entry_s", "tip_r", "tip_a", "tip_s", "diameter_mm", "length_mm",
    "grade", "breach_mm", "direction", "least_clearance_mm", "hu_mean", "notice",
)  # fmt: skip


def plan_csv(checks: Sequence[Check]) -> str:
    """Write a table of screws and their checks; coordinates are RAS+ mm."""
    return plan_table([check.to_json() for check in checks])


def plan_table(screws: Sequence[Mapping[str, Any]]) -> str:
    """Write a table of screws as they stand in a plan with its checks; coordinates are RAS+ mm."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(_COLUMNS)
    for screw in screws:
        places = [f"{value:.2f}" for value in (*screw["entry_ras_mm"], *screw["tip_ras_mm"])]
        hu = "" if screw["hu_mean"] is None else f"{screw['hu_mean']:.0f}"
        sizes = [f"{screw['diameter_mm']:g}", f"{screw['length_mm']:.1f}"]
        result = [screw["grade"], f"{screw['breach_mm']:.2f}", screw["direction"], f"{screw['least_clearance_mm']:.2f}"]
        table.writerow([screw["name"], screw["label"], screw["side"], *places, *sizes, *result, hu, RESEARCH_USE_ONLY])
    return stream.getvalue()


def screw_surface(screw: Screw) -> Surface:
    """Make the surface of a screw: a closed cylinder from its head to its tip."""
    ends = np.array([screw.head_mm, screw.tip_mm])
    return tube(f"{screw.name} screw", _SCREW_RGB, ends, screw.diameter_mm / 2)


def rod_surface(rod: Rod) -> Surface:
    """Make the surface of a rod."""
    return tube(f"{rod.side} rod", _ROD_RGB, rod.points_mm, _ROD_RADIUS_MM)


def vertebra_names(labels: Sequence[int]) -> list[str]:
    """Name the vertebrae of a plan."""
    return [label_of(label).name for label in labels]


def tube(name: str, rgb: tuple[int, int, int], line: Array, radius_mm: float) -> Surface:
    """Make a closed tube around a line.

    Args:
        name: Of the surface.
        rgb: Its colour.
        line: (N, 3) points, N >= 2, RAS+ mm.
        radius_mm: Of the tube.
    """
    ways = np.gradient(line, axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    one = np.cross(ways, np.eye(3)[np.argmin(np.abs(ways[0]))])
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    two = np.cross(ways, one)
    angle = np.arange(_AROUND) * 2 * np.pi / _AROUND
    normals = np.cos(angle)[None, :, None] * one[:, None] + np.sin(angle)[None, :, None] * two[:, None]
    rings = line[:, None] + radius_mm * normals
    count = len(line)
    around, onward = np.arange(_AROUND), np.roll(np.arange(_AROUND), -1)
    sides = []
    for ring in range(count - 1):
        here, there = ring * _AROUND, (ring + 1) * _AROUND
        sides += [np.column_stack([here + around, here + onward, there + onward])]
        sides += [np.column_stack([here + around, there + onward, there + around])]
    first, last = count * _AROUND, count * _AROUND + 1
    back = np.column_stack([np.full(_AROUND, first), onward, around])
    front = np.column_stack([np.full(_AROUND, last), around + (count - 1) * _AROUND, onward + (count - 1) * _AROUND])
    points = np.vstack([rings.reshape(-1, 3), line[0], line[-1]])
    outward = np.vstack([normals.reshape(-1, 3), -ways[0], ways[-1]])
    return Surface(name, rgb, points, outward, np.vstack([*sides, back, front]))
