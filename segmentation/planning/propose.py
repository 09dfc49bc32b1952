"""Proposal of pedicle screws: an axis through the narrowest section of the pedicle, as far from its wall as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadConfiguration
from segmentation.core.labels import COCCYX, LABELS, NUMBERS, SACRUM, label_of
from segmentation.core.messages import Message
from segmentation.core.volume import LabelMap
from segmentation.planning.breach import check_screw
from segmentation.planning.screw import SIDES, Omission, Screw
from segmentation.registration.distance_field import DistanceField, distance_field
from segmentation.registration.frame import VertebraFrame, spine_direction, vertebra_frame

Array = NDArray[np.float64]

NOT_CERVICAL = tuple(NUMBERS[f"C{n}"] for n in range(1, 7))
"""C1 to C6: the vertebral artery runs beside the pedicle, in a foramen that a label map does not show."""

_SHARE_OF_WIDTH = 0.8
_SHARE_OF_BODY = 0.8
_WALL_MM = 0.6  # bone that stays around the screw in the body
_LEAST_BODY_MM = 5.0
_LINES = 30
_SIDES = {"right": Message.of("plan.side_right"), "left": Message.of("plan.side_left")}


@dataclass(frozen=True)
class Catalogue:
    """Screws that there are.

    Attributes:
        diameters_mm: Ascending.
        lengths_mm: Ascending, from the entry to the tip.

    Raises:
        BadConfiguration: a size that is no length of a screw.
    """

    diameters_mm: tuple[float, ...] = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5)
    lengths_mm: tuple[float, ...] = tuple(float(n) for n in range(20, 61, 5))

    def __post_init__(self) -> None:
        for sizes, least, most in ((self.diameters_mm, 1.0, 12.0), (self.lengths_mm, 8.0, 120.0)):
            if not sizes or not all(least <= size <= most for size in sizes):
                raise BadConfiguration("plan.bad_catalogue", least=least, most=most)
            if list(sizes) != sorted(sizes):
                raise BadConfiguration("plan.catalogue_order")


@dataclass(frozen=True, eq=False)
class Vertebra:
    """A vertebra to plan on: its surface and its axes."""

    label: int
    field: DistanceField
    frame: VertebraFrame


def prepare_vertebra(label_map: LabelMap, label: int) -> Vertebra:
    """Measure the surface and the axes of a vertebra.

    Raises:
        InputError: the label is absent.
    """
    field = distance_field(label_map, label)
    return Vertebra(label, field, vertebra_frame(field, spine_direction(label_map, label)))


def propose(
    label_map: LabelMap, labels: list[int], catalogue: Catalogue | None = None
) -> tuple[list[Screw], list[Omission], dict[int, Vertebra]]:
    """Propose a screw for each pedicle of the labels, or say why not.

    Raises:
        InputError: a label is absent.
    """
    catalogue = catalogue or Catalogue()
    screws: list[Screw] = []
    omissions: list[Omission] = []
    vertebrae: dict[int, Vertebra] = {}
    for label in labels:
        name = label_of(label).name
        if label in NOT_CERVICAL or label in (SACRUM, COCCYX) or label not in LABELS:
            message = Message.of("plan.level_not_supported", name=name)
            omissions += [Omission(label, side, "level_not_supported", message) for side in SIDES]
            continue
        vertebrae[label] = prepare_vertebra(label_map, label)
        for side in SIDES:
            found = propose_screw(vertebrae[label], side, catalogue)
            (screws if isinstance(found, Screw) else omissions).append(found)  # type: ignore[arg-type]
    return screws, omissions, vertebrae


def propose_screw(vertebra: Vertebra, side: str, catalogue: Catalogue) -> Screw | Omission:
    """Propose the screw of one pedicle.

    The narrowest section lies where the thickest bone beside the canal is thinnest on the way from arch to body.
    Among lines through it, the one wins that keeps farthest from the surface on its way through the pedicle, and
    points to the middle of the body.
    """
    name = label_of(vertebra.label).name
    if vertebra.frame.canal_radius_mm == 0:
        message = Message.of("plan.no_canal", name=name)
        return Omission(vertebra.label, side, "no_canal", message)
    isthmus = _isthmus(vertebra, 1.0 if side == "right" else -1.0)
    if isthmus is None:
        return Omission(vertebra.label, side, "no_pedicle", Message.of("plan.no_pedicle", name=name, side=_SIDES[side]))
    lines = _best_lines(vertebra, isthmus, 1.0 if side == "right" else -1.0)
    width = 2 * max(line.depth for line in lines)
    if _SHARE_OF_WIDTH * width < catalogue.diameters_mm[0]:
        least = catalogue.diameters_mm[0]
        message = Message.of("plan.too_narrow", name=name, side=_SIDES[side], width=width, least=least)
        return Omission(vertebra.label, side, "pedicle_too_narrow", message)
    for share in (1.0, 0.8, 0.6):  # a thinner screw only where no line takes a thick one
        for line in lines:
            room = 2 * line.depth * _SHARE_OF_WIDTH
            fitting = [d for d in catalogue.diameters_mm if d <= room * share + 1e-9]
            screw = _fitted(vertebra, side, line, fitting[-1], catalogue) if fitting else None
            if screw is not None:
                return screw
    return Omission(vertebra.label, side, "no_room", Message.of("plan.no_room", name=name, side=_SIDES[side]))


def _isthmus(vertebra: Vertebra, sign: float) -> Array | None:
    """Find the middle of the narrowest section in own coordinates.

    Beside the front half of the canal there is no bone but the pedicle.
    """
    frame, field = vertebra.frame, vertebra.field
    radius = frame.canal_radius_mm
    x = np.arange(max(radius - 1.0, 3.0), radius + 20.0, 0.8) * sign
    z = np.arange(-14.0, 16.1, 0.8)
    wall = frame.to_own(frame.body_mm)[1]
    y = np.arange(0.0, min(radius + 2.5, wall), 0.8)
    grid = np.stack(np.meshgrid(y, x, z, indexing="ij"), axis=-1)[..., [1, 0, 2]].reshape(len(y), -1, 3)
    depth = -field.distances(frame.to_mm(grid))
    narrow = int(np.argmin(depth.max(axis=1)))
    place = int(np.argmax(depth[narrow]))
    return np.asarray(grid[narrow, place]) if depth[narrow, place] > 0.3 else None


@dataclass(frozen=True, eq=False)
class _Line:
    """A candidate for an axis: a point of it in the pedicle and its direction in own coordinates; its least depth."""

    start: Array
    direction: Array
    depth: float


def _best_lines(vertebra: Vertebra, isthmus: Array, sign: float) -> list[_Line]:
    """Rank lines through the pedicle: deep in it, deep behind it, towards the middle of the body."""
    frame, field = vertebra.frame, vertebra.field
    shifts = np.arange(-2.4, 2.41, 0.8)
    dx, dz = (each.ravel() for each in np.meshgrid(shifts, shifts, indexing="ij"))
    starts = isthmus + np.column_stack([dx, 0 * dx, dz])
    inward = np.radians(np.arange(-4.0, 37.0, 4.0))
    upward = np.radians(np.arange(-24.0, 25.0, 4.0))
    alpha, beta = (each.ravel() for each in np.meshgrid(inward, upward, indexing="ij"))
    directions = np.column_stack([-sign * np.sin(alpha) * np.cos(beta), np.cos(alpha) * np.cos(beta), np.sin(beta)])
    along = np.arange(-11.0, 7.1, 1.5)
    body = frame.to_own(frame.body_mm)
    reach = np.linalg.norm(body - isthmus)
    lines = starts[:, None, None] + directions[None, :, None] * along[:, None]
    depths = -field.distances(frame.to_mm(lines))
    depth = depths[..., along > -5.5].min(axis=2)
    behind = depths[..., (along > -9.5) & (along < -4.5)].mean(axis=2)
    ends = starts[:, None] + directions[None] * reach
    inside = -field.distances(frame.to_mm(ends))
    aside = np.abs(ends[..., 2] - body[2]) * 0.03 + np.abs(ends[..., 0] - sign * 4.0) * 0.02
    score = depth + 0.15 * np.clip(behind, -5, 5) + 0.05 * np.clip(inside, -5, 6) - aside
    ranked = np.argsort(-score, axis=None)[: _LINES * 8 : 8]
    found = [np.unravel_index(int(place), score.shape) for place in ranked]
    return [_Line(starts[i], directions[j], float(depth[i, j])) for i, j in found]


def _fitted(vertebra: Vertebra, side: str, line: _Line, diameter: float, catalogue: Catalogue) -> Screw | None:
    """Find entry and length on a line; None if no length of the catalogue stays in bone."""
    frame, field = vertebra.frame, vertebra.field
    start, direction = line.start, line.direction
    steps = np.arange(0.0, 90.0, 0.25)
    back = field.distances(frame.to_mm(start - steps[:, None] * direction))
    ahead = field.distances(frame.to_mm(start + steps[:, None] * direction))
    left = float(steps[int(np.argmax(back > 0))])
    out = float(steps[int(np.argmax(ahead > 0))])
    begin = float(np.clip((frame.canal_radius_mm - start[1]) / max(direction[1], 0.2), 0.0, max(out - 1.0, 0.0)))
    most = left + begin + _SHARE_OF_BODY * (out - begin)
    entry = start - left * direction
    for length in reversed([each for each in catalogue.lengths_mm if each <= most + 1e-9]):
        if length < left + begin + _LEAST_BODY_MM:
            break
        share = (length - left - begin) / (out - begin)
        details = {"pedicle_width_mm": round(2 * line.depth, 2), "body_share": round(share, 3)}
        tip = frame.to_mm(entry + length * direction)
        screw = Screw(vertebra.label, side, frame.to_mm(entry), tip, diameter, details)
        check = check_screw(screw, field, frame)
        deep = check.clearance_mm[check.positions_mm >= left - 5.0].min()
        if check.grade == "A" and deep > min(_WALL_MM, 0.12 * line.depth):
            return screw
    return None
