"""Ribs of thoracic vertebrae: drawn for label maps, found in CTs without labels.

A rib's neck runs from the back of the vertebral body to the tip of the transverse process, close in front of it and
as bright. A network that never saw the two side by side takes the one for the other. Label maps hold vertebrae only,
so the ribs are drawn, each from its vertebra's own body and processes. In a CT the lung tells them apart: it lies
against the ribs, and the transverse processes lie behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import make_interp_spline

from segmentation.core.hounsfield import RIB_BONE_HU
from segmentation.training.synthesis.ct_from_labels import tubes

THORACIC = range(8, 20)  # T1 to T12 in VerSe's numbers
# T1 and T10 to T12 carry their rib on the body's own height, the others at the disc above it.
ON_THE_BODY = (8, 17, 18, 19)
BEHIND_MM = 8.0  # from the middle of a body to the back of it
# From the front of the transverse process's tip onwards: the angle of the rib, then round the chest and down. Mirrored
# for the left; (to the side, forwards, up) in mm.
ONWARDS_MM = ((0.0, 6.0, 1.0), (18.0, -4.0, -5.0), (38.0, 4.0, -14.0), (56.0, 32.0, -28.0))
RADIUS_MM = (3.0, 4.6)
# In a CT: how near to the lung bone is a rib, and how far aside of the bodies, which touch the lung too.
BY_THE_LUNG_MM, ASIDE_MM = 6.0, 20.0
LUNG_ML = 50.0
STRAY_MM = 2.0  # standard deviation by which each point of a path strays


@dataclass(frozen=True, eq=False)
class Ribs:
    """Paths of the ribs of a label map.

    Attributes:
        paths: (P, 3) voxels of the map each, from the rib's head outwards.
        spacing_mm: Edge of a voxel.
    """

    paths: tuple[NDArray[np.float64], ...]
    spacing_mm: float

    def drawn(
        self, shape: tuple[int, ...], matrix: NDArray[np.float64], offset: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Draw the ribs in a crop of the map, as a mask of ``shape``.

        Index x of the crop shows ``matrix @ x + offset`` of the map.

        Each path strays a little, and each crop has ribs of another thickness; a rib is higher than it is thick.
        """
        flat = np.array([0.0, 0.0, rng.uniform(1.0, 2.5)])
        common = rng.normal(0, STRAY_MM, 3) * [0, 1, 1]  # all ribs of a body are somewhat alike
        curves = []
        for path in self.paths:
            stray = rng.normal(0, STRAY_MM / 2, path.shape)
            stray[2:] += common
            points = path + stray / self.spacing_mm
            curve = make_interp_spline(np.arange(len(points)), points, k=3)(np.linspace(0, len(points) - 1, 160))
            curves += [curve + shift * flat / self.spacing_mm for shift in (-1, 0, 1)]
        within = [np.asarray(np.linalg.solve(matrix, (curve - offset).T).T, np.float64) for curve in curves]
        return tubes(within, shape, rng.uniform(*RADIUS_MM) / self.spacing_mm)


def ribs_of(numbers: NDArray[np.uint8], spacing_mm: float) -> Ribs:
    """Lay a rib on either side of each thoracic vertebra.

    ``numbers``: (I, J, K) VerSe labels with axes towards R, A and S. A side whose transverse process does not
    reach beyond the body, or is cut off, has no rib.
    """
    found = ndimage.find_objects(numbers)
    paths = []
    for number in THORACIC:
        box = found[number - 1] if number <= len(found) else None
        if box is not None:
            here = np.pad(numbers[box] == number, 1)
            origin = np.array([part.start - 1 for part in box])
            paths += [origin + path for path in _of_vertebra(here, number in ON_THE_BODY, spacing_mm)]
    return Ribs(tuple(paths), spacing_mm)


def ribs_by_the_lung(
    hu: NDArray[np.float32], air: NDArray[np.bool_], aside_mm: NDArray[np.float32], spacing_mm: float
) -> NDArray[np.bool_]:
    """Mark the bone of a CT that is a rib because lung lies against it; none of it is spine.

    ``air`` is what is as thin as lung, ``aside_mm`` how far to the side of the vertebral bodies' centres a voxel is.
    """
    parts, count = ndimage.label(air)
    volumes = np.bincount(parts.ravel(), minlength=count + 1) * spacing_mm**3 / 1000
    volumes[0] = 0
    lung = (volumes > LUNG_ML)[parts]
    if not lung.any():
        return lung
    near = ndimage.distance_transform_edt(~lung) * spacing_mm <= BY_THE_LUNG_MM
    return np.asarray(near & (hu > RIB_BONE_HU) & (aside_mm > ASIDE_MM))


def _of_vertebra(bone: NDArray[np.bool_], on_the_body: bool, spacing_mm: float) -> list[NDArray[np.float64]]:
    depth = ndimage.distance_transform_edt(bone)
    centre = np.array(np.unravel_index(np.argmax(depth), bone.shape), dtype=np.float64)  # the body is what is thickest
    inside = np.argwhere(bone) - centre
    behind = BEHIND_MM / spacing_mm
    level = np.abs(inside[:, 2]) <= 2
    middle = np.abs(inside[:, 1] + behind / 2) <= behind / 2
    paths = []
    for side in (-1.0, 1.0):
        across = side * inside[:, 0]
        width = across[level & middle].max(initial=0.0)
        back = inside[:, 1] < -behind
        if not back.any():
            continue
        reach = across[back].max()
        if reach < width + 4 / spacing_mm:
            continue
        tip = inside[back & (across > reach - 3 / spacing_mm)].mean(axis=0)
        up = 1.0 if on_the_body else depth.max()
        head = np.array([side * width, -behind, up])
        onwards = tip + np.array(ONWARDS_MM) * [side, 1, 1] / spacing_mm
        neck = (head + onwards[0]) / 2 + np.array([0, 1, 0]) / spacing_mm
        paths.append(centre + np.vstack([head, neck, onwards]))
    return paths
