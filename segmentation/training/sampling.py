"""Sampling of training batches: which scan, where in it, how it is placed and degraded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segmentation.training.augment import (
    Augmentation,
    blur,
    crop_field_of_view,
    degrade,
    photon_starvation,
    random_placement,
    sample,
)
from segmentation.training.dataset import FULL, Item, closed, draw
from segmentation.training.synthesis.canal_contrast import insert_canal_contrast
from segmentation.training.synthesis.ct_from_labels import gaps, synthesise, thin_parts
from segmentation.training.synthesis.implants import insert_implants

Array = NDArray[np.float32]

# Discs, canal and foramina: a tenth of the spine's volume, and what a network learns last.
GAP_WEIGHT = 2.0
# Where a rib lies against its vertebra, which of the two a voxel is part of is what a network learns next to last.
RIB_WEIGHT = 3.0
# Processes and laminae: half of the spine's voxels and most of its surface, and what is missed first.
THIN_WEIGHT = 2.0
THIN_BAND = 0.12
STARVED_SHARE = 0.12
CANAL_CONTRAST_SHARE, CANAL_CONTRAST_WEIGHT = 0.25, 2.0
# What share of a voxel a label must cover for it to be painted as bone. References reach beyond the bright edge of bone
# into what it half fills: of the reference of LIDC-IDRI-0001 a tenth is below 84 HU, of sub-verse012 below -20 HU.
BRIGHT_FROM = (0.5, 0.8)
REAL_BACKGROUND_SHARE = 0.5
WITH_RIBS_SHARE = 0.9
BACKGROUND_TRIES = 6


@dataclass(frozen=True)
class Sampler:
    """Draw crops from real scans and from label maps.

    Attributes:
        real: Items with an image.
        label_maps: Items without one.
        synthetic_share: Of the crops, those that are synthesised.
        edge: Crop edge in voxels.
        focus_share: Of the crops, those centred near the column; the others show what is not spine.
        cropped_share: Of the crops, those that end inside the window, as small fields of view do.
        column_closing: Voxels by which the spine of synthetic crops is closed into a column; 0 leaves it.
        centred: Every crop shows its scan from the middle: for scans that fill the window by themselves.
        metal_share: Of the crops, those with implants and their streaks drawn into them.
        spacing_mm: Edge of a voxel.
        metal_hidden: The network is shown metal as air.
    """

    real: Sequence[Item]
    label_maps: Sequence[Item]
    synthetic_share: float
    edge: int
    focus_share: float = 0.9
    cropped_share: float = 0.15
    column_closing: int = 0
    centred: bool = False
    metal_share: float = 0.06
    spacing_mm: float = 1.5
    metal_hidden: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Draw a batch: images, targets and the loss's weights, each (B, 1, edge, edge, edge).

        A target is the share of the voxel that is spine.
        """
        crops = [self._one(rng) for _ in range(size)]
        image, target, loss_weight = (torch.from_numpy(np.stack(part))[:, None] for part in zip(*crops, strict=True))
        return image, target, loss_weight

    def _one(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        if self.label_maps and (not self.real or rng.random() < self.synthetic_share):
            image, target, loss_weight = self._synthetic(rng)
        else:
            image, target, loss_weight = self._real(rng)
        if not self.column_closing:
            loss_weight[gaps(target > 0.5)] *= GAP_WEIGHT
            self._mark_thin_parts(target, loss_weight)
            own = rng.spawn(1)[0]  # what is drawn here changes nothing in the crops after
            if own.random() < CANAL_CONTRAST_SHARE:
                sac = insert_canal_contrast(image, target > 0.5, self.spacing_mm, own)
                loss_weight[sac & (target < 0.1)] = CANAL_CONTRAST_WEIGHT
        if rng.random() < self.metal_share:
            loss_weight[insert_implants(image, target, self.spacing_mm, self.metal_hidden, rng)] = 0
        if rng.random() < STARVED_SHARE:
            image = photon_starvation(image, rng)
        image = degrade(image, rng)
        if rng.random() < self.cropped_share:
            crop_field_of_view(image, target, rng)
        return image, target, loss_weight

    @staticmethod
    def _mark_thin_parts(target: Array, loss_weight: Array) -> None:
        """Let thin parts count twice, and a band around them: else what lies beside them is coloured, too."""
        thin = thin_parts(target > 0.5)
        band = (blur(thin.astype(np.float32), 1.0) > THIN_BAND) & ~thin & (loss_weight > 0)
        loss_weight[thin] *= THIN_WEIGHT
        loss_weight[band] = np.maximum(loss_weight[band], THIN_WEIGHT)

    def _real(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        item = draw(self.real, rng)
        assert item.image is not None
        placement = random_placement(self.edge, self._centre(item, rng), self.augmentation, rng)
        image, target, loss_weight = sample(
            (item.image, item.target, item.valid_mask), self.edge, *placement
        ) / np.float32(FULL)
        # Beyond the border of the scan there is air, and air is known not to be spine.
        beyond = sample((np.full_like(item.valid_mask, FULL),), self.edge, *placement)[0] < FULL / 2
        return image, target, ((loss_weight > 0.99) | beyond).astype(np.float32)

    def _synthetic(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        item = draw(self.label_maps, rng)
        assert item.bone is not None
        placement = random_placement(self.edge, self._centre(item, rng), self.augmentation, rng)
        bone, spine = sample((item.bone, item.target), self.edge, *placement) / np.float32(FULL)
        background = self._background(rng) if rng.random() < REAL_BACKGROUND_SHARE else None
        bright = blur(bone, 0.6) > rng.uniform(*BRIGHT_FROM)
        ribs = None
        if item.ribs is not None and rng.random() < WITH_RIBS_SHARE:
            ribs = item.ribs.drawn(bone.shape, *placement, rng)
        image = synthesise(bright, rng, background, ribs)
        loss_weight = np.ones_like(spine)
        if self.column_closing:
            spine = closed(spine > 0.5, self.column_closing).astype(np.float32)
        elif ribs is not None:
            loss_weight[(blur(ribs.astype(np.float32), 2.0) > 0.02) & (blur(bone, 2.0) > 0.02)] = RIB_WEIGHT
        return image, spine, loss_weight

    def _background(self, rng: np.random.Generator) -> Array | None:
        """Draw a crop of a real CT in which nothing is, or may be, spine; None if a few tries find none."""
        for _ in range(BACKGROUND_TRIES if self.real else 0):
            item = draw(self.real, rng)
            assert item.image is not None
            centre = rng.uniform(0.15, 0.85, 3) * item.image.shape  # at the border there is little but air
            placement = random_placement(self.edge, centre, self.augmentation, rng)
            image, doubt = sample((item.image, np.maximum(item.target, FULL - item.valid_mask)), self.edge, *placement)
            if not doubt.any():
                return np.asarray(image / np.float32(FULL))
        return None

    def _centre(self, item: Item, rng: np.random.Generator) -> NDArray[np.float64]:
        if self.centred:
            return (np.array(item.target.shape) - 1) / 2
        if len(item.focus) and (item.image is None or rng.random() < self.focus_share):
            return np.asarray(item.focus[rng.integers(len(item.focus))] + rng.uniform(-12, 12, 3))
        return np.asarray(rng.uniform(0, 1, 3) * item.target.shape)
