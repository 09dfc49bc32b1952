"""Deviations of a spine or of its scan: pure functions that change a CT and its labels alike.

They expect the scans of ``warp.coarse``, whose axes run right, front and up. They are caricatures: bone is moved, but
not remodelled as in a patient who has lived with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segmentation.core.boxes import whole_box
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.deviations.warp import (
    Places,
    Real,
    body_centres,
    head_to_foot,
    local,
    middle_pair,
    placed,
    warped,
)
from segmentation.evaluation.perturbations import (
    NOISE_HU,
    SLICE_MM,
    Perturbed,
    noisy,
    thick_slices,
    three_vertebrae,
    upside_down,
    with_screw,
)

COBB_DEG, TURN_AT_APEX_DEG = 40.0, 12.0
MORE_KYPHOSIS_DEG = 40.0
# Of a vertebra, in distances to its neighbours' bodies: a body's half height, depth and width, and where the next
# body begins.
HALF_HEIGHT, BACK_WALL, FRONT, ASIDE, NEXT_BODY = 0.4, -0.55, 0.5, 0.9, 0.58
FRONT_HEIGHT = 0.5  # left of a fractured body's front
BRIDGED = 0.2  # half of what a fused disc's bone is mirrored from
NARROW_MM = 90.0


@dataclass(frozen=True, eq=False)
class _Curve:
    """How a straight line is bent: by length along it, how far it turns (radians) and where it runs then, mm."""

    along: Real
    turn: Real
    aside: Real
    height: Real

    @classmethod
    def through(cls, low: float, high: float, total_deg: float) -> _Curve:
        middle, half = (low + high) / 2, (high - low) / 2
        along = np.linspace(low - 6 * half, high + 6 * half, 4001)
        turn = np.radians(total_deg) / 2 * np.sin(np.pi / 2 * np.clip((along - middle) / half, -1, 1))
        step = along[1] - along[0]
        aside, height = (np.cumsum(part(turn)) * step for part in (np.sin, np.cos))
        aside -= np.interp(middle, along, aside)
        height += middle - np.interp(middle, along, height)
        inside = (along >= low) & (along <= high)
        return cls(along, turn, aside - aside[inside].max() / 2 * np.sign(total_deg), height)

    def straight(self, aside: Real, height: Real) -> tuple[Real, Real]:
        """Find how far beside the line, and at which length along it, places of the bent scan lie."""
        s = height.copy()
        for _ in range(5):  # towards the foot of the perpendicular
            turn = np.interp(s, self.along, self.turn)
            beside, ahead = aside - np.interp(s, self.along, self.aside), height - np.interp(s, self.along, self.height)
            s += beside * np.sin(turn) + ahead * np.cos(turn)
        turn = np.interp(s, self.along, self.turn)
        beside, ahead = aside - np.interp(s, self.along, self.aside), height - np.interp(s, self.along, self.height)
        return beside * np.cos(turn) - ahead * np.sin(turn), s


def scoliosis(volume: Volume, labels: LabelMap) -> Perturbed:
    """Bend the spine to the side, 40 degrees from its first to its last vertebra, and turn it by 12 at the apex."""
    centres = body_centres(labels)
    middle_pair(centres)
    places = np.array(list(centres.values()))
    low, high, x0, y0 = places[:, 2].min(), places[:, 2].max(), places[:, 0].mean(), places[:, 1].mean()
    curve = _Curve.through(low, high, COBB_DEG)

    def source(x: Real, y: Real, z: Real) -> Places:
        beside, s = curve.straight(x - x0, z)
        there = np.clip((s - (low + high) / 2) / (high - low) * 2, -1, 1)
        turn = np.radians(TURN_AT_APEX_DEG) * np.cos(np.pi / 2 * there)
        before = y - y0
        return (
            x0 + np.cos(turn) * beside - np.sin(turn) * before,
            y0 + np.sin(turn) * beside + np.cos(turn) * before,
            s,
        )

    return warped(volume, labels, source)


def kyphosis(volume: Volume, labels: LabelMap) -> Perturbed:
    """Bend the spine forward, by 40 degrees more from its first to its last vertebra."""
    centres = body_centres(labels)
    middle_pair(centres)
    places = np.array(list(centres.values()))
    y0 = places[:, 1].mean()
    curve = _Curve.through(places[:, 2].min(), places[:, 2].max(), MORE_KYPHOSIS_DEG)

    def source(x: Real, y: Real, z: Real) -> Places:
        before, s = curve.straight(y - y0, z)
        return x, y0 + before, s

    return warped(volume, labels, source)


def fractured(volume: Volume, labels: LabelMap) -> Perturbed:
    """Press the middle vertebra's body to a wedge: half as high in front as it was; the discs fill the room."""
    centres = body_centres(labels)
    number, below = middle_pair(centres, least=3)
    ordered = head_to_foot(centres)
    above = ordered[ordered.index(number) - 1]
    centre, up = centres[number], centres[above] - centres[below]
    pitch = float(np.linalg.norm(up)) / 2

    def source(x: Real, y: Real, z: Real) -> Places:
        right, front, high = local((x, y, z), centre, up, pitch)
        lost = (1 - FRONT_HEIGHT) * np.clip((front - BACK_WALL) / (FRONT - BACK_WALL), 0, 1)
        height = 1 - lost * np.clip((ASIDE + 0.2 - np.abs(right)) / 0.2, 0, 1)
        edge = HALF_HEIGHT * height
        away = np.abs(high)
        room = np.maximum(NEXT_BODY - edge, 1e-6)
        beyond = HALF_HEIGHT + (away - edge) * (NEXT_BODY - HALF_HEIGHT) / room
        moved = np.where(away <= edge, away / height, np.where(away < NEXT_BODY, beyond, away))
        return placed(right, front, np.sign(high) * moved, centre, up, pitch)

    return warped(volume, labels, source)


def fused(volume: Volume, labels: LabelMap) -> Perturbed:
    """Grow two neighbours' bodies together: the disc between them, as far as the canal, becomes the bone beside it."""
    centres = body_centres(labels)
    upper, lower = (centres[number] for number in middle_pair(centres))
    middle, up = (upper + lower) / 2, upper - lower
    pitch = float(np.linalg.norm(up))

    def source(x: Real, y: Real, z: Real) -> Places:
        right, front, high = local((x, y, z), middle, up, pitch)
        here = (np.abs(high) < BRIDGED) & (front > BACK_WALL) & (np.abs(right) < ASIDE)
        mirrored = np.where(high < 0, -1, 1) * (2 * BRIDGED - np.abs(high))
        return placed(right, front, np.where(here, mirrored, high), middle, up, pitch)

    return warped(volume, labels, source)


def narrow_field(volume: Volume, labels: LabelMap) -> Perturbed:
    """Keep a column of 90 x 90 mm around the bodies: no ribs, no hip bones."""
    middle = np.mean(list(body_centres(labels).values()), axis=0)
    spacing = np.array(volume.grid.spacing_mm)
    whole = whole_box(volume.grid.shape)
    sides = []
    for axis in range(2):
        # most of what belongs to a vertebra lies behind its body
        centre = middle[axis] - (10.0 if axis == 1 else 0.0)
        first = max(0, int((centre - NARROW_MM / 2) / spacing[axis]))
        sides.append(slice(first, min(whole[axis].stop, first + int(NARROW_MM / spacing[axis]))))
    box = (sides[0], sides[1], whole[2])
    grid = volume.grid.cropped(box)
    return Volume(volume.hu[box], grid), LabelMap(labels.labels[box], grid, labels.kind)


def feet_first(volume: Volume, labels: LabelMap) -> Perturbed:
    """Store the same anatomy as a scan of a patient who lay with the feet first: from the head down, left to right."""
    grid = volume.grid
    flip = np.eye(4)
    for axis in (0, 2):
        flip[axis, axis], flip[axis, 3] = -1, grid.shape[axis] - 1
    hu = volume.hu[::-1, :, ::-1].copy()
    numbers = labels.labels[::-1, :, ::-1].copy()
    stored = Grid(grid.shape, grid.affine @ flip)
    return Volume(hu, stored), LabelMap(numbers, stored, labels.kind)


DEVIATIONS: dict[str, Callable[[Volume, LabelMap], Perturbed]] = {
    "scoliosis": scoliosis,
    "kyphosis": kyphosis,
    "fused bodies": fused,
    "fractured body": fractured,
    "three vertebrae": three_vertebrae,
    "narrow field": narrow_field,
    "feet first": feet_first,
    "header upside down": upside_down,
    "5 mm slices": thick_slices,
    "noise": noisy,
    "metal screw": with_screw,
}
"""Name in the table to function."""

MEANINGS = (
    f"scoliosis: {COBB_DEG:g} degrees to the side, {TURN_AT_APEX_DEG:g} about its own axis; kyphosis: "
    f"{MORE_KYPHOSIS_DEG:g} degrees more; fused: the middle disc is bone; fractured: the middle body's front is half "
    "as high",
    f"three vertebrae: cropped to the middle three; narrow field: {NARROW_MM:g} mm wide and deep; feet first: same "
    "anatomy, stored the other way round; header upside down: it claims head where the feet are",
    f"5 mm slices: means over {SLICE_MM:g} mm; noise: {NOISE_HU:g} HU on top; metal screw: a pedicle screw without "
    "streaks, which is no spine",
)
