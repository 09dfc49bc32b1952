"""Axes of a vertebra: its own right, anterior and superior, the middle of its body and of its canal.

The median plane is the one by which the surface is mirrored onto itself best; the direction of the canal is the one
along which the widest hole shows through the bone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import HEAD_TO_FOOT, NUMBERS, label_of
from segmentation.core.volume import LabelMap
from segmentation.registration import rigid
from segmentation.registration.distance_field import DistanceField
from segmentation.registration.refine import refine, residuals, starting, tukey_cost

Array = NDArray[np.float64]

_HOLE_MM = 5.0  # radius from which on a hole is taken for the canal


@dataclass(frozen=True, eq=False)
class VertebraFrame:
    """Place of a vertebra.

    Attributes:
        axes: (3, 3) unit columns: its own right, anterior, superior, in RAS+.
        body_mm: (3,) middle of the body.
        canal_mm: (3,) middle of the canal, at the height of the pedicles or so.
        canal_radius_mm: Radius of the largest circle in the canal seen along its axis; 0 where none was found.
        mirror: (4, 4) the improper motion that maps the vertebra onto itself, sides exchanged.
    """

    axes: Array
    body_mm: Array
    canal_mm: Array
    canal_radius_mm: float
    mirror: Array

    def to_own(self, points_mm: Array) -> Array:
        """Convert (..., 3) RAS+ mm to own coordinates: right, anterior, superior of the canal's middle, in mm."""
        return np.asarray((points_mm - self.canal_mm) @ self.axes)

    def to_mm(self, own: Array) -> Array:
        """Undo ``to_own``."""
        return np.asarray(own @ self.axes.T + self.canal_mm)


def vertebra_frame(field: DistanceField, along: Array) -> VertebraFrame:
    """Find the axes of a vertebra.

    Args:
        field: Its surface.
        along: (3,) rough direction of the spine here, upwards, RAS+ (see ``spine_direction``).
    """
    bone, depth = _bone(field)
    centre = bone.mean(axis=0)
    mirror = _mirror(field, centre, along)
    normal, on_plane = _plane(mirror, centre)
    up, hole, radius = _canal(bone, normal, on_plane, along)
    forward = np.cross(up, normal)
    axes = np.column_stack([normal, forward, up])
    body = _body(bone, depth, axes, hole)
    return VertebraFrame(axes, body, hole + up * ((body - hole) @ up), radius, mirror)


def spine_direction(label_map: LabelMap, label: int) -> Array:
    """Give the direction from the vertebra below to the one above, upwards; where neither is there, that of the scan.

    Returns:
        (3,) unit vector in RAS+.
    """
    thinned = label_map.labels[::2, ::2, ::2]
    here = _centroid(label_map, thinned, label)
    above, below = (_centroid(label_map, thinned, number) for number in _neighbours(label))
    if here is None or (above is None and below is None):
        return np.array([0.0, 0.0, 1.0])
    direction = (here if above is None else above) - (here if below is None else below)
    return np.asarray(direction / np.linalg.norm(direction))


def _neighbours(label: int) -> tuple[int, int]:
    name = label_of(label).name
    if name not in HEAD_TO_FOOT:
        return 0, 0
    place = HEAD_TO_FOOT.index(name)
    above = HEAD_TO_FOOT[place - 1] if place else ""
    below = HEAD_TO_FOOT[place + 1] if place + 1 < len(HEAD_TO_FOOT) else ""
    above = "T12" if above == "T13" else above
    below = "L1" if below == "T13" else below
    return NUMBERS.get(above, 0), NUMBERS.get(below, 0)


def _centroid(label_map: LabelMap, thinned: NDArray[np.uint8], label: int) -> Array | None:
    found = np.argwhere(thinned == label) if label else np.empty((0, 3))
    return label_map.grid.to_mm(np.asarray(found.mean(axis=0) * 2, dtype=np.float64)) if len(found) > 20 else None


def _bone(field: DistanceField) -> tuple[Array, Array]:
    """List voxels inside at about 1.6 mm: (N, 3) places and (N,) depths."""
    steps = [max(1, round(1.6 / s)) for s in field.grid.spacing_mm]
    thin = field.distance[:: steps[0], :: steps[1], :: steps[2]]
    index = np.argwhere(thin < 0)
    places = np.asarray(index * np.array(steps), dtype=np.float64)
    return field.grid.to_mm(places), -thin[tuple(index.T)].astype(np.float64)


def _mirror(field: DistanceField, centre: Array, along: Array) -> Array:
    """Find the improper motion that maps the surface onto itself."""
    points, _ = field.surface_points(3)
    points = points[:: max(1, len(points) // 200)]
    right = np.cross([0.0, 1.0, 0.0], along)
    right /= np.linalg.norm(right)
    forward = np.cross(along, right)
    starts = []
    for turn in np.radians(np.arange(-40, 41, 10)):
        for lean in np.radians((-15, 0, 15)):
            normal = np.cos(turn) * np.cos(lean) * right + np.sin(turn) * forward + np.sin(lean) * along
            normal /= np.linalg.norm(normal)
            flip = np.eye(3) - 2 * np.outer(normal, normal)
            starts += [rigid.compose(flip, centre - flip @ centre + normal * shift) for shift in (-5.0, 5.0)]
    fits = refine(field, points, starting(np.array(starts)), (16, 12, 10, 8, 6), sd_mm=0.05)
    fits = fits[np.argsort(tukey_cost(residuals(field, points, fits) / 4).sum(axis=1))[:4]]
    fits = refine(field, points, fits, (6, 5, 4, 3, 3, 3), sd_mm=0.05)
    best = np.argmin(tukey_cost(residuals(field, points, fits) / 3).sum(axis=1))
    return np.asarray(fits.motions[best])


def _plane(mirror: Array, centre: Array) -> tuple[Array, Array]:
    """Give the normal (towards R) of the plane of an improper motion, and the point of it nearest to ``centre``."""
    values, vectors = np.linalg.eigh((mirror[:3, :3] + mirror[:3, :3].T) / 2)
    normal = vectors[:, np.argmin(values)]
    normal = normal * (np.sign(normal[0]) or 1.0)
    middle = (centre + rigid.apply(mirror, centre[None])[0]) / 2
    return normal, centre + ((middle - centre) @ normal) * normal


def _canal(bone: Array, normal: Array, on_plane: Array, along: Array) -> tuple[Array, Array, float]:
    """Find the direction with the widest hole: that direction (upwards), the hole's middle, its radius in mm."""
    along = along - (along @ normal) * normal
    along /= np.linalg.norm(along)
    ahead = np.cross(along, normal)
    best: tuple[float, Array, Array] | None = None
    for angle in np.radians(np.arange(-48, 49, 4)):
        up = np.cos(angle) * along + np.sin(angle) * ahead
        radius, middle = _hole(bone - on_plane, normal, np.cross(up, normal))
        radius -= abs(angle) * 0.5  # of equal holes the one nearer to the spine's direction
        if best is None or radius > best[0]:
            best = radius, up, on_plane + middle
    assert best is not None
    if best[0] < _HOLE_MM / 2:
        return along, on_plane, 0.0
    return best[1], best[2], max(0.0, best[0])


def _hole(bone: Array, right: Array, ahead: Array) -> tuple[float, Array]:
    """Measure the largest circle around a point of the median plane that bone surrounds, seen along one direction."""
    from scipy import ndimage

    edge, reach = 1.6, 40
    flat = np.rint(np.column_stack([bone @ right, bone @ ahead]) / edge).astype(int) + reach
    inside = ((flat >= 0) & (flat <= 2 * reach)).all(axis=1)
    picture = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=bool)
    picture[tuple(flat[inside].T)] = True
    median = np.abs(np.arange(2 * reach + 1) - reach) * edge <= 6  # where the canal lies
    for gap in (0, 2, 4):  # an arch that the mask leaves open is closed
        closed = ndimage.binary_closing(picture, iterations=gap) if gap else picture
        holes = ndimage.binary_fill_holes(closed) & ~closed
        depth = ndimage.distance_transform_edt(holes) * median[:, None]
        i, j = np.unravel_index(np.argmax(depth), depth.shape)
        if depth[i, j] * edge >= _HOLE_MM / 2:
            return float(depth[i, j] * edge), (j - reach) * edge * ahead
    return 0.0, np.zeros(3)


def _body(bone: Array, depth: Array, axes: Array, canal: Array) -> Array:
    """Find the middle of the body: the thick bone in front of the canal, near the median plane."""
    own = (bone - canal) @ axes
    front = (own[:, 1] > 4) & (np.abs(own[:, 0]) < 18)
    if np.count_nonzero(front) < 20:
        return np.asarray(canal + 15 * axes[:, 1])
    weight = np.where(front, np.maximum(depth - 2, 0) ** 2, 0) + 1e-9 * front
    middle = (weight[:, None] * own).sum(axis=0) / weight.sum()
    middle[0] = 0.0
    return np.asarray(canal + axes @ middle)
