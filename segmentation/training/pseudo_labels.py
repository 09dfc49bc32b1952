"""Pseudo-labels: a model's confident predictions on unlabelled CTs, to train its successor on.

``python -m segmentation.training.pseudo_labels MODEL CTS OUT`` writes one NIfTI a CT into OUT: 1 where the model is
sure of spine, 0 where it is sure of its absence, 255 (ignored in training) between. Look at them before use.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.hounsfield import PSEUDO_LABEL_BONE_HU
from segmentation.core.volume import LabelMap, Volume
from segmentation.inference.engine import Engine
from segmentation.preprocessing.preprocess import OUTSIDE_LOGIT
from segmentation.readers import read_volume
from segmentation.training.dataset import IGNORE
from segmentation.writers import write_nifti

SURE = 1.4  # logit of a probability of 0.8
# What a model must not teach its successor is to fill the discs. So only what is dense as bone counts, smoothed, and
# not much less dense than the rest of the mask around it: in thick slices a disc borrows density from its neighbours.
SMOOTHING_MM = 1.0
SHARE_OF_NEIGHBOURS, NEIGHBOURHOOD_MM = 0.6, 12.0


def confident(logits: NDArray[np.float32], volume: Volume) -> NDArray[np.uint8]:
    """Turn (I, J, K) logits into a pseudo-label.

    It is 1 where the model is sure and the CT as dense as bone, 0 where it is sure of none, 255 else.

    Where only the locator spoke nothing is sure: what it overlooks must not be taught as background.
    """
    absent = (logits < -SURE) & (logits > OUTSIDE_LOGIT + 1)
    return np.where(absent, 0, np.where(bone_like(logits > SURE, volume), 1, IGNORE)).astype(np.uint8)


def bone_like(mask: NDArray[np.bool_], volume: Volume) -> NDArray[np.bool_]:
    """Keep the part of ``mask`` that is as dense as bone, and as the mask around it."""
    hu, inside = np.clip(volume.hu.astype(np.float32), 0, 1000), mask.astype(np.float32)
    near = [SMOOTHING_MM / mm for mm in volume.grid.spacing_mm]
    around = [NEIGHBOURHOOD_MM / mm for mm in volume.grid.spacing_mm]
    density = ndimage.gaussian_filter(hu, near)
    total = ndimage.gaussian_filter(hu * inside, around, truncate=2.0)
    weight = ndimage.gaussian_filter(inside, around, truncate=2.0)
    neighbours = total / np.maximum(weight, 1e-6)
    return mask & (density > np.maximum(PSEUDO_LABEL_BONE_HU, SHARE_OF_NEIGHBOURS * neighbours))


def write_pseudo_labels(model: Path, cts: Path, out: Path) -> None:
    """Write one pseudo-label map a CT of the folder ``cts``, on the CT's grid, by the same name."""
    engine = Engine(model)
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(cts.glob("*.nii.gz")):
        volume = read_volume(path)
        logits = engine.logits(volume)
        pseudo_label = confident(logits, volume)
        write_nifti(LabelMap(pseudo_label, volume.grid, "vertebrae", volume.header), out / path.name)
        sys.stdout.write(f"{path.name}: {(pseudo_label == 1).sum() * volume.grid.voxel_ml:.0f} ml sure\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_pseudo_labels(*map(Path, sys.argv[1:4]))
