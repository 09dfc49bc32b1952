"""Confidence in each vertebra, from the network's doubt about its mask, its name, and what kind of scan it is.

The probability is a product of two: that the mask is right, by the Dice that the network itself expects, and that the
name is. What lowers it is named with its place. The numbers were fitted to labelled scans that the weights had not
seen, as they are and perturbed: ``spineview evaluate --confidence`` prints how well they hold.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmentation.core.geometry import to_canonical
from segmentation.core.volume import Volume
from segmentation.inference.doubt import Doubt, measure_doubt
from segmentation.inference.kinds import METAL_HU, Kind, like_ct
from segmentation.preprocessing.metal import metal_box
from segmentation.preprocessing.preprocess import Prepared, nearest
from segmentation.vertebrae.named_spine import Level, NamedSpine, NamedVertebra

# Logistic curve from the expected Dice of one vertebra to the probability that its Dice is 0.9 or more.
SLOPE, HALF_AT = 90.0, 0.862
# What a sign leaves of the probability.
FACTORS = {"neck": 0.4, "metal": 0.35, "cut_by_border": 0.5}
# What is left where the row's names are not sure; of such names about 70 % were right (docs/evaluation.md).
UNSURE_NAME = 0.75
HIGH = 0.85
# Expected Dice below which the mask of a vertebra is too poor to be measured.
POOR = 0.76
# A part is named as uncertain below its own expected Dice: thin parts have more border, and so more doubt.
PART_DOUBT = {"body": 0.86, "left": 0.6, "right": 0.6, "spinous": 0.68, "arch": 0.72}
LOPSIDED = 0.35
# Below, what was found is perhaps no vertebra, and a row of names that counts it is not to be relied on.
ROW_DOUBT = 0.72
LAST_CERVICAL = 7
_ORDER: tuple[Level, ...] = ("low", "medium", "high")


def judged(
    named: NamedSpine, volume: Volume, logits: NDArray[np.float32], prepared: Prepared, kind: Kind | None
) -> NamedSpine:
    """Judge each vertebra, and the row of names again, now that the network's doubt is known.

    Args:
        named: The vertebrae, on the volume's grid.
        volume: The scan.
        logits: (I, J, K) on ``prepared.grid``.
        prepared: What the network was shown.
        kind: Of the scan; None where nothing was found.
    """
    if not named.vertebrae:
        return named
    i, j, k = prepared.valid_shape
    part = prepared.source.cropped(prepared.box)
    numbers = nearest(to_canonical(named.labels[prepared.box], part), prepared.valid_shape)
    metal = _metal(volume, prepared)
    doubts = measure_doubt(logits[:i, :j, :k], numbers, prepared.grid, named.vertebrae, metal)
    sure, reason = named.sure, named.reason
    if kind is None or not like_ct(kind):
        sure, reason = False, "unlike_training"
    elif sure and any(
        doubts[one.label].expected_dice < ROW_DOUBT
        for one in named.vertebrae
        if one.label in doubts and not one.cut_by_border
    ):
        sure, reason = False, "mask_doubtful"
    vertebrae = tuple(_judged(one, doubts.get(one.label), sure, named.sure) for one in named.vertebrae)
    return replace(named, vertebrae=vertebrae, sure=sure, reason=reason)


def probability_of(doubt: Doubt, signs: tuple[str, ...], name_probability: float, sure: bool) -> float:
    """Compute the probability that a vertebra is right."""
    value = 1 / (1 + math.exp(-SLOPE * (doubt.expected_dice - HALF_AT)))
    value *= name_probability if sure else UNSURE_NAME * name_probability
    for sign in signs:
        value *= FACTORS.get(sign, 1.0)
    return value


def uncertain_parts(doubt: Doubt) -> tuple[str, ...]:
    """Return the codes of the parts of a vertebra that are uncertain, the worst first."""
    below = {part: value / PART_DOUBT[part] for part, value in doubt.parts.items() if value < PART_DOUBT[part]}
    if doubt.lopsided < LOPSIDED:  # one of the transverse processes is mostly missing
        below.setdefault(doubt.smaller_side, 0.99)
    return tuple(f"{part}_doubtful" for part in sorted(below, key=below.__getitem__))


def _judged(one: NamedVertebra, doubt: Doubt | None, sure: bool, was_sure: bool) -> NamedVertebra:
    signs = list(one.reasons)
    if was_sure and not sure:
        signs.append("name_doubtful")
    if doubt is None:
        return replace(one, confidence="low", reasons=(*signs, "mask_doubtful"), probability=0.0)
    if one.label <= LAST_CERVICAL:
        signs.append("neck")
    if doubt.metal:
        signs.append("metal")
    value = probability_of(doubt, tuple(signs), one.name_probability, sure)
    parts = uncertain_parts(doubt)
    level: Level = "high" if value >= HIGH and not signs else "low" if doubt.expected_dice < POOR else "medium"
    if level != "high":
        signs += parts
    if level != "high" and not signs:
        signs.append("mask_doubtful")
    lower = _ORDER[min(_ORDER.index(level), _ORDER.index(one.confidence))]
    return replace(one, confidence=lower, reasons=tuple(signs), probability=value)


def _metal(volume: Volume, prepared: Prepared) -> NDArray[np.bool_] | None:
    """Mark the voxels of the prepared image that hold metal; None where there is none."""
    hu = volume.hu[prepared.box]
    box = metal_box(hu, METAL_HU)
    if box is None:
        return None
    found = to_canonical(hu > METAL_HU, prepared.source.cropped(prepared.box))
    at = np.argwhere(found) + 0.5
    index = (at * np.array(prepared.valid_shape) / np.array(found.shape)).astype(int)
    metal = np.zeros(prepared.valid_shape, dtype=bool)
    metal[tuple(index.T)] = True
    return metal
