"""Make a phantom for measuring: CT, label map and the truth of every measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom.canvas import Canvas
from segmentation.phantom.measured import bone
from segmentation.phantom.measured.spec import Placed, SpineSpec, place
from segmentation.phantom.shapes import Coordinates, Field

SOFT_HU = 55.0
SHELL_MM = 1.2
_MARGIN_MM = 16.0
_FINEST_MM = 1.3
_RASTER_MM = 0.05


@dataclass(frozen=True, eq=False)
class MeasuredPhantom:
    """A synthetic scan with its labels and measures.

    Attributes:
        volume: The CT.
        labels: VerSe numbers; a voxel carries the label of the bone that fills more than half of it.
        truth: ``levels``, ``discs``, ``curves`` and ``sagittal``; mm and degrees.
    """

    volume: Volume
    labels: LabelMap
    truth: dict[str, Any]


def make_measured(spec: SpineSpec) -> MeasuredPhantom:
    """Build the phantom that ``spec`` describes."""
    placed = place(spec)
    grid = _grid(spec, placed)
    canvas = Canvas(grid)
    hu = np.full(grid.shape, SOFT_HU, dtype=np.float32)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for each in placed:
        _draw(canvas, each, spec, hu, labels)
    noise = np.random.default_rng(sum(map(ord, spec.name))).standard_normal(grid.shape, dtype=np.float32)
    hu += noise * np.float32(spec.noise_hu)
    volume = Volume(np.rint(hu).astype(np.int16), grid)
    return MeasuredPhantom(volume, LabelMap(labels, grid, "vertebrae"), truth_of(placed))


def _grid(spec: SpineSpec, placed: Sequence[Placed]) -> Grid:
    points = np.concatenate([_corners(each) for each in placed])
    grid_spec = spec.grid_spec()
    turn = grid_spec.grid((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)).affine[:3, :3]
    turn = turn / np.linalg.norm(turn, axis=0)
    along = points @ turn
    low, high = along.min(axis=0) - _MARGIN_MM, along.max(axis=0) + _MARGIN_MM
    spacing = np.array(spec.spacing_mm)
    shape = np.ceil((high - low) / spacing).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = turn @ (low + 0.31 * spacing)  # no plane of symmetry on a voxel's border
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def _corners(each: Placed) -> NDArray[np.float64]:
    level = each.level
    back = -level.depth / 2 - (0.0 if level.is_sacrum else level.canal_depth + 28)
    side = level.width / 2 + 14
    reach = ((-side, side), (back, level.depth / 2), (-1.2 * level.height, 0.8 * level.height))
    return np.array(np.meshgrid(*reach)).reshape(3, -1).T @ each.axes.T + each.centre_mm


def _draw(canvas: Canvas, each: Placed, spec: SpineSpec, hu: Field, labels: NDArray[np.uint8]) -> None:
    """Draw one vertebra with its partial volume, voxels thicker than 1.3 mm in several layers."""
    local = (_corners(each) - each.centre_mm) @ each.axes
    reach = list(zip(local.min(axis=0) - 4, local.max(axis=0) + 4, strict=True))
    box = canvas.box(each.axes, each.centre_mm, reach)
    assert box is not None
    steps = [max(1, int(np.ceil(s / _FINEST_MM))) for s in canvas.grid.spacing_mm]
    edge = float(np.mean([s / n for s, n in zip(canvas.grid.spacing_mm, steps, strict=True)]))
    filled = np.zeros(hu[box].shape, dtype=np.float32)
    sum_hu = np.zeros_like(filled)
    for shift in np.ndindex(*steps):
        offset = [(s + 0.5) / n - 0.5 for s, n in zip(shift, steps, strict=True)]
        distance = bone.whole(_coordinates(canvas, box, each, offset), each.level)
        cover = np.clip(0.5 - distance / edge, 0, 1)
        value = np.full_like(filled, each.level.core_hu)
        if spec.shell_hu is not None:
            dense = np.clip(0.5 + (distance + SHELL_MM) / edge, 0, 1)
            value += dense * (spec.shell_hu - each.level.core_hu)
        filled += cover
        sum_hu += cover * value
    count = float(np.prod(steps))
    view = hu[box]
    view += (sum_hu - filled * SOFT_HU) / count
    labels[box][filled / count > 0.5] = each.level.number


def _coordinates(canvas: Canvas, box: Box, each: Placed, offset: Sequence[float]) -> Coordinates:
    shift = canvas.grid.affine[:3, :3] @ np.array(offset)
    return canvas.coordinates(box, each.axes, each.centre_mm - shift)


def truth_of(placed: Sequence[Placed]) -> dict[str, Any]:
    """Compute the truth of every measure from the specification alone."""
    vertebrae = [each for each in placed if not each.level.is_sacrum]
    return {
        "levels": {each.level.name: _level(each) for each in vertebrae},
        "discs": {f"{a.level.name}-{b.level.name}": _disc(a, b) for a, b in pairwise(placed)},
        "curves": _curves(vertebrae),
        "sagittal": {each.level.name: _sagittal(each) for each in placed},
    }


def _level(each: Placed) -> dict[str, float]:
    level = each.level
    area, width, depth = canal_section(each)
    return {
        "anterior_height_mm": level.anterior,
        "middle_height_mm": level.height - 2 * level.hollow,
        "posterior_height_mm": level.posterior,
        "body_width_mm": level.width,
        "body_depth_mm": level.depth,
        "canal_area_mm2": area,
        "canal_width_mm": width,
        "canal_depth_mm": depth,
        "left_pedicle_width_mm": level.pedicle_width,
        "right_pedicle_width_mm": level.pedicle_width,
        "left_pedicle_height_mm": level.pedicle_height,
        "right_pedicle_height_mm": level.pedicle_height,
        "axial_rotation_deg": float(np.degrees(np.arctan2(each.axes[1, 0], each.axes[1, 1]))),
        "coronal_tilt_deg": float(np.degrees(np.arctan2(each.axes[0, 2], each.axes[2, 2]))),
        "sagittal_tilt_deg": _tilt(each.axes[:, 2], 1),
        "trabecular_mean_hu": level.core_hu,
    }


def canal_section(each: Placed) -> tuple[float, float, float]:
    """Measure the hole at the height of the pedicles on a raster of 0.05 mm: area mm², width and depth mm."""
    level = each.level
    x = np.arange(-25.0, 25.0, _RASTER_MM, dtype=np.float32)[:, None, None]
    y = np.arange(-level.depth / 2 - level.canal_depth - 8, 0.0, _RASTER_MM, dtype=np.float32)[None, :, None]
    z = np.full((1, 1, 1), bone.PEDICLE_LEVEL * level.height, dtype=np.float32)
    free = bone.whole((x, y, z), level)[:, :, 0] > 0
    parts, _ = ndimage.label(free)
    row = int((-level.depth / 2 - level.canal_depth / 2 - float(y[0, 0, 0])) / _RASTER_MM)
    hole = parts == parts[len(x) // 2, row]
    depth = float(hole[len(x) // 2].sum()) * _RASTER_MM
    width = float(hole.sum(axis=0).max()) * _RASTER_MM
    return float(hole.sum()) * _RASTER_MM**2, width, depth


def _disc(above: Placed, below: Placed) -> dict[str, float]:
    up = above.normal(False) + below.normal(True)
    up /= np.linalg.norm(up)
    upper, lower = above.level.depth / 2, below.level.depth / 2
    front = (above.point(upper, False) - below.point(lower, True)) @ up
    back = (above.point(-upper, False) - below.point(-lower, True)) @ up
    forward = above.axes[:, 1] + below.axes[:, 1]
    forward = forward - up * (forward @ up)
    forward /= np.linalg.norm(forward)
    return {
        "anterior_height_mm": float(front),
        "middle_height_mm": above.level.disc + above.level.hollow + below.level.hollow,
        "posterior_height_mm": float(back),
        "slip_mm": float((above.point(-upper, False) - below.point(-lower, True)) @ forward),
    }


def _tilt(normal: NDArray[np.float64], axis: int) -> float:
    return float(np.degrees(np.arctan2(normal[axis], normal[2])))


def _sagittal(each: Placed) -> dict[str, float]:
    return {"superior": _tilt(each.normal(True), 1), "inferior": _tilt(each.normal(False), 1)}


def _curves(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """List the coronal curves: between the levels at which the specified lean turns."""
    tilts = np.array([each.level.coronal_tilt for each in placed])
    steps = np.sign(np.diff(tilts))
    turns = [0, *(n for n in range(1, len(tilts) - 1) if steps[n - 1] * steps[n] < 0), len(tilts) - 1]
    curves = []
    for first, last in pairwise(turns):
        if tilts[first] == tilts[last]:
            continue
        cobb = abs(_tilt(placed[last].normal(False), 0) - _tilt(placed[first].normal(True), 0))
        side = "left" if tilts[last] < tilts[first] else "right"
        curves.append({"upper_end": placed[first].level.name, "lower_end": placed[last].level.name,
                       "cobb_deg": cobb, "convexity": side})  # fmt: skip
    return curves
