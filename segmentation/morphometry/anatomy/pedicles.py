"""Pedicles: the narrowest place of each, its width, height and axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.morphometry.anatomy.canal import Canal
from segmentation.morphometry.anatomy.frame import Block, Real, first_exit
from segmentation.morphometry.anatomy.shape import Shape

_STEP_MM = 0.5
_HALF_MM = 20.0
_CORE_MM = 0.75  # chords this near to the centre are averaged
_LEAST_AREA_MM2 = 8.0
_MOST_SIZE_MM = 28.0
_ALONG_MM = (0.0, -3.0, 3.0, 6.0)
_INWARD_DEG = tuple(np.arange(-8.0, 49.0, 8.0).tolist())
_UPWARD_DEG = (0.0, -12.0, 12.0, -24.0, 24.0)
"""Directions that are tried: pedicles converge towards the front, from a few degrees outwards to 45."""


@dataclass(frozen=True, eq=False)
class Pedicle:
    """One pedicle.

    Attributes:
        side: ``"left"`` or ``"right"`` of the patient.
        width_mm: Transverse diameter at the isthmus, at right angles to the axis, through the section's centre.
        height_mm: The diameter at right angles to that one and to the axis.
        centre: (3,) of the isthmus, in the vertebra's frame, mm.
        axis: (3,) unit vector from the arch towards the body, in the vertebra's frame.
    """

    side: str
    width_mm: float
    height_mm: float
    centre: Real
    axis: Real


def find_pedicle(shape: Shape, side: str) -> Pedicle | None:
    """Find a pedicle; None where the bone beside the canal does not hang together.

    Among sections at right angles to the vertebra's sagittal axis between the body's back and the middle of the canal
    the smallest shows where to look; the plane near it that cuts the least bone is the isthmus, and the axis stands at
    right angles to it. Width and height are those of the smallest section at right angles to that axis (outer
    diameters, as in Zindrick et al. 1987, doi:10.1097/00007632-198703000-00012).
    """
    if shape.canal is None or shape.body is None:
        return None
    sign = -1.0 if side == "left" else 1.0
    sections = _sections(shape.block, shape.canal, sign)
    if len(sections) < 3:
        return None
    areas = ndimage.gaussian_filter1d([area for _, area in sections], 0.8, mode="nearest")
    place = int(np.argmin(areas))
    centre, axis = _isthmus(shape, sections[place][0], sign)
    found = [_diameters(shape, centre + axis * shift, axis) for shift in np.arange(-4.0, 4.1, 1.0)]
    sizes = [each for each in found if each is not None]
    if not sizes:
        return None
    smallest = int(np.argmin([width * height for width, height, _ in sizes]))
    around = sizes[max(0, smallest - 2) : smallest + 3]  # the least of many is too small
    width, height = (float(np.median([each[part] for each in around])) for part in (0, 1))
    if not (0.5 < width < _MOST_SIZE_MM and 0.5 < height < _MOST_SIZE_MM):
        return None
    return Pedicle(side, width, height, sizes[smallest][2], axis)


def _sections(block: Block, canal: Canal, sign: float) -> list[tuple[Real, float]]:
    """Cut the bone of one side at each y beside the canal: centre and area of the piece at the pedicle's height."""
    columns = sign * (block.x - canal.centre[0]) > 0.2 * canal.width_mm
    x = block.x[columns]
    pixel = float((block.x[1] - block.x[0]) * (block.z[1] - block.z[0]))
    target = np.array([canal.centre[0] + sign * (canal.width_mm / 2 + 4), 3.0])
    found = []
    rows = block.between(1, canal.wall - 0.65 * canal.depth_mm, canal.wall - 0.5)
    for row in range(rows.start, rows.stop):
        mask = block.values[columns, row] > 0
        piece = _nearest_piece(mask, x, block.z, target)
        if piece is None or piece.sum() * pixel < _LEAST_AREA_MM2:
            continue
        ij = np.argwhere(piece).mean(axis=0)
        middle = np.array([np.interp(ij[0], np.arange(len(x)), x), np.interp(ij[1], np.arange(len(block.z)), block.z)])
        found.append((np.array([middle[0], block.y[row], middle[1]]), float(piece.sum() * pixel)))
    return found


def _nearest_piece(mask: NDArray[np.bool_], x: Real, z: Real, target: Real) -> NDArray[np.bool_] | None:
    """Choose the piece of a (X, Z) section that comes nearest to ``target``, specks left out."""
    parts, count = ndimage.label(mask)
    if not count:
        return None
    distance = np.hypot(x[:, None] - target[0], z[None, :] - target[1])
    sizes = np.bincount(parts.ravel())
    nearest = ndimage.minimum(distance, parts, np.arange(1, count + 1))
    order = [n for n in np.argsort(nearest) + 1 if sizes[n] >= 8]
    if not order or nearest[order[0] - 1] > 12:
        return None
    return np.asarray(parts == order[0])


def _isthmus(shape: Shape, centre: Real, sign: float) -> tuple[Real, Real]:
    """Find the plane near ``centre`` that cuts the least bone: a point of it, and its normal, forwards.

    A line through the centres of sections would follow a transverse process that leaves the pedicle, or a facet.
    """
    inward, upward, shift = 0.0, 0.0, 0.0
    tries = list(product(_ALONG_MM, _INWARD_DEG, _UPWARD_DEG))
    for _ in range(2):
        areas = [_area(shape, centre + by * _forwards(turn, rise, sign), _forwards(turn, rise, sign))
                 for by, turn, rise in tries]  # fmt: skip
        shift, inward, upward = tries[int(np.argmin(areas))]
        tries = [(shift, inward + turn, upward + rise) for turn in (0.0, -4.0, 4.0) for rise in (0.0, -6.0, 6.0)]
    axis = _forwards(inward, upward, sign)
    return centre + shift * axis, axis


def _forwards(inward_deg: float, upward_deg: float, sign: float) -> Real:
    inward, upward = np.radians(inward_deg), np.radians(upward_deg)
    return np.array([-sign * np.sin(inward) * np.cos(upward), np.cos(inward) * np.cos(upward), np.sin(upward)])


def _area(shape: Shape, centre: Real, axis: Real) -> float:
    """Measure the bone around ``centre`` in the plane at right angles to ``axis``, mm²; infinite outside bone."""
    at = np.arange(-_HALF_MM, _HALF_MM + 0.5, 1.0)
    parts, _ = ndimage.label(_section(shape, centre, axis, at) > 0)
    here = parts[len(at) // 2, len(at) // 2]
    return float(np.count_nonzero(parts == here)) if here else np.inf


def _across(axis: Real) -> Real:
    across = np.array([axis[1], -axis[0], 0.0])
    return np.asarray(across / np.linalg.norm(across))


def _section(shape: Shape, centre: Real, axis: Real, at: Real) -> NDArray[np.float32]:
    """Sample the bone in the plane at right angles to ``axis``: (N, N) across and up, at ``at`` mm from ``centre``."""
    across = _across(axis)
    u, v = np.meshgrid(at, at, indexing="ij")
    points = centre + u[..., None] * across + v[..., None] * np.cross(across, axis)
    return shape.bone.sample(shape.frame.to_mm(points))


def _diameters(shape: Shape, centre: Real, axis: Real) -> tuple[float, float, Real] | None:
    """Measure width and height of the section at right angles to ``axis``, and find its centre."""
    across = _across(axis)
    up = np.cross(across, axis)
    at = np.arange(-_HALF_MM, _HALF_MM + _STEP_MM / 2, _STEP_MM)
    for _ in range(3):
        values = _section(shape, centre, axis, at)
        parts, _count = ndimage.label(values > 0)
        inner = parts[len(at) // 2, len(at) // 2]
        if not inner:
            return None
        widths = _chord(values, at, 0), _chord(values.T, at, 0)
        if not np.isfinite(widths).all():
            return None
        (left, right), (low, high) = widths
        shift = across * (left + right) / 2 + up * (low + high) / 2
        centre = centre + shift
        if np.linalg.norm(shift) < 0.2:
            break
    return right - left, high - low, centre


def _chord(values: NDArray[np.float32], at: Real, place: float) -> tuple[float, float]:
    """Find the two ends of the chord along the first axis through ``place`` of the second, averaged over a band."""
    band = np.flatnonzero(np.abs(at - place) <= _CORE_MM)
    start = len(at) // 2
    rows = values[:, band].T
    high = first_exit(rows, at, start)
    low = first_exit(rows[:, ::-1], at[::-1], len(at) - 1 - start)
    both = np.isfinite(high) & np.isfinite(low)
    if not both.any():
        return float("nan"), float("nan")
    return float(low[both].mean()), float(high[both].mean())
