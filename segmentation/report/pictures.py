"""Key pictures of the report: planes that follow the spine, and the bones seen from the front and from the left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from segmentation.core.hounsfield import windowed
from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.results import SpineMeasures

_WINDOW_HU = (-200.0, 900.0)
_STEP_MM = 0.8
_MARGIN_MM = 18.0
_OVERLAY = 0.35
_SURFACE_STEP_MM = 1.2
_WHITE = 255

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KeyPicture:
    """One picture with what is to be written on it.

    Attributes:
        name: ``"sagittal"``, ``"coronal"``, ``"front"`` or ``"side"``.
        image: To be shown at its own proportions.
        names: Names with their places, shares of width and height from the top left corner.
    """

    name: str
    image: Image.Image
    names: tuple[tuple[str, float, float], ...] = ()


def key_pictures(volume: Volume, label_map: LabelMap, measures: SpineMeasures) -> list[KeyPicture]:
    """Draw the four pictures; the patient's right is on the left of those seen from the front."""
    low, high = _extent(label_map)
    path = _path(measures, low, high)
    planes = [_curved(volume, label_map, path, low, high, axis) for axis in (0, 1)]
    return [*planes, *_surfaces(label_map, low, high)]


def _extent(label_map: LabelMap) -> tuple[Real, Real]:
    index = np.argwhere(label_map.labels > 0)[::7].astype(np.float64)
    points = label_map.grid.to_mm(index)
    return points.min(axis=0) - _MARGIN_MM, points.max(axis=0) + _MARGIN_MM


def _path(measures: SpineMeasures, low: Real, high: Real) -> Real:
    """List (N, 3) centres of bodies from foot to head, with ends; straight where nothing was measured."""
    centres = np.array([v.landmarks["body_centre"] for v in measures.vertebrae if "body_centre" in v.landmarks])
    if not len(centres):
        centres = ((low + high) / 2)[None]
    return np.asarray(centres[np.argsort(centres[:, 2])])


def _curved(volume: Volume, label_map: LabelMap, path: Real, low: Real, high: Real, axis: int) -> KeyPicture:
    """Sample the surface that follows the bodies: ``axis`` 0 is a sagittal, 1 a coronal picture."""
    along = 1 - axis
    z = np.arange(high[2], low[2], -_STEP_MM)
    # From the left edge: anterior in a sagittal picture, the patient's right in a coronal one.
    u = np.arange(high[along], low[along], -_STEP_MM)
    points = np.empty((len(z), len(u), 3))
    points[..., 2], points[..., along] = z[:, None], u[None, :]
    points[..., axis] = np.interp(z, path[:, 2], path[:, axis])[:, None]
    hu = _sample(volume.hu.astype(np.float32), volume.grid.to_index(points), 1)
    labels = _sample(label_map.labels, label_map.grid.to_index(points), 0)
    grey = np.repeat((255 * windowed(hu, _WINDOW_HU))[..., None], 3, axis=2)
    colours = np.array([(0, 0, 0), *(label_of(n).rgb for n in range(1, 256))], dtype=np.float32)
    share = np.where(labels > 0, _OVERLAY, 0.0)[..., None]
    picture = Image.fromarray((grey * (1 - share) + colours[labels] * share).astype(np.uint8))
    names = []
    for place in path:
        number = int(_sample(label_map.labels, label_map.grid.to_index(place[None]), 0)[0])
        if number:
            x, y = (u[0] - place[along]) / (u[0] - u[-1]), (z[0] - place[2]) / (z[0] - z[-1])
            names.append((label_of(number).name, float(x), float(y)))
    return KeyPicture(("sagittal", "coronal")[axis], picture, tuple(names))


def _sample(array: NDArray[Any], index: Real, order: int) -> NDArray[Any]:
    outside = -1000 if order else 0
    found = ndimage.map_coordinates(array, np.moveaxis(index, -1, 0), order=1 if order else 0, cval=outside)
    return np.asarray(found)


def _surfaces(label_map: LabelMap, low: Real, high: Real) -> list[KeyPicture]:
    """Look at the labels from the front and from the left: the first one met, lit from the viewer."""
    axes = [np.arange(low[n], high[n], _SURFACE_STEP_MM) for n in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    labels = np.asarray(_sample(label_map.labels, label_map.grid.to_index(points), 0))
    front = labels[::-1, ::-1, ::-1].transpose(2, 0, 1)  # columns from right to left, depth from the front
    side = labels[:, ::-1, ::-1].transpose(2, 1, 0)  # columns from the front to the back, depth from the left
    return [KeyPicture("front", _lit(front)), KeyPicture("side", _lit(side))]


def _lit(labels: NDArray[Any]) -> Image.Image:
    """Shade (rows, columns, depth) labels by how steeply the first surface met lies to the line of sight."""
    filled = labels > 0
    seen = np.asarray(filled.any(axis=2))
    depth = filled.argmax(axis=2).astype(np.float32)
    first = np.take_along_axis(labels, filled.argmax(axis=2)[..., None], 2)[..., 0]
    smooth = ndimage.gaussian_filter(np.where(seen, depth, labels.shape[2]), 0.8)
    down, across = np.gradient(smooth)
    light = 1 / np.sqrt(1 + 0.25 * np.clip(down**2 + across**2, 0, 30))
    colours = np.array([(0, 0, 0), *(label_of(n).rgb for n in range(1, 256))], dtype=np.float32)
    pale = 0.5 * colours[first] + 0.5 * np.array((235, 225, 200), dtype=np.float32)
    picture = np.where(seen[..., None], pale * (0.35 + 0.65 * light)[..., None], _WHITE)
    return Image.fromarray(picture.astype(np.uint8))
