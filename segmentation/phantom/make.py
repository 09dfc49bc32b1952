"""Make the phantom: from a specification to CT, labels and known measures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.phantom import bones, tissue
from segmentation.phantom.anatomy import Vertebra, place, sacral_segments
from segmentation.phantom.canvas import Canvas, add_noise
from segmentation.phantom.spec import PhantomSpec, Vector
from segmentation.writers import write_nifti, write_volume
from segmentation.writers.nifti import header_for

_MARGIN_MM = 14.0
_HU_RANGE = (-1024, 3071)


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic scan, its labels, and every number behind both.

    Attributes:
        volume: The CT, int16 HU.
        labels: VerSe numbers on the same grid; the sacrum, where drawn, is 26.
        truth: What is known exactly; plain numbers, lists and strings, as written to ``truth.json``.
    """

    volume: Volume
    labels: LabelMap
    truth: dict[str, Any]


def make_phantom(spec: PhantomSpec | None = None) -> Phantom:
    """Build the phantom that ``spec`` describes; the default is T11 to the sacrum, 160 x 139 x 195 voxels."""
    spec = spec or PhantomSpec()
    vertebrae = place(spec)
    style = bones.LIFELIKE if spec.lifelike else bones.PLAIN
    sacrum = sacral_segments(vertebrae[-1], spec.lifelike) if spec.sacrum and vertebrae[-1].region == "L" else []
    trunk = tissue.DEEP if spec.lifelike else tissue.SLIM
    canvas = Canvas(_grid(spec, vertebrae, sacrum, trunk))
    tissue.draw_trunk(canvas, trunk)
    if spec.organs:
        tissue.draw_organs(canvas, vertebrae, spec.seed)
    tissue.draw_muscles(canvas, vertebrae)
    if sacrum and style.whole_pelvis:
        tissue.draw_pelvic_muscles(canvas, vertebrae[-1], sacrum)
    if spec.ribs:
        half = (trunk.half_mm[0] - 19, trunk.half_mm[1] - 22)
        bones.draw_ribs(canvas, vertebrae, half, trunk.middle_mm - 2, style)
    if sacrum and not style.whole_pelvis:
        bones.draw_ilium(canvas, sacrum[0])
    bones.draw_spine(canvas, vertebrae, sacrum, canvas.texture(spec.seed + 2, 2.5), style)
    hu = np.clip(np.rint(add_noise(canvas.hu, spec.noise_hu, spec.seed)), *_HU_RANGE).astype(np.int16)
    header = header_for(canvas.grid)
    # The header's float32 numbers are the truth for whoever reads the file; both must be the same grid.
    grid = Grid(canvas.grid.shape, np.asarray(header.get_best_affine(), dtype=np.float64))
    labels = LabelMap(canvas.labels, grid, "vertebrae", header)
    return Phantom(Volume(hu, grid, header), labels, _truth(spec, vertebrae, sacrum, labels))


def write_phantom(folder: Path, spec: PhantomSpec | None = None) -> Phantom:
    """Write ``ct.nii.gz``, ``vert.nii.gz`` and ``truth.json`` into ``folder``, which is made if needed."""
    phantom = make_phantom(spec)
    folder.mkdir(parents=True, exist_ok=True)
    write_volume(phantom.volume, folder / "ct.nii.gz")
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    (folder / "truth.json").write_text(json.dumps(phantom.truth, indent=2) + "\n", encoding="utf-8")
    return phantom


def _grid(spec: PhantomSpec, vertebrae: Sequence[Vertebra], sacrum: Sequence[Vertebra], trunk: tissue.Trunk) -> Grid:
    top = vertebrae[0].centre_mm[2] + vertebrae[0].height_mm / 2 + _MARGIN_MM
    lowest = sacrum[-1 if spec.lifelike else 1] if sacrum else vertebrae[-1]
    bottom = lowest.centre_mm[2] - lowest.height_mm / 2 - (0 if sacrum else _MARGIN_MM)
    if spec.fov_mm is None:
        fov: Vector = (*trunk.fov_mm, float(top - bottom))
        centre: Vector = (0.0, trunk.middle_mm, float(top + bottom) / 2)
    else:
        fov, centre = spec.fov_mm, (0.0, 0.0, 0.0)
    return spec.grid(fov, spec.centre_mm or centre)


def _truth(
    spec: PhantomSpec, vertebrae: Sequence[Vertebra], sacrum: Sequence[Vertebra], labels: LabelMap
) -> dict[str, Any]:
    counts = np.bincount(labels.labels.ravel(), minlength=256)
    grid, cut = labels.grid, _cut(labels)
    return {
        "convention": "RAS+ mm; angles in degrees",
        "spec": dataclasses.asdict(spec),
        "shape": list(grid.shape),
        "spacing_mm": list(grid.spacing_mm),
        "orientation": grid.orientation,
        "affine": grid.affine.tolist(),
        "levels": [_level(v, int(counts[v.number]), v.number in cut, grid) for v in vertebrae],
        "discs": _discs([*vertebrae, *sacrum[:1]]),
        "lordosis_deg": _angle([v for v in vertebrae if v.region == "L"]),
        "kyphosis_deg": -_angle([v for v in vertebrae if v.region == "T"]),
        "vertebra_count": len(vertebrae),
        "sacrum": bool(sacrum),
        "voxels": {str(n): int(counts[n]) for n in np.flatnonzero(counts) if n},
        "hu": {
            "trabecular": bones.TRABECULAR_HU,
            "cortical": bones.CORTICAL_HU,
            "disc": bones.DISC_HU,
            "muscle": tissue.MUSCLE_HU,
            "fat": tissue.FAT_HU,
        },
    }


def _level(vertebra: Vertebra, voxels: int, cut: bool, grid: Grid) -> dict[str, Any]:
    return {
        "name": vertebra.name,
        "number": vertebra.number,
        "centre_mm": vertebra.centre_mm.tolist(),
        "right": vertebra.axes[:, 0].tolist(),
        "anterior": vertebra.axes[:, 1].tolist(),
        "superior": vertebra.axes[:, 2].tolist(),
        "tilt_deg": vertebra.tilt_deg,
        "body_height_mm": vertebra.height_mm,
        "body_width_mm": vertebra.width_mm,
        "body_depth_mm": vertebra.depth_mm,
        "canal_centre_mm": vertebra.canal_centre_mm.tolist(),
        "canal_width_mm": vertebra.canal_width_mm,
        "canal_depth_mm": vertebra.canal_depth_mm,
        "voxels": voxels,
        "volume_ml": voxels * grid.voxel_ml,
        "whole": bool(voxels) and not cut,
    }


def _cut(labels: LabelMap) -> set[int]:
    """List the labels that touch the border of the scan."""
    array = labels.labels
    faces = [np.unique(np.take(array, (0, -1), axis=axis)) for axis in range(3)]
    return {int(number) for face in faces for number in face}


def _discs(column: Sequence[Vertebra]) -> list[dict[str, Any]]:
    return [
        {
            "between": [upper.name, lower.name],
            "height_mm": upper.disc_mm,
            "angle_deg": lower.tilt_deg - upper.tilt_deg,
        }
        for upper, lower in pairwise(column)
    ]


def _angle(region: Sequence[Vertebra]) -> float:
    return float(region[-1].tilt_deg - region[0].tilt_deg) if region else 0.0
