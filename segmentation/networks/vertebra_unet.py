"""The network that tells vertebrae apart: a 3D U-Net that answers tissue, offset and level for each voxel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from segmentation.networks.base import Network

STEM = 2


@dataclass(frozen=True)
class VertebraUNetSpec:
    """Specification of a ``VertebraUNet``.

    Attributes:
        in_channels: CT and spine mask.
        widths: Channels of each level; the finest has voxels of twice the input's edge, each further one twice more.
        tissues, levels: Classes of the two classifications.
        groups: Of the normalisation.
    """

    in_channels: int = 2
    widths: tuple[int, ...] = (32, 64, 128, 192)
    tissues: int = 4
    levels: int = 25
    groups: int = 8

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""
        return "VertebraUNet"

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""
        return int(STEM * 2 ** (len(self.widths) - 1))


class VertebraUNet(Network):
    """3D U-Net with group normalisation (Wu & He 2018): batches of one crop, of any size.

    The output's channels are ``tissues`` logits, three offsets, ``levels`` logits. Eight voxels become one by
    space-to-depth (Shi et al. 2016), and tissue and offset come back by its inverse; what comes from below is
    added, not joined: both so that the layers with most voxels cost little.
    """

    def __init__(self, spec: VertebraUNetSpec) -> None:
        super().__init__()
        self.spec: VertebraUNetSpec = spec
        widths = spec.widths
        self.encoders = nn.ModuleList()
        before = spec.in_channels * STEM**3
        for width in widths:
            self.encoders.append(nn.Sequential(*_block(before, width, spec.groups), *_block(width, width, spec.groups)))
            before = width
        self.narrow = nn.ModuleList(
            nn.Conv3d(low, width, 1) for low, width in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.decoders = nn.ModuleList(nn.Sequential(*_block(width, width, spec.groups)) for width in widths[-2::-1])
        self.fine = nn.Conv3d(widths[0], (spec.tissues + 3) * STEM**3, 1)
        self.coarse = nn.Conv3d(widths[0], spec.levels, 1)

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``Network.levels``."""
        maps: dict[str, Tensor] = {}
        features = _space_to_depth(image)
        for number, encoder in enumerate(self.encoders):
            features = functional.max_pool3d(features, 2) if number else features
            features = maps[f"encoder{number}"] = encoder(features)
        level = len(self.encoders) - 1
        for narrow, decoder in zip(self.narrow, self.decoders, strict=True):
            level -= 1
            larger = functional.interpolate(narrow(features), scale_factor=2.0, mode="nearest")
            features = maps[f"decoder{level}"] = decoder(larger + maps[f"encoder{level}"])
        named = functional.interpolate(self.coarse(features), scale_factor=float(STEM), mode="trilinear")
        return torch.cat([_depth_to_space(self.fine(features)), named], dim=1), maps


def _block(before: int, after: int, groups: int) -> list[nn.Module]:
    return [nn.Conv3d(before, after, 3, padding=1, bias=False), nn.GroupNorm(groups, after), nn.ReLU(inplace=True)]


def _space_to_depth(image: Tensor) -> Tensor:
    """(B, C, I, J, K) to (B, 8 C, I/2, J/2, K/2)."""
    b, c, i, j, k = image.shape
    parts = image.reshape(b, c, i // STEM, STEM, j // STEM, STEM, k // STEM, STEM)
    return parts.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, c * STEM**3, i // STEM, j // STEM, k // STEM)


def _depth_to_space(features: Tensor) -> Tensor:
    """Undo ``_space_to_depth``."""
    b, c, i, j, k = features.shape
    parts = features.reshape(b, c // STEM**3, STEM, STEM, STEM, i, j, k)
    return parts.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, c // STEM**3, i * STEM, j * STEM, k * STEM)
