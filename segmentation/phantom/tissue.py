"""Soft tissue of the phantom: skin, fat, muscles, and organs enough for a scan that looks like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.phantom import shapes
from segmentation.phantom.anatomy import Vertebra
from segmentation.phantom.canvas import Canvas
from segmentation.phantom.shapes import Field, Point

FAT_HU, MUSCLE_HU, LUNG_HU, BOWEL_HU, KIDNEY_HU, BLOOD_HU = -100.0, 56.0, -850.0, 40.0, 34.0, 48.0


@dataclass(frozen=True)
class Trunk:
    """The body's outline: half axes along R and A, how far in front of the spine its middle lies, and what is shown.

    Attributes:
        half_mm: Along R and A.
        middle_mm: Along A.
        fov_mm: Along R and A.
    """

    half_mm: tuple[float, float]
    middle_mm: float
    fov_mm: tuple[float, float]


SLIM = Trunk((116.0, 98.0), 24.0, (240.0, 208.0))
DEEP = Trunk((120.0, 112.0), 10.0, (248.0, 232.0))
"""Has room for a whole sacrum, which reaches far back."""


def draw_trunk(canvas: Canvas, trunk: Trunk = SLIM) -> None:
    """Draw skin, subcutaneous fat, the muscular wall, and fat inside."""
    half, centre = trunk.half_mm, trunk.middle_mm
    box = canvas.everything
    x, y, _ = canvas.coordinates(box, np.eye(3), np.zeros(3))

    def outline(inset: float, front: float = 0.0) -> Field:
        half_x, half_y = half[0] - inset, half[1] - inset - front / 2
        middle = centre - front / 2
        ratio = (np.abs(x / half_x) ** 2.4 + np.abs((y - middle) / half_y) ** 2.4) ** np.float32(1 / 2.4)
        return np.asarray((ratio - 1) * min(half_x, half_y), dtype=np.float32)

    skin = outline(0)
    canvas.fill(box, skin, 20.0)
    canvas.fill(box, skin + 2.5, FAT_HU)
    canvas.fill(box, outline(13, 6), MUSCLE_HU)
    canvas.fill(box, outline(24, 6), FAT_HU)


def draw_muscles(canvas: Canvas, vertebrae: Sequence[Vertebra]) -> None:
    """Draw erector spinae behind the transverse processes, and psoas at both sides of the lumbar bodies."""
    for upper, lower in pairwise([vertebrae[0], *vertebrae, vertebrae[-1]]):
        over, under = upper.to_mm((0, 0, 30.0)), lower.to_mm((0, 0, -30.0))
        if upper is not lower:
            over, under = upper.centre_mm, lower.centre_mm
        behind = -(upper.depth_mm / 2 + upper.canal_depth_mm + 13)
        for side in (-1, 1):
            shift = np.array([side * 26.0, behind, 0.0])
            _tube(canvas, over + shift, under + shift, 15.0, (12.0, 3.0, 0.0), MUSCLE_HU)
            if lower.region == "L":
                shift = np.array([side * (lower.width_mm / 2 + 11), -4.0, 0.0])
                _tube(canvas, over + shift, under + shift, 12.0, (0.0, 5.0, 0.0), MUSCLE_HU)
        shift = np.array([0.0, behind + 6, 0.0])
        _tube(canvas, over + shift, under + shift, 12.0, (6.0, 0.0, 0.0), MUSCLE_HU)


def draw_pelvic_muscles(canvas: Canvas, last: Vertebra, sacrum: Sequence[Vertebra]) -> None:
    """Draw multifidus behind the sacrum, the gluteal muscles outside the hip bones, and iliopsoas inside them."""
    first, third = sacrum[0], sacrum[2]
    behind = -(last.depth_mm / 2 + last.canal_depth_mm + 13)
    for side in (-1, 1):
        start = last.centre_mm + np.array([side * 26.0, behind, 0.0])
        end = third.to_mm((side * 16.0, -28.0, 0.0))
        _tube(canvas, start, end, 13.0, (12.0, 4.0, 0.0), MUSCLE_HU)
        _blob(canvas, (side * 76.0, first.centre_mm[1] - 34, first.centre_mm[2] - 45), (40.0, 40.0, 75.0), MUSCLE_HU)
        hip = first.centre_mm + np.array([side * 66.0, 34.0, -60.0])
        psoas = last.centre_mm + np.array([side * (last.width_mm / 2 + 11), -4.0, 0.0])
        _tube(canvas, psoas, hip, 13.0, (3.0, 3.0, 0.0), MUSCLE_HU)
        wing = first.centre_mm + np.array([side * 76.0, 14.0, 10.0])
        _tube(canvas, wing, hip, 9.0, (8.0, 14.0, 0.0), MUSCLE_HU)


def draw_organs(canvas: Canvas, vertebrae: Sequence[Vertebra], seed: int) -> None:
    """Draw bowel as a marbled cavity, liver, kidneys, great vessels; lungs where thoracic levels are."""
    frame = np.eye(3)
    box = canvas.everything
    at = canvas.coordinates(box, frame, np.zeros(3))
    cavity = shapes.ellipsoid((at[0], at[1], at[2] * 0), (0.0, 62.0, 0.0), (86.0, 44.0, 1.0)) * 44
    marble = canvas.texture(seed + 1, 16.0)
    bowel = np.where(marble > 2.2, -700.0, BOWEL_HU + 8 * marble).astype(np.float32)
    canvas.fill(box, np.maximum(cavity, (-marble - 0.2) * 6), bowel)
    waist = float(np.mean([v.centre_mm[2] for v in vertebrae if v.name in ("T12", "L1", "L2")] or [1e3]))
    _blob(canvas, (48.0, 48.0, waist + 30), (50.0, 52.0, 62.0), 58.0)  # liver
    for side in (-1, 1):
        _blob(canvas, (side * 62.0, -8.0, waist - 8 * side - 8), (24.0, 22.0, 50.0), KIDNEY_HU)
    for upper, lower in pairwise(vertebrae):
        for shift in ((-9.0, 10.0), (14.0, 9.0)):
            ends = [v.to_mm((shift[0], v.depth_mm / 2 + shift[1], 0.0)) for v in (upper, lower)]
            _tube(canvas, ends[0], ends[1], 9.0, (0, 0, 0), BLOOD_HU)
    thoracic = [v for v in vertebrae if v.region == "T"]
    if thoracic:
        base = float(thoracic[-1].centre_mm[2]) - 5
        neck = any(v.region == "C" for v in vertebrae)
        half = (float(thoracic[0].centre_mm[2]) + 20 - base) / 2 if neck else 125.0
        for side in (-1, 1):
            _blob(canvas, (side * 58.0, 14.0, base + half), (38.0, 66.0, half), LUNG_HU)


def _blob(canvas: Canvas, centre: Point, half: Point, hu: float) -> None:
    frame, origin = np.eye(3), np.array(centre)
    box = canvas.box(frame, origin, [(-h - 3, h + 3) for h in half])
    if box is not None:
        at = canvas.coordinates(box, frame, origin)
        canvas.fill(box, shapes.ellipsoid(at, (0, 0, 0), half), hu)


def _tube(
    canvas: Canvas,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    stretch: Point,
    hu: float,
) -> None:
    margin = radius + np.array(stretch) + 3
    low, high = np.minimum(start, end) - margin, np.maximum(start, end) + margin
    box = canvas.box(np.eye(3), np.zeros(3), list(zip(low, high, strict=True)))
    if box is not None:
        at = canvas.coordinates(box, np.eye(3), np.zeros(3))
        canvas.fill(box, shapes.bar(at, (tuple(start), tuple(end)), radius, stretch), hu)
