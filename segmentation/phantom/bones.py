"""Bones of the phantom: vertebrae, discs, canal, sacrum, ribs and iliac wings, drawn on a canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import Box
from segmentation.phantom import pelvis, shapes
from segmentation.phantom.anatomy import Vertebra
from segmentation.phantom.canvas import Canvas
from segmentation.phantom.shapes import Field, Point

DISC_HU, SAC_HU, CORD_HU = 85.0, 25.0, 42.0
TRABECULAR_HU, CORTICAL_HU = 185.0, 620.0
ARCH_TRABECULAR_HU, ARCH_CORTICAL_HU = 260.0, 720.0
SHELL_MM, ARCH_SHELL_MM = 1.3, 1.9


@dataclass(frozen=True)
class Style:
    """How bone is drawn.

    Attributes:
        cortex: Thickness of the cortex by that of ``SHELL_MM`` and ``ARCH_SHELL_MM``.
        grain_hu: Standard deviation of the trabeculae.
        taper: Size of a process at its tip by that at its root.
        wing_mm: How far the sacrum's wings reach beyond its bodies.
        sacral_hu: Of the pelvis's spongy bone, added to that of vertebrae.
        sacral_share: Thickness of the pelvis's cortex, and strength of its trabeculae, by those of vertebrae.
        joined_ribs: Ribs begin at the joint with the body.
        inset_mm: How far the bright edge lies inside the label, as references reach beyond it.
        whole_pelvis: All five sacral segments, joined to hip bones.
    """

    cortex: float = 1.0
    grain_hu: float = 40.0
    taper: float = 1.0
    wing_mm: float = 22.0
    sacral_hu: float = 0.0
    sacral_share: float = 1.0
    joined_ribs: bool = False
    inset_mm: float = 0.0
    whole_pelvis: bool = False


PLAIN = Style()
LIFELIKE = Style(
    cortex=0.75,
    grain_hu=55.0,
    taper=0.6,
    sacral_hu=-150.0,
    sacral_share=0.5,
    joined_ribs=True,
    inset_mm=0.4,
    whole_pelvis=True,
)


def draw_spine(
    canvas: Canvas, vertebrae: Sequence[Vertebra], sacrum: Sequence[Vertebra], grain: Field, style: Style = PLAIN
) -> None:
    """Draw the discs first, then the canal's content, then the bones over both."""
    column = [*vertebrae, *sacrum]
    for upper, lower in pairwise([*vertebrae, *sacrum[:1]]):
        _disc(canvas, upper, lower)
    for upper, lower in pairwise(column[: len(vertebrae) + 2] if style.whole_pelvis else column):  # it ends at S2
        _sac(canvas, upper, lower)
    for vertebra in vertebrae:
        _vertebra(canvas, vertebra, grain, style)
    if not sacrum:
        return
    if not style.whole_pelvis:
        _sacral(canvas, sacrum, grain, style)
        return

    def spongy(distance: Field, box: Box) -> Field:
        arch = np.ones_like(distance) * 4
        fatty = replace(style, cortex=style.cortex * style.sacral_share, grain_hu=style.grain_hu * style.sacral_share)
        return _bone_hu(distance, arch, grain[box], fatty) + _spongy(distance) * np.float32(style.sacral_hu)

    pelvis.draw_sacrum(canvas, sacrum, spongy, style.inset_mm)
    pelvis.draw_hips(canvas, sacrum[0], spongy)


def _vertebra(canvas: Canvas, vertebra: Vertebra, grain: Field, style: Style) -> None:
    reach = (
        (-vertebra.width_mm / 2 - 28, vertebra.width_mm / 2 + 28),
        (-vertebra.depth_mm / 2 - vertebra.canal_depth_mm - 42, vertebra.depth_mm / 2 + 5),
        (-vertebra.height_mm * 1.35 - 5, vertebra.height_mm + 4),
    )
    box = canvas.box(vertebra.axes, vertebra.centre_mm, reach)
    if box is None:
        return
    at = canvas.coordinates(box, vertebra.axes, vertebra.centre_mm)
    body, arch = shapes.body(at, vertebra), shapes.arch(at, vertebra, style.taper)
    whole = np.maximum(shapes.smooth_union(body, arch, 2.5), -shapes.canal(at, vertebra))
    canvas.bone(box, whole, _bone_hu(whole, body - arch, grain[box], style), vertebra.number, style.inset_mm)


def _sacral(canvas: Canvas, segments: Sequence[Vertebra], grain: Field, style: Style) -> None:
    """Draw the sacrum as one bone: the segments run into each other."""
    first = segments[0]
    box = canvas.box(first.axes, first.centre_mm, ((-75.0, 75.0), (-115.0, 40.0), (-135.0, 30.0)))
    if box is None:
        return
    bodies, wings, tunnels = zip(*(_segment(canvas, box, segment, style.wing_mm) for segment in segments), strict=True)
    body = reduce(lambda one, other: shapes.smooth_union(one, other, 10.0), bodies)
    wing = reduce(lambda one, other: shapes.smooth_union(one, other, 8.0), wings)
    whole = np.maximum(shapes.smooth_union(body, wing, 6.0), -np.minimum.reduce(tunnels))
    hu = _bone_hu(whole, body - wing, grain[box], style) + _spongy(whole) * np.float32(style.sacral_hu)
    canvas.bone(box, whole, hu, first.number, style.inset_mm)


def _segment(canvas: Canvas, box: Box, segment: Vertebra, wing_mm: float) -> tuple[Field, Field, Field]:
    """Shape body, wings and canal; the canal no longer than its segment, so that it can bend with the bone."""
    at = canvas.coordinates(box, segment.axes, segment.centre_mm)
    length = np.abs(at[2]) - (segment.height_mm / 2 + 4)
    return shapes.body(at, segment), shapes.ala(at, segment, wing_mm), np.maximum(shapes.canal(at, segment), length)


def _spongy(distance: Field) -> Field:
    """Compute how far a voxel lies below the shell, 0..1."""
    return np.asarray(np.clip(-(distance + 2) / 4, 0, 1), dtype=np.float32)


def _bone_hu(distance: Field, body_minus_arch: Field, grain: Field, style: Style = PLAIN) -> Field:
    """Compute a dense shell, spongy inside; ``body_minus_arch`` is negative where the body is nearer than the arch."""
    arch = np.clip(0.5 + body_minus_arch / 4, 0, 1)
    shell = style.cortex * (SHELL_MM + arch * (ARCH_SHELL_MM - SHELL_MM))
    inside = TRABECULAR_HU + arch * (ARCH_TRABECULAR_HU - TRABECULAR_HU) + grain * style.grain_hu
    outside = CORTICAL_HU + arch * (ARCH_CORTICAL_HU - CORTICAL_HU)
    dense = np.clip(1.0 + (distance + shell) / 1.2, 0, 1)
    return np.asarray(inside + dense * (outside - inside), dtype=np.float32)


def _disc(canvas: Canvas, upper: Vertebra, lower: Vertebra) -> None:
    top = upper.centre_mm - upper.axes[:, 2] * upper.height_mm / 2
    bottom = lower.centre_mm + lower.axes[:, 2] * lower.height_mm / 2
    axes, centre = _between(upper, lower), (top + bottom) / 2
    width, depth = (upper.width_mm + lower.width_mm) / 2 + 2, (upper.depth_mm + lower.depth_mm) / 2 + 2
    height = float(np.linalg.norm(top - bottom)) + 8  # the bones are painted over what is too much
    reach = [(-side / 2 - 2, side / 2 + 2) for side in (width, depth, height)]
    box = canvas.box(axes, centre, reach)
    if box is not None:
        at = canvas.coordinates(box, axes, centre)
        canvas.fill(box, shapes.disc(at, width, depth, height), DISC_HU)


def _sac(canvas: Canvas, upper: Vertebra, lower: Vertebra) -> None:
    """Draw thecal sac and cord between two canals."""
    axes, start = _between(upper, lower), upper.canal_centre_mm
    end = (lower.canal_centre_mm - start) @ axes
    wide, deep = (upper.canal_width_mm - upper.canal_depth_mm) / 2, upper.canal_depth_mm / 2 - 1
    reach = ((-20.0, 20.0), (-20.0, 20.0), (float(end[2]) - 15, 15.0))
    box = canvas.box(axes, start, reach)
    if box is None:
        return
    at = canvas.coordinates(box, axes, start)
    ends: tuple[Point, Point] = ((0, 0, 0), (float(end[0]), float(end[1]), float(end[2])))
    canvas.fill(box, shapes.bar(at, ends, deep, (wide, 0, 0)), SAC_HU)
    cord = 5.0 if upper.region in "CT" else 3.0
    canvas.fill(box, shapes.bar(at, ends, cord), CORD_HU)


def _between(upper: Vertebra, lower: Vertebra) -> NDArray[np.float64]:
    mean = (upper.axes + lower.axes) / 2
    return np.asarray(mean / np.linalg.norm(mean, axis=0))


def draw_ribs(
    canvas: Canvas,
    vertebrae: Sequence[Vertebra],
    half_mm: tuple[float, float],
    middle_mm: float,
    style: Style = PLAIN,
) -> None:
    """Draw a rib each side of every thoracic level, along an ellipse inside the body's outline.

    Args:
        canvas: What to draw on.
        vertebrae: The levels, of which the thoracic ones bear ribs.
        half_mm: Half axes of the rib cage along R and A.
        middle_mm: Its middle along A.
        style: How bone is drawn.
    """
    for vertebra in vertebrae:
        if vertebra.region == "T":
            for side in (-1, 1):
                _rib(canvas, vertebra, side, (half_mm, middle_mm), style)


def _rib(canvas: Canvas, vertebra: Vertebra, side: int, cage: tuple[tuple[float, float], float], style: Style) -> None:
    half_mm, middle_mm = cage
    back = -vertebra.depth_mm / 2
    edge = vertebra.canal_width_mm / 2
    own: list[Point] = [
        (side * (vertebra.width_mm / 2 + 1), back + 3, vertebra.height_mm * 0.42),
        (side * (edge + 20), back - vertebra.canal_depth_mm - 3, vertebra.height_mm * 0.42),
    ]
    if style.joined_ribs:  # head at the body's side, neck along the process, in front of it
        head = (side * (vertebra.width_mm / 2 - 1), back + 6, vertebra.height_mm * 0.3)
        own = [head, (side * (edge + 19), back - vertebra.canal_depth_mm + 1, vertebra.height_mm * 0.3)]
    points = [vertebra.to_mm(p) for p in own]
    last = {"T11": 0.5, "T12": 0.3, "T13": 0.2}.get(vertebra.name, 0.8)
    for turn in np.linspace(0.30, last * np.pi, max(3, round(last * 14))):
        drop = 14 + 42 * turn / np.pi
        across, forward = side * half_mm[0] * np.sin(turn), middle_mm - half_mm[1] * np.cos(turn)
        points.append(np.array([across, forward, vertebra.centre_mm[2] - drop + 10]))
    for start, end in pairwise(points):
        _strut(canvas, start, end, 3.2, (0, 0, 2.0))


def draw_ilium(canvas: Canvas, top: Vertebra) -> None:
    """Draw iliac wings at both sides of the sacrum: plates that open to the front."""
    for side in (-1, 1):
        corners = [(50, -42, -30), (66, -26, -17), (82, -4, -9), (94, 18, -12), (101, 34, -24)]
        for near, far in pairwise(corners):
            start, end = (top.centre_mm + np.array([side * x, y - 8, z]) for x, y, z in (near, far))
            _strut(canvas, start, end, 4.5, (0, 0, 24.0))


def _strut(canvas: Canvas, start: NDArray[np.float64], end: NDArray[np.float64], radius: float, stretch: Point) -> None:
    margin = radius + np.array(stretch) + 3
    low, high = np.minimum(start, end) - margin, np.maximum(start, end) + margin
    frame, origin = np.eye(3), np.zeros(3)
    box = canvas.box(frame, origin, list(zip(low, high, strict=True)))
    if box is None:
        return
    at = canvas.coordinates(box, frame, origin)
    ends: tuple[Point, Point] = (tuple(start), tuple(end))
    distance = shapes.bar(at, ends, radius, stretch)
    canvas.bone(box, distance, _bone_hu(distance, np.ones_like(distance) * 4, np.zeros_like(distance)), 0)
