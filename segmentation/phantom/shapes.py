"""Shapes as signed distances in mm, negative inside, of (x right, y anterior, z superior) arrays in a bone's own frame.

They are close to, not exactly, Euclidean (superellipses and smooth unions have no closed form); the zero
level, which defines the labels, is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.phantom.anatomy import Vertebra

Field = NDArray[np.float32]
Real = NDArray[np.floating[Any]]
Coordinates = tuple[Field, Field, Field]
Point = tuple[float, float, float]


def smooth_union(first: Field, second: Field, blend_mm: float) -> Field:
    """Unite two shapes with their crease filled over ``blend_mm``. Polynomial smooth minimum, after Inigo Quilez."""
    h = np.maximum(blend_mm - np.abs(first - second), 0) / blend_mm
    return np.asarray(np.minimum(first, second) - h * h * (blend_mm / 4), dtype=np.float32)


def bar(
    at: Coordinates, ends: Sequence[Point], radius: float, stretch: Point = (0.0, 0.0, 0.0), taper: float = 1.0
) -> Field:
    """Shape a round bar between two points, its section pulled out by ``stretch`` mm to both sides of each axis.

    ``taper`` is the section's size at the second point by that at the first.
    """
    start, end = np.asarray(ends[0], np.float32), np.asarray(ends[1], np.float32)
    along = end - start
    offsets = [axis - s for axis, s in zip(at, start, strict=True)]
    t = sum(o * a for o, a in zip(offsets, along, strict=True)) / max(float(along @ along), 1e-6)
    t = np.clip(t, 0, 1)
    square = np.float32(0)
    for offset, step, pull in zip(offsets, along, stretch, strict=True):
        rest = offset - t * step
        if pull:
            reach = pull * (1 - (1 - taper) * t)
            rest = rest - np.clip(rest, -reach, reach)
        square = square + rest * rest
    return np.asarray(np.sqrt(square) - radius * (1 - (1 - taper) * t), dtype=np.float32)


def ellipsoid(at: Coordinates, centre: Point, half: Point) -> Field:
    """Shape an ellipsoid; its distance is exact at the surface only."""
    ratio = np.sqrt(sum(((axis - c) / h) ** 2 for axis, c, h in zip(at, centre, half, strict=True)))
    return np.asarray((ratio - 1) * np.float32(min(half)), dtype=np.float32)


def body(at: Coordinates, vertebra: Vertebra, rim: float = 1.06, flare: float = 0.10) -> Field:
    """Shape a vertebral body: kidney-shaped section, narrow waist, hollow endplates, rounded rims.

    Through the centre it measures exactly ``width_mm``, ``depth_mm`` and ``height_mm``.
    """
    x, y, z = at
    a, b, h = vertebra.width_mm / 2, vertebra.depth_mm / 2, vertebra.height_mm / 2
    across = np.minimum(np.abs(x) / a, 1.2)
    # Behind, the corners reach further back than the middle: the hollow in which the canal lies.
    deep = np.where(y < 0, b * (1 + 0.30 * across**2), b)
    ratio = (across**2.3 + (np.abs(y) / deep) ** 2.3) ** (1 / 2.3)
    waist = 1 + flare * np.minimum((z / h) ** 2, 1.2)
    side = (ratio / waist - 1) * min(a, b)
    lid = np.abs(z) - h * (1 + (rim - 1) * np.minimum(ratio, 1.1) ** 2)
    return _rounded(side, lid, 2.5)


def disc(at: Coordinates, width: float, depth: float, height: float) -> Field:
    """Shape an intervertebral disc."""
    x, y, z = at
    ratio = (np.abs(2 * x / width) ** 2.3 + np.abs(2 * y / depth) ** 2.3) ** (1 / 2.3)
    return _rounded((ratio - 1) * min(width, depth) / 2, np.abs(z) - height / 2, 2.0)


def canal(at: Coordinates, vertebra: Vertebra) -> Field:
    """Shape the spinal canal as an elliptic tube through one vertebra."""
    x, y, _ = at
    half_width, half_depth = vertebra.canal_width_mm / 2, vertebra.canal_depth_mm / 2
    behind = y + vertebra.depth_mm / 2 + half_depth
    ratio = np.sqrt((x / half_width) ** 2 + (behind / half_depth) ** 2)
    return np.asarray((ratio - 1) * half_depth, dtype=np.float32)


def arch(at: Coordinates, vertebra: Vertebra, taper: float = 1.0) -> Field:
    """Shape pedicles, articular pillars, laminae, transverse processes and the spinous process, canal taken out.

    ``taper``: of the transverse and spinous processes, as in ``bar``.
    """
    mirrored: Coordinates = (np.abs(at[0]), at[1], at[2])
    h = vertebra.height_mm
    wall = -vertebra.depth_mm / 2  # the body's back
    back = wall - vertebra.canal_depth_mm  # the canal's back
    edge = vertebra.canal_width_mm / 2
    parts = _PARTS[vertebra.region](h, wall, back, edge)
    whole: Field | None = None
    for number, (ends, radius, stretch) in enumerate(parts):
        process = number >= len(parts) - PROCESSES
        part = bar(mirrored, ends, radius, stretch, taper if process else 1.0)
        whole = part if whole is None else smooth_union(whole, part, 3.0)
    assert whole is not None
    return np.maximum(whole, -canal(at, vertebra))


Part = tuple[tuple[Point, Point], float, Point]
PROCESSES = 2  # the last parts of each region are the transverse and the spinous process


def _lumbar(h: float, wall: float, back: float, edge: float) -> list[Part]:
    return [
        # pedicle
        (((edge + 3.5, wall + 5, 0.20 * h), (edge + 4.5, wall - 9, 0.18 * h)), 3.8, (0.6, 0, 3.4)),
        # superior and inferior articular processes
        (((edge + 5.0, back + 5, 0.10 * h), (edge + 6.5, back + 3, 0.62 * h)), 4.0, (0, 1.5, 0)),
        (((edge + 3.0, back + 2, -0.10 * h), (edge - 0.5, back - 2.5, -0.78 * h)), 3.8, (0.8, 0.8, 0)),
        # lamina
        (((edge + 2.5, back + 2, -0.08 * h), (1.0, back - 4, -0.22 * h)), 2.8, (0, 0, 0.24 * h)),
        # transverse process
        (((edge + 5, wall - 8, 0.14 * h), (edge + 27, wall - 13, 0.20 * h)), 2.7, (0, 0, 2.6)),
        # spinous process
        (((0, back - 5, -0.25 * h), (0, back - 27, -0.36 * h)), 3.4, (0, 0, 0.24 * h)),
    ]


def _thoracic(h: float, wall: float, back: float, edge: float) -> list[Part]:
    return [
        (((edge + 2.0, wall + 4, 0.26 * h), (edge + 3.0, wall - 9, 0.26 * h)), 2.8, (0, 0, 3.2)),
        (((edge + 3.5, back + 4, 0.15 * h), (edge + 2.5, back + 2, 0.72 * h)), 2.9, (1.2, 0, 0)),
        (((edge + 1.5, back, 0.0), (edge - 0.5, back - 1.5, -0.62 * h)), 2.7, (1.2, 0, 0)),
        (((edge + 2.0, back + 2, 0.0), (1.0, back - 3, -0.20 * h)), 2.4, (0, 0, 0.30 * h)),
        (((edge + 3, back + 3, 0.20 * h), (edge + 20, back - 8, 0.34 * h)), 3.4, (0, 0, 1.6)),
        (((0, back - 4, -0.25 * h), (0, back - 27, -1.00 * h)), 2.6, (0, 0, 2.8)),
    ]


def _cervical(h: float, wall: float, back: float, edge: float) -> list[Part]:
    return [
        (((edge + 1.0, wall + 3, 0.0), (edge + 3.0, wall - 8, 0.0)), 2.6, (0, 0, 1.0)),
        (((edge + 5.0, back + 7, 0.55 * h), (edge + 5.0, back + 4, -0.55 * h)), 4.2, (1.0, 0, 0)),
        (((edge + 3.0, back + 3, -0.1 * h), (1.0, back - 2, -0.2 * h)), 2.0, (0, 0, 0.25 * h)),
        (((edge + 2.0, wall - 2, 0.0), (edge + 12, wall + 2, -0.1 * h)), 2.4, (0, 0, 1.0)),
        (((0, back - 3, -0.2 * h), (0, back - 20, -0.6 * h)), 2.3, (0.8, 0, 1.6)),
    ]


_PARTS = {"L": _lumbar, "T": _thoracic, "C": _cervical}


def ala(at: Coordinates, segment: Vertebra, reach_mm: float = 22.0) -> Field:
    """Shape the wings of a sacral segment, which reach so far beyond its body, and the crest behind its canal."""
    mirrored: Coordinates = (np.abs(at[0]), at[1], at[2])
    a, b = segment.width_mm / 2, segment.depth_mm / 2
    wing = bar(mirrored, ((a - 4, -4, 0), (a + reach_mm, -14, -2)), segment.height_mm * 0.36, (0, 2.0, 2.0))
    crest = bar(mirrored, ((a - 2, -b - 10, 0), (0, -b - 20, -2)), 4.5, (0, 0, segment.height_mm * 0.4))
    return smooth_union(wing, crest, 5.0)


def _rounded(side: Real, lid: Real, radius: float) -> Field:
    """Intersect two distances with the edge rounded."""
    u, v = side + radius, lid + radius
    outside = np.sqrt(np.maximum(u, 0) ** 2 + np.maximum(v, 0) ** 2)
    return np.asarray(outside + np.minimum(np.maximum(u, v), 0) - radius, dtype=np.float32)
