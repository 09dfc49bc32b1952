"""Batches: which scan, where in it, how it is placed and degraded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segmentation.augment import Augmentation, crop_field_of_view, degrade, random_placement, sample
from segmentation.dataset import IGNORE, Item, closed, draw
from segmentation.labels import is_spine
from segmentation.synthesis import synthesise

FOCUS_SHARE = 0.7  # of the crops are centred near the column; the others show what is not spine
CROPPED_SHARE = 0.15
REAL_BACKGROUND_SHARE = 0.5
BACKGROUND_TRIES = 6


@dataclass(frozen=True)
class Sampler:
    """Draws crops from real scans and from label maps.

    Attributes:
        real: Items with an image.
        label_maps: Items without one.
        synthetic_share: Of the crops, those that are synthesised.
        edge: Crop edge in voxels.
        column_closing: Voxels by which the spine of synthetic crops is closed into a column; 0 leaves it.
    """

    real: Sequence[Item]
    label_maps: Sequence[Item]
    synthetic_share: float
    edge: int
    column_closing: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Images, targets and weights, each (B, 1, edge, edge, edge) float32."""
        pairs = [self._one(rng) for _ in range(size)]
        images = torch.from_numpy(np.stack([image for image, _ in pairs]))[:, None]
        targets = np.stack([target for _, target in pairs])
        known = torch.from_numpy((targets != IGNORE).astype(np.float32))[:, None]
        return images, torch.from_numpy((targets == 1).astype(np.float32))[:, None], known

    def _one(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        if self.label_maps and (not self.real or rng.random() < self.synthetic_share):
            image, target = self._synthetic(rng)
        else:
            image, target = self._real(rng)
        image = degrade(image, rng)
        if rng.random() < CROPPED_SHARE:
            crop_field_of_view(image, target, rng)
        return image, target

    def _real(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        item = draw(self.real, rng)
        assert item.image is not None
        matrix, offset = random_placement(self.edge, _centre(item, rng), self.augmentation, rng)
        image = sample(item.image, self.edge, matrix, offset, order=1) / np.float32(255)
        target = sample(item.target, self.edge, matrix, offset, order=0).astype(np.uint8)
        return image, target

    def _synthetic(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        item = draw(self.label_maps, rng)
        matrix, offset = random_placement(self.edge, _centre(item, rng), self.augmentation, rng)
        numbers = sample(item.target, self.edge, matrix, offset, order=0).astype(np.uint8)
        background = self._background(rng) if rng.random() < REAL_BACKGROUND_SHARE else None
        image = synthesise(numbers, rng, background)
        spine = is_spine(numbers)
        if self.column_closing:
            return image, closed(spine, self.column_closing).astype(np.uint8)
        return image, spine.astype(np.uint8)

    def _background(self, rng: np.random.Generator) -> NDArray[np.float32] | None:
        """A crop of a real CT in which nothing is, or may be, spine; None if a few tries find none."""
        for _ in range(BACKGROUND_TRIES if self.real else 0):
            item = draw(self.real, rng)
            assert item.image is not None
            centre = rng.uniform(0, 1, 3) * item.image.shape
            matrix, offset = random_placement(self.edge, centre, self.augmentation, rng)
            if not sample(item.target, self.edge, matrix, offset, order=0).any():
                return sample(item.image, self.edge, matrix, offset, order=1) / np.float32(255)
        return None


def _centre(item: Item, rng: np.random.Generator) -> NDArray[np.float64]:
    shape = np.array(item.target.shape)
    if len(item.focus) and (item.image is None or rng.random() < FOCUS_SHARE):
        return np.asarray(item.focus[rng.integers(len(item.focus))] + rng.uniform(-12, 12, 3))
    return np.asarray(rng.uniform(0, 1, 3) * shape)
