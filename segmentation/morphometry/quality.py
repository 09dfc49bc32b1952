"""What may not be measured of a vertebra, and why: cut by the scan's border, incomplete, without a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.morphometry.anatomy.frame import Frame, Real
from segmentation.morphometry.anatomy.shape import RANKS, Shape

_ATLAS, _AXIS = NUMBERS["C1"], NUMBERS["C2"]
_LEAST_VOLUME_SHARE = 0.55
_LEAST_SIZE_SHARE = 0.65
_LEAST_PIECE = 0.8
_MOST_RESIDUAL_MM = 3.0
_LEAST_USED = 0.4
_MOST_TURN_DEG = 40.0


@dataclass(frozen=True)
class Finding:
    """Reasons to withhold values of a vertebra, as codes; empty where there are none.

    Attributes:
        body: Of everything measured of the body, and of the discs and curves beside it.
        arch: Of canal and pedicles.
        whole: Of the volume.
    """

    body: str = ""
    arch: str = ""
    whole: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes, each once."""
        return tuple(dict.fromkeys(code for code in (self.body, self.arch, self.whole) if code))


def judge(shapes: Mapping[int, Shape], label_map: LabelMap, uncertain: Mapping[int, str]) -> dict[int, Finding]:
    """Judge every vertebra by itself and by its neighbours.

    Args:
        shapes: By label.
        label_map: That they were taken from.
        uncertain: Labels that are known to be unsure, with the code of the reason; nothing is measured of them.
    """
    findings = {number: _alone(shape, label_map) for number, shape in shapes.items()}
    for number, shape in shapes.items():
        if number in uncertain:
            known, code = findings[number], uncertain[number]
            findings[number] = Finding(known.body or code, known.arch or code, known.whole or code)
        elif not findings[number].body and _turned_away(shape, shapes):
            findings[number] = Finding("not_found", "not_found", findings[number].whole)
        elif not findings[number].body and _incomplete(shape, shapes, findings):
            findings[number] = Finding("incomplete", "incomplete", "incomplete")
    return findings


def _alone(shape: Shape, label_map: LabelMap) -> Finding:
    border = _border_points(shape, label_map)
    cut = "cut" if len(border) else ""
    if shape.number == _ATLAS:
        return Finding("no_body", "no_body", cut)
    if shape.number == _AXIS:
        return Finding("dens", "dens", cut)
    if shape.bone.pieces < _LEAST_PIECE:
        return Finding("pieces", "pieces", "pieces")
    body = shape.body
    if body is None:
        return Finding(cut or "not_found", cut or "not_found", cut)
    if cut and _near_body(border, shape.frame, shape):
        return Finding("cut", "cut", "cut")
    arch = "canal_open" if shape.canal is None else "arch_cut" if _near_arch(border, shape.frame, shape) else ""
    worst = max(body.superior.residual_mm, body.inferior.residual_mm)
    if worst > _MOST_RESIDUAL_MM or min(body.superior.used, body.inferior.used) < _LEAST_USED:
        return Finding("endplates_irregular", arch, cut)
    return Finding("", arch, cut)


def _border_points(shape: Shape, label_map: LabelMap) -> Real:
    """List the voxels of a bone that lie on the border of the scan, RAS+ mm."""
    box = shape.bone.box
    places = []
    for axis in range(3):
        for border in (0, label_map.grid.shape[axis] - 1):
            if box[axis].start <= border < box[axis].stop:
                face = [part.start for part in box]
                part = list(box)
                part[axis] = slice(border, border + 1)
                face[axis] = border
                places.append(np.argwhere(label_map.labels[tuple(part)] == shape.number) + face)
    found = np.concatenate(places) if places else np.empty((0, 3))
    return label_map.grid.to_mm(found.astype(np.float64))


def _near_body(border_mm: Real, frame: Frame, shape: Shape) -> bool:
    assert shape.body is not None
    local = frame.to_local(border_mm)
    body = shape.body
    wide = np.abs(local[:, 0] - body.middle[0]) < body.width_mm / 2 + 4
    return bool((wide & (local[:, 1] > body.back - 3)).any())


def _near_arch(border_mm: Real, frame: Frame, shape: Shape) -> bool:
    if shape.canal is None or not len(border_mm):
        return False
    local = frame.to_local(border_mm)
    wide = np.abs(local[:, 0] - shape.canal.centre[0]) < shape.canal.width_mm / 2 + 15
    return bool((wide & (local[:, 1] > shape.canal.back - 6)).any())


def _turned_away(shape: Shape, shapes: Mapping[int, Shape]) -> bool:
    """Tell whether a frame looks to another side than those of its neighbours do, as no spine does: it is wrong."""
    near = [n for n in shapes if n != shape.number and abs(RANKS[n] - RANKS[shape.number]) <= 2 and shapes[n].canal]
    if not near:
        return False
    front = np.sum([shapes[n].frame.axes[:, 1] for n in near], axis=0)
    right, forwards = front @ shape.frame.axes[:, 0], front @ shape.frame.axes[:, 1]  # in its own transverse plane
    return bool(abs(np.degrees(np.arctan2(right, forwards))) > _MOST_TURN_DEG)


def _incomplete(shape: Shape, shapes: Mapping[int, Shape], findings: Mapping[int, Finding]) -> bool:
    """Tell whether a vertebra is much smaller than its neighbours, more than a fracture can make it."""
    near = [
        other
        for number, other in shapes.items()
        if number != shape.number
        and abs(RANKS[number] - RANKS[shape.number]) <= 2
        and other.body is not None
        and not findings[number].body
    ]
    if not near or shape.body is None:
        return False
    volume = float(np.median([other.bone.voxels for other in near]))
    width = float(np.median([other.body.width_mm for other in near if other.body]))
    depth = float(np.median([other.body.depth_mm for other in near if other.body]))
    return (
        shape.bone.voxels < _LEAST_VOLUME_SHARE * volume
        or shape.body.width_mm < _LEAST_SIZE_SHARE * width
        or shape.body.depth_mm < _LEAST_SIZE_SHARE * depth
    )
