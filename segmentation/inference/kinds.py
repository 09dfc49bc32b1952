"""Signs that a scan is of another kind than the networks were trained on: no CT of a body, or one with metal in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import bounding_box
from segmentation.core.volume import Volume

AROUND_MM = 30.0
METAL_HU = 2500.0
FAT_HU, SOFT_HU = (-150.0, -20.0), (0.0, 120.0)
LEAST_METAL_ML = 1.0  # less may be a clip, a calcification or noise
# Of the CTs of the project's training data: see docs/evaluation.md.
LEAST_FAT, LEAST_SOFT, MOST_EQUAL, LEAST_SPREAD_HU = 0.01, 0.08, 0.5, 150.0


@dataclass(frozen=True)
class Kind:
    """Measurements of the surroundings of a mask.

    Attributes:
        fat: Share of voxels as dense as fat. A body holds fat everywhere; an MR in disguise, or plastic, none.
        soft: Share of voxels as dense as muscle, blood and organs.
        equal: Share of neighbours in soft tissue that are exactly equal: noise makes that rare in scanners' images.
        bone_spread_hu: From the 10th to the 90th percentile of the mask: bone has a dense shell and is spongy inside.
        metal_ml: Volume denser than any bone.
    """

    fat: float
    soft: float
    equal: float
    bone_spread_hu: float
    metal_ml: float


def measure_kind(volume: Volume, mask: NDArray[np.bool_]) -> Kind | None:
    """Measure a scan around an (I, J, K) mask; None of an empty mask."""
    box = bounding_box(mask)
    if box is None:
        return None
    margin = [int(np.ceil(AROUND_MM / mm)) for mm in volume.grid.spacing_mm]
    around = tuple(
        slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, mask.shape, strict=True)
    )
    hu, inside = volume.hu[around], mask[around]
    # Every second voxel along two axes is enough for shares; the last axis keeps its neighbours.
    few, few_inside = hu[::2, ::2], inside[::2, ::2]
    outside = few[~few_inside]
    body = outside[outside > -300]
    soft = (few > SOFT_HU[0] - 80) & (few < SOFT_HU[1]) & ~few_inside
    pairs = soft[..., 1:] & soft[..., :-1]
    bone = np.percentile(few[few_inside], (10, 90)) if few_inside.any() else (0.0, 0.0)
    return Kind(
        fat=_share(body, FAT_HU),
        soft=_share(body, SOFT_HU),
        equal=float(np.mean(few[..., 1:][pairs] == few[..., :-1][pairs])) if pairs.any() else 1.0,
        bone_spread_hu=float(bone[1] - bone[0]),
        metal_ml=float(np.count_nonzero(hu > METAL_HU)) * volume.grid.voxel_ml,
    )


def like_ct(kind: Kind) -> bool:
    """Tell whether a scan looks like a CT of a body around its mask."""
    return (
        kind.fat >= LEAST_FAT
        and kind.soft >= LEAST_SOFT
        and kind.equal <= MOST_EQUAL
        and kind.bone_spread_hu >= LEAST_SPREAD_HU
    )


def _share(values: NDArray[Any], between: tuple[float, float]) -> float:
    return float(np.mean((values >= between[0]) & (values <= between[1]))) if values.size else 0.0
