"""A spine of cubes, whose every figure a person can work out, and segmenters that know the answer or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.metrics import Mask
from segmentation.writers import write_nifti, write_volume

SHAPE = (24, 24, 30)
GRID = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))


def cubes(numbers: dict[int, int], shape: tuple[int, int, int] = SHAPE) -> LabelMap:
    """Vertebrae as cubes of 4 voxels of 2 mm: VerSe number to the cube's lowest k."""
    labels = np.zeros(shape, dtype=np.uint8)
    for number, bottom in numbers.items():
        labels[10:14, 10:14, bottom : bottom + 4] = number
    return LabelMap(labels, Grid(shape, GRID.affine), "vertebrae")


def three_vertebrae() -> LabelMap:
    """L1, L2, L3 whose middles lie at k = 23.5, 15.5 and 7.5, and a sacrum below."""
    return cubes({20: 22, 21: 14, 22: 6, 26: 0})


def ct_of(reference: LabelMap) -> Volume:
    """Bone of 500 HU in water, and a rib of the same bone far away: 3 x 24 x 3 voxels at the lowest corner."""
    hu = np.where(reference.labels > 0, 500, 0).astype(np.int16)
    hu[:3, :, :3] = 500
    return Volume(hu, reference.grid)


def write_case(folder: Path, reference: LabelMap) -> Path:
    """``ct.nii.gz`` and ``vert.nii.gz`` in ``folder``."""
    folder.mkdir(parents=True)
    write_volume(ct_of(reference), folder / "ct.nii.gz")
    write_nifti(reference, folder / "vert.nii.gz")
    return folder


class Fake:
    """A segmenter without weights."""

    device = "cpu"

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: CancelCheck = never, mode: Any = "patch"
    ) -> LabelMap:
        """The spine, as the kind of fake sees it."""
        return LabelMap(self.mask(volume).astype(np.uint8), volume.grid)

    def mask(self, volume: Volume) -> Mask:
        raise NotImplementedError


class Exact(Fake):
    """Knows the answer: the central column of bone, sacrum left out."""

    def __init__(self) -> None:
        super().__init__("exact-000000000000")

    def mask(self, volume: Volume) -> Mask:
        bone = np.asarray(volume.hu > 200)
        bone[:9], bone[:, :, :4] = False, False
        return bone


class Bone(Fake):
    """Takes all bone for spine, in any orientation."""

    def __init__(self, model_id: str = "bone-111111111111", above_hu: float = 200) -> None:
        super().__init__(model_id)
        self.above_hu = above_hu

    def mask(self, volume: Volume) -> Mask:
        return np.asarray(volume.hu > self.above_hu)


class Nothing(Fake):
    """Never finds a spine."""

    def __init__(self) -> None:
        super().__init__("nothing-222222222222")

    def mask(self, volume: Volume) -> Mask:
        return np.zeros(volume.grid.shape, dtype=bool)
