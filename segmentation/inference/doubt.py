"""Doubt about the mask of one vertebra, and in which part of it, from the network's logits.

The parts are told apart by place alone: how far from the centre of the body, in lengths of a level's pitch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.boxes import Box, labelled_boxes
from segmentation.core.geometry import Grid
from segmentation.vertebrae.named_spine import NamedVertebra
from segmentation.vertebrae.votes import PITCH_MM

PARTS = ("body", "left", "right", "spinous", "arch")
"""Vertebral body, left and right transverse process, spinous process, and the rest: laminae and articular processes."""
# Around a vertebra its missed voxels belong to it, as far as a voxel of the network's grid and a half.
AROUND_MM = 4.0
# Borders of the parts in the pitch of the level: a lumbar body is as deep as the pitch and 1.3 times as wide.
BEHIND_BODY, BESIDE_BODY, BEHIND_CANAL, BESIDE_ARCH = -0.5, 0.75, -1.0, 0.4
LEAST_ML = 0.15  # of a part; less is noise


@dataclass(frozen=True)
class Doubt:
    """Measurements of one vertebra's mask.

    Attributes:
        expected_dice: 2 sum(p m) / (sum(p) + sum(m)) over the vertebra and what lies around it.
        parts: The same of each part of ``PARTS`` that has any volume.
        lopsided: The smaller of the two transverse processes' volumes by the larger; 1 where both are tiny.
        smaller_side: ``left`` or ``right``, whichever that is.
        metal: Metal lies in it or around it.
    """

    expected_dice: float
    parts: Mapping[str, float]
    lopsided: float
    smaller_side: str = "left"
    metal: bool = False


def measure_doubt(
    logits: NDArray[np.float32],
    numbers: NDArray[np.uint8],
    grid: Grid,
    vertebrae: tuple[NamedVertebra, ...],
    metal: NDArray[np.bool_] | None = None,
) -> dict[int, Doubt]:
    """Measure each vertebra.

    Args:
        logits: (I, J, K) on ``grid``, axes R, A, S.
        numbers: VerSe numbers on the same voxels.
        grid: Where both lie.
        vertebrae: The vertebrae; of those without a voxel nothing is returned.
        metal: Voxels that hold metal, if any.
    """
    boxes = dict(labelled_boxes(numbers))
    margin = [int(np.ceil(AROUND_MM / mm)) for mm in grid.spacing_mm]
    found = {}
    for one in vertebrae:
        if one.label not in boxes:
            continue
        box = _grown(boxes[one.label], margin, numbers.shape)
        mine = numbers[box] == one.label
        others = (numbers[box] > 0) & ~mine
        zone = (ndimage.distance_transform_edt(~mine, sampling=grid.spacing_mm) <= AROUND_MM) & ~others
        probability = 1 / (1 + np.exp(-np.clip(logits[box], -30, 30)))
        corner = np.array([side.start for side in box])
        parts = _parts(zone, grid, corner, np.array(one.body_ras_mm), one.label)
        volumes = {name: float((mine & part).sum()) * grid.voxel_ml for name, part in parts.items()}
        smaller, larger = sorted(("left", "right"), key=volumes.__getitem__)
        found[one.label] = Doubt(
            _expected(probability, mine, zone),
            {
                name: _expected(probability, mine & part, part)
                for name, part in parts.items()
                if volumes[name] >= LEAST_ML
            },
            volumes[smaller] / volumes[larger] if volumes[larger] >= LEAST_ML else 1.0,
            smaller,
            metal is not None and bool((metal[box] & zone).any()),
        )
    return found


def _expected(probability: NDArray[Any], mask: NDArray[np.bool_], zone: NDArray[np.bool_]) -> float:
    total = float(probability[zone].sum()) + float(mask.sum())
    return 2 * float(probability[mask].sum()) / total if total else 0.0


def _parts(
    zone: NDArray[np.bool_], grid: Grid, corner: NDArray[np.int64], body_mm: NDArray[np.float64], label: int
) -> dict[str, NDArray[np.bool_]]:
    level = 19 if label == 28 else min(label, 25)
    pitch = float(PITCH_MM[level - 1])
    i, j, _ = np.ogrid[tuple(slice(0, n) for n in zone.shape)]
    start = grid.to_mm(corner.astype(np.float64))
    right = (start[0] + i * grid.spacing_mm[0] - body_mm[0]) / pitch
    front = (start[1] + j * grid.spacing_mm[1] - body_mm[1]) / pitch
    body = zone & (front > BEHIND_BODY) & (np.abs(right) < BESIDE_BODY)
    beside = zone & (np.abs(right) >= BESIDE_BODY)
    spinous = zone & ~beside & (front < BEHIND_CANAL) & (np.abs(right) < BESIDE_ARCH)
    return {
        "body": body,
        "left": beside & (right < 0),
        "right": beside & (right > 0),
        "spinous": spinous,
        "arch": zone & ~body & ~beside & ~spinous,
    }


def _grown(box: Box, margin: list[int], shape: tuple[int, ...]) -> Box:
    sides = [slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, shape, strict=True)]
    return (sides[0], sides[1], sides[2])
