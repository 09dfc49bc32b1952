"""Sacrum and hip bones of the lifelike phantom: one shield of five fused segments between two flaring blades.

Made to look like adult anatomy in a CT, in round numbers; nothing is measured on it but the first segment's endplate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise

import numpy as np

from segmentation.core.boxes import Box
from segmentation.phantom import shapes
from segmentation.phantom.anatomy import Vertebra
from segmentation.phantom.canvas import Canvas
from segmentation.phantom.shapes import Coordinates, Field, Point

Paint = Callable[[Field, Box], Field]
"""HU of a bone by the distance from its surface and the box that it lies in."""

JOINT_MM = 2.5  # between sacrum and hip bone
ENDPLATE_RIM_MM = 1.5
# Lateral masses of S1 to S5 in the segment's frame: how far they reach, half their thickness, and their length.
_MASSES: tuple[tuple[float, float, float], ...] = (
    (54.0, 17.0, 14.0),
    (47.0, 12.0, 13.0),
    (35.0, 8.5, 11.0),
    (26.0, 6.5, 10.0),
    (17.0, 5.0, 7.0),
)
_FORAMEN_MM, _FORAMEN_ASIDE = 4.2, (0.40, 3.0)  # of the body's width, and mm
_CANAL: tuple[tuple[float, float], ...] = ((12.0, 4.5), (10.0, 4.0), (8.0, 3.5), (6.0, 3.0), (5.0, 2.5))  # half axes
# Blade of the hip bone from behind the joint to its front spine, relative to S1's centre on the right: place, half
# thickness, and how far it reaches up and down.
_BLADE: tuple[tuple[Point, float, tuple[float, float]], ...] = (
    ((42.0, -44.0, 0.0), 8.0, (4.0, -42.0)),
    ((57.0, -24.0, 0.0), 7.0, (22.0, -50.0)),
    ((74.0, 4.0, 0.0), 4.0, (46.0, -56.0)),
    ((88.0, 28.0, 0.0), 4.0, (44.0, -50.0)),
    ((96.0, 50.0, 0.0), 5.5, (16.0, -30.0)),
)
_FLARE = 0.22  # outwards by height


def draw_sacrum(canvas: Canvas, segments: Sequence[Vertebra], paint: Paint, inset_mm: float) -> None:
    """Draw the five fused segments: tapering bodies, lateral masses, canal, foramina and the crest behind."""
    first = segments[0]
    box = canvas.box(first.axes, first.centre_mm, ((-68.0, 68.0), (-75.0, 75.0), (-150.0, 26.0)))
    if box is None:
        return
    frames = [_mirrored(canvas.coordinates(box, one.axes, one.centre_mm)) for one in segments]
    ids = range(len(segments))
    body = reduce(lambda one, other: shapes.smooth_union(one, other, 4.0), _bodies(frames, segments))
    mass = reduce(lambda one, other: shapes.smooth_union(one, other, 12.0), [_mass(frames[i], i) for i in ids])
    back = reduce(lambda one, other: shapes.smooth_union(one, other, 6.0), _backs(frames, segments))
    whole = shapes.smooth_union(shapes.smooth_union(body, mass, 9.0), back, 5.0)
    endplate = frames[0][2] - first.height_mm / 2 - ENDPLATE_RIM_MM * _out(frames[0], first)
    whole = shapes.smooth_union(np.maximum(whole, endplate), _facets(frames[0], first), 3.0)
    holes = [_tunnel(frames[i], segments[i], i) for i in ids] + _foramina(frames, segments)
    whole = np.maximum(whole, -np.minimum.reduce(holes))
    canvas.bone(box, whole, paint(whole, box), first.number, inset_mm)


def draw_hips(canvas: Canvas, first: Vertebra, paint: Paint) -> None:
    """Draw both blades around the sacrum, which is drawn already: they leave a joint's width between."""
    for side in (-1.0, 1.0):
        reach = (sorted((side * 30.0, side * 122.0)), (-70.0, 75.0), (-120.0, 66.0))
        box = canvas.box(np.eye(3), first.centre_mm, reach)
        if box is None:
            continue
        x, y, z = canvas.coordinates(box, np.eye(3), first.centre_mm)
        blade = _blade((side * x - np.float32(_FLARE) * z, y, z))
        apart = np.maximum(blade, np.float32(JOINT_MM) - canvas.distance_to_bone(box))
        canvas.bone(box, apart, paint(apart, box), 0)


def _mirrored(at: Coordinates) -> Coordinates:
    return (np.abs(at[0]), at[1], at[2])


def _out(at: Coordinates, segment: Vertebra) -> Field:
    """Compute how far out on the endplate a place is, 0 in its middle: the rim stands above the hollow."""
    square = (2 * at[0] / segment.width_mm) ** 2 + (2 * at[1] / segment.depth_mm) ** 2
    return np.asarray(np.minimum(square, 1.0), dtype=np.float32)


def _bodies(frames: Sequence[Coordinates], segments: Sequence[Vertebra]) -> list[Field]:
    """Shape one tapering column from the promontory to the tip."""
    first, half = segments[0], [(one.width_mm / 2, one.depth_mm / 2) for one in segments]
    nodes = [first.to_mm((0.0, 0.0, first.height_mm / 2 + 6)), *(one.centre_mm for one in segments)]
    sizes = [(half[0][0] * 1.04, half[0][1] * 1.08), *half]
    parts = []
    for number, ((start, end), (large, small)) in enumerate(zip(pairwise(nodes), pairwise(sizes), strict=True)):
        frame = segments[max(0, number - 1)]
        ends = [tuple((place - frame.centre_mm) @ frame.axes) for place in (start, end)]
        radius = large[1] * 0.8
        stretch = (large[0] - radius, large[1] - radius, 0.0)
        taper = (small[0] / large[0] + small[1] / large[1]) / 2
        parts.append(shapes.bar(frames[max(0, number - 1)], ends, radius, stretch, taper))
    return parts


def _mass(at: Coordinates, number: int) -> Field:
    reach, thick, long = _MASSES[number]
    inner: Point = (8.0, -3.0, 0.0)
    outer: Point = (reach - thick, (-15.0, -9.0, -5.0, -3.0, -2.0)[number], -4.0 if number == 0 else 0.0)
    return shapes.bar(at, (inner, outer), thick * 0.85, (0.0, thick * 0.25, long - thick * 0.5), 1.15)


def _backs(frames: Sequence[Coordinates], segments: Sequence[Vertebra]) -> list[Field]:
    """Shape laminae and the crest between them."""
    parts = []
    for number, (at, one) in enumerate(zip(frames, segments, strict=True)):
        half_width, half_depth = _CANAL[number]
        wall = -one.depth_mm / 2
        roof = wall - 2 * half_depth
        low = -9.0 if number == 0 else -3.0  # above the first one the canal is open behind
        out: Point = (half_width + 2.5, wall - half_depth, low)
        tall = (0.2 if number == 0 else 0.3) * one.height_mm
        parts.append(shapes.bar(at, (out, (0.0, roof - 2.5, low)), 2.2, (0.0, 0.0, tall)))
        if number in (1, 2):
            spine: Point = (0.0, roof - 7.0 + number, -5.0)
            parts.append(shapes.bar(at, ((0.0, roof - 2.0, -3.0), spine), 2.2, (0.0, 0.0, 5.0)))
    return parts


def _facets(at: Coordinates, first: Vertebra) -> Field:
    """Shape the articular processes of S1, which stand up behind the last lumbar ones."""
    wall = -first.depth_mm / 2
    root: Point = (first.canal_width_mm / 2 + 6.0, wall - 10.0, 0.1 * first.height_mm)
    tip: Point = (first.canal_width_mm / 2 + 7.5, wall - 13.0, 0.5 * first.height_mm)
    return shapes.bar(at, (root, tip), 2.6)


def _tunnel(at: Coordinates, segment: Vertebra, number: int) -> Field:
    """Shape the canal, no longer than its segment, so that it bends with the bone."""
    half_width, half_depth = _CANAL[number]
    ratio = np.sqrt((at[0] / half_width) ** 2 + ((at[1] + segment.depth_mm / 2 + half_depth) / half_depth) ** 2)
    return np.asarray(np.maximum((ratio - 1) * half_depth, np.abs(at[2]) - segment.height_mm / 2 - 2), np.float32)


def _foramina(frames: Sequence[Coordinates], segments: Sequence[Vertebra]) -> list[Field]:
    """Shape four pairs of openings between the segments, from front to back."""
    parts = []
    for number, one in enumerate(segments[:4]):
        aside = one.width_mm * _FORAMEN_ASIDE[0] + _FORAMEN_ASIDE[1]
        low = -one.height_mm / 2
        ends: tuple[Point, Point] = ((aside + 5.0, 40.0, low), (aside - 3.0, -one.depth_mm / 2 - 30.0, low))
        parts.append(shapes.bar(frames[number], ends, _FORAMEN_MM - 0.4 * number))
    return parts


def _blade(at: Coordinates) -> Field:
    parts = []
    for (near, thick, height), (far, thin, other) in pairwise(_BLADE):
        top, bottom = (height[0] + other[0]) / 2, (height[1] + other[1]) / 2
        middle, half = (top + bottom) / 2, (top - bottom) / 2
        ends: tuple[Point, Point] = ((near[0], near[1], middle), (far[0], far[1], middle))
        parts.append(shapes.bar(at, ends, (thick + thin) / 2, (0.0, 0.0, half)))
    return reduce(lambda one, other: shapes.smooth_union(one, other, 8.0), parts)
