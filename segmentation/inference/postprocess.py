"""Clean masks up by anatomy: small pieces and closed holes go, and limbs that look like a column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit

from segmentation.core.boxes import bounding_box

# A cut-off tip of a vertebra at the border of a scan is a few hundred mm^3; noise is less.
SMALLEST_COMPONENT_MM3 = 400.0
# How far a piece of column may lie, seen from above, from the end of the main piece that it continues.
CONTINUES_WITHIN_MM = 50.0
END_MM = 20.0
# A femur in a small field of view looks like a column to a network that sees 4 mm voxels, but never quite. Of the CTs
# trained on, limbs that were taken for one have a mean probability under 0.83, the spines of all others over 0.86.
# A long column is believed whatever its mean: to miss a spine is worse than to colour a limb.
DOUBTFUL_PROBABILITY, SHORT_COLUMN_ML = 0.845, 150.0
# Below that mean, down to this one, the second pass decides: three vertebrae of a neck (0.815) look to the locator like
# some limbs (0.76 to 0.83), but the second pass expects a Dice of 0.83 of its mask of them, of limbs 0.76 at most.
PERHAPS_PROBABILITY, LEAST_EXPECTED_DICE = 0.75, 0.8


def keep_main_column(mask: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.bool_]:
    """Keep the largest component of a coarse (I, J, K) mask, axes R, A, S, and what continues it up or down.

    A column is one piece, or pieces one above the other. Whatever else looks like one (an upper arm, a femur, a
    kidney bright with contrast medium) lies aside of it, or far from the line that it continues along.
    """
    labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    if count <= 1:
        return mask
    found = [np.argwhere(labels == n) * spacing_mm for n in range(1, count + 1)]
    main = max(range(count), key=lambda n: len(found[n]))
    kept = [main + 1]
    low, high = found[main][:, 2].min(), found[main][:, 2].max()
    for n in set(range(count)) - {main}:
        beyond = (found[n][:, 2] < low) | (found[n][:, 2] > high)
        end = high if found[n][:, 2].mean() > high else low
        near_end = found[main][np.abs(found[main][:, 2] - end) <= END_MM]
        offset = np.linalg.norm(found[n][:, :2].mean(axis=0) - near_end[:, :2].mean(axis=0))
        if beyond.mean() > 0.5 and offset <= CONTINUES_WITHIN_MM:
            kept.append(n + 1)
    return np.isin(labels, kept)


def is_plausible_spine(logits: NDArray[np.float32], spacing_mm: float) -> bool:
    """Tell whether the (N,) positive logits of a located column's voxels are those of a spine; not if none are."""
    if not len(logits):
        return False
    if len(logits) * spacing_mm**3 / 1000 >= SHORT_COLUMN_ML:
        return True
    return float(np.mean(1 / (1 + np.exp(-logits)))) >= DOUBTFUL_PROBABILITY


def is_perhaps_spine(logits: NDArray[np.float32]) -> bool:
    """Tell whether a located column that is not plausible by itself may be one: the second pass is to decide."""
    return bool(len(logits)) and float(np.mean(1 / (1 + np.exp(-logits)))) >= PERHAPS_PROBABILITY


def keep_spine(mask: NDArray[np.bool_], voxel_mm3: float) -> NDArray[np.bool_]:
    """Remove components smaller than 400 mm^3 from a (I, J, K) mask and fill holes that are closed in 3D.

    The vertebral canal and the intervertebral spaces are open, so filling closed holes cannot fill them.
    """
    box = bounding_box(mask)
    if box is None:
        return mask
    inside = mask[box]
    labels, count = ndimage.label(inside, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes * voxel_mm3 >= SMALLEST_COMPONENT_MM3
    large[0] = False
    result = np.zeros_like(mask)
    result[box] = ndimage.binary_fill_holes(large[labels])
    return result


def probability_of(logits: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Compute the sigmoid of (I, J, K) ``logits``, at least one half exactly where the cleaned ``mask`` is True.

    What cleaning up removed gets zero, what it filled one half.
    """
    probability: NDArray[np.float32] = expit(logits)
    filled, removed = mask & (probability < 0.5), ~mask & (probability >= 0.5)
    probability[filled], probability[removed] = 0.5, 0.0
    return probability
