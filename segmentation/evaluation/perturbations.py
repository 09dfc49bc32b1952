"""Perturbations of a scan: each function makes a CT harder in one way and changes its labels alike.

HU are resampled linearly and labels to the nearest voxel; what was not scanned becomes air. A perturbation that
a scan does not allow raises an InputError that says why.
"""

from __future__ import annotations

from collections.abc import Callable

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid, Shape3
from segmentation.core.hounsfield import AIR_HU, METAL_HU
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.regions import centroids, head_foot_axis

Perturbed = tuple[Volume, LabelMap]
Affine = NDArray[np.float64]

SLICE_MM = 5.0
TURN_DEG = 20.0
NOISE_HU, NOISE_SEED = 60.0, 7
SCREW_RADIUS_MM, SCREW_LENGTH_MM, SCREW_ASIDE_MM, SCREW_TIP_MM = 3.0, 50.0, 12.0, 8.0


def thick_slices(volume: Volume, labels: LabelMap) -> Perturbed:
    """Average slices of 5 mm across the head-foot direction, each the mean of what it covers."""
    axis = head_foot_axis(volume.grid)
    step = SLICE_MM / volume.grid.spacing_mm[axis]
    count = int(volume.grid.shape[axis] / step)
    if step <= 1 or count < 1:
        raise InputError("perturbation.thick_already", spacing=volume.grid.spacing_mm[axis])
    thick = ndimage.uniform_filter1d(volume.hu.astype(np.float32), max(1, round(step)), axis=axis, mode="nearest")
    shape = list(volume.grid.shape)
    shape[axis] = count
    index = np.eye(4)  # of the thin scan, from that of the thick one
    index[axis, axis], index[axis, 3] = step, (step - 1) / 2
    grid = Grid((shape[0], shape[1], shape[2]), volume.grid.affine @ index)
    return resampled(Volume(thick, volume.grid), labels, grid, index)


def turned(volume: Volume, labels: LabelMap) -> Perturbed:
    """Lean the patient 20 degrees to the side, about the middle of the scan; field of view and voxels stay."""
    middle = volume.grid.to_mm((np.array(volume.grid.shape) - 1) / 2)
    back = np.eye(4)
    back[:3, :3] = Rotation.from_euler("y", -TURN_DEG, degrees=True).as_matrix()
    back[:3, 3] = middle - back[:3, :3] @ middle
    index = np.linalg.inv(volume.grid.affine) @ back @ volume.grid.affine
    return resampled(volume, labels, volume.grid, index)


def three_vertebrae(volume: Volume, labels: LabelMap) -> Perturbed:
    """Crop from head and foot to the middle three labelled vertebrae, whole; their neighbours are cut."""
    axis = head_foot_axis(labels.grid)
    heights = centroids(labels, axis)
    if labels.kind != "vertebrae" or len(heights) < 3:
        raise InputError("perturbation.few_vertebrae")
    ordered = sorted(heights, key=heights.__getitem__)
    first = (len(ordered) - 3) // 2
    boxes = ndimage.find_objects(labels.labels)
    parts = [boxes[number - 1][axis] for number in ordered[first : first + 3]]
    low, high = min(part.start for part in parts), max(part.stop for part in parts)
    box = [slice(None)] * 3
    box[axis] = slice(low, high)
    corner = np.zeros(3)
    corner[axis] = low
    hu = volume.hu[tuple(box)]
    affine = volume.grid.affine.copy()
    affine[:3, 3] = volume.grid.to_mm(corner)
    return _both(hu, labels.labels[tuple(box)], Grid(_shape(hu), affine), labels.kind)


def noisy(volume: Volume, labels: LabelMap) -> Perturbed:
    """Add Gaussian noise of 60 HU to the scan's own, from a fixed seed."""
    noise = np.random.default_rng(NOISE_SEED).standard_normal(volume.hu.shape, dtype=np.float32)
    return _both(_as_hu(volume.hu + NOISE_HU * noise), labels.labels, volume.grid, labels.kind)


def with_screw(volume: Volume, labels: LabelMap) -> Perturbed:
    """Put a pedicle screw into the middle labelled vertebra: 6 mm thick, 50 mm long, 12 mm aside of its middle.

    It runs from back to front and ends 8 mm behind the vertebra's front. Metal is no spine: the screw leaves the
    reference. No streaks are drawn, as a scanner with metal-artefact reduction would leave it.
    """
    heights = centroids(labels, head_foot_axis(labels.grid))
    if labels.kind != "vertebrae" or not heights:
        raise InputError("perturbation.no_vertebra")
    ordered = sorted(heights, key=heights.__getitem__)
    inside = np.argwhere(labels.labels == ordered[len(ordered) // 2]).astype(np.float64)
    bone_mm = labels.grid.to_mm(inside)
    x = bone_mm[:, 0].mean() + SCREW_ASIDE_MM
    near = bone_mm[np.abs(bone_mm[:, 0] - x) < SCREW_RADIUS_MM]
    z = (near if len(near) else bone_mm)[:, 2].mean()
    tip = bone_mm[:, 1].max() - SCREW_TIP_MM
    screw = _rod(labels.grid, (x, z), (tip - SCREW_LENGTH_MM, tip))
    hu, numbers = volume.hu.copy(), labels.labels.copy()
    hu[screw], numbers[screw] = METAL_HU, 0
    return _both(hu, numbers, volume.grid, labels.kind)


def stored_otherwise(volume: Volume, labels: LabelMap) -> Perturbed:
    """Store the same anatomy with the array's axes in another order and direction, and a header that says so."""
    order = np.array([[1, -1], [2, 1], [0, -1]])  # i becomes j backwards, j becomes k, k becomes i backwards
    hu, numbers = (
        np.ascontiguousarray(nib.orientations.apply_orientation(array, order)) for array in (volume.hu, labels.labels)
    )
    affine = volume.grid.affine @ nib.orientations.inv_ornt_aff(order, volume.grid.shape)
    return _both(hu, numbers, Grid(_shape(hu), affine), labels.kind)


def upside_down(volume: Volume, labels: LabelMap) -> Perturbed:
    """Falsify the header: it says head where the feet are, so the patient is shown upside down and mirrored."""
    axis = head_foot_axis(volume.grid)
    flip = np.eye(4)
    flip[axis, axis], flip[axis, 3] = -1, volume.grid.shape[axis] - 1
    return _both(volume.hu, labels.labels, Grid(volume.grid.shape, volume.grid.affine @ flip), labels.kind)


PERTURBATIONS: dict[str, Callable[[Volume, LabelMap], Perturbed]] = {
    "5 mm slices": thick_slices,
    "rotated 20 degrees": turned,
    "three vertebrae": three_vertebrae,
    "noise 60 HU": noisy,
    "metal screw": with_screw,
    "stored otherwise": stored_otherwise,
    "header upside down": upside_down,
}
"""Name in the table to function."""


def resampled(volume: Volume, labels: LabelMap, grid: Grid, index: Affine) -> Perturbed:
    """Resample both to ``grid``; ``index`` (4, 4) maps its voxel indices to those of ``volume``."""
    matrix, offset = index[:3, :3], index[:3, 3]
    hu = ndimage.affine_transform(
        volume.hu, matrix, offset, grid.shape, output=np.float32, order=1, mode="constant", cval=AIR_HU
    )
    numbers = ndimage.affine_transform(labels.labels, matrix, offset, grid.shape, order=0, mode="constant", cval=0)
    return _both(_as_hu(hu), np.asarray(numbers), grid, labels.kind)


def _rod(grid: Grid, at: tuple[float, float], ends: tuple[float, float]) -> NDArray[np.bool_]:
    """Mark what lies within the screw's radius of the line x, z = ``at`` from y = ``ends[0]`` to ``ends[1]``, mm."""
    reach = SCREW_RADIUS_MM + max(grid.spacing_mm)
    corners = [[at[0] + a * reach, ends[b], at[1] + c * reach] for a in (-1, 1) for b in (0, 1) for c in (-1, 1)]
    index = grid.to_index(np.array(corners))
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, grid.shape)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, grid.shape)
    box = tuple(map(slice, low, high))
    points = grid.to_mm(np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1))
    rod = np.zeros(grid.shape, dtype=bool)
    within = np.hypot(points[..., 0] - at[0], points[..., 2] - at[1]) <= SCREW_RADIUS_MM
    rod[box] = within & (points[..., 1] >= ends[0]) & (points[..., 1] <= ends[1])
    return rod


def _both(hu: NDArray[np.int16] | NDArray[np.float32], numbers: NDArray[np.uint8], grid: Grid, kind: str) -> Perturbed:
    """Make both without the file's header, which describes another grid."""
    return Volume(hu, grid), LabelMap(numbers, grid, kind)


def _as_hu(values: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.rint(values), AIR_HU, METAL_HU).astype(np.int16)


def _shape(array: NDArray[np.int16] | NDArray[np.float32]) -> Shape3:
    return (array.shape[0], array.shape[1], array.shape[2])
