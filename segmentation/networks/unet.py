"""The 3D U-Net.

Source: Çiçek et al. 2016, "3D U-Net: Learning Dense Volumetric Segmentation from Sparse Annotation",
doi:10.1007/978-3-319-46723-8_49. One thing differs: convolutions are padded, so that the logits lie on the image's
voxels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from segmentation.networks.base import Network


@dataclass(frozen=True)
class UNet3DSpec:
    """Specification of a 3D U-Net.

    Attributes:
        width: Channels after the first convolution: 32 in the paper.
        depth: Poolings: 3 in the paper.
    """

    in_channels: int = 1
    out_channels: int = 1
    width: int = 32
    depth: int = 3

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""
        return "UNet3D"

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""
        return int(2**self.depth)


def _two_convolutions(channels: int, middle: int, out_channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in ((channels, middle), (middle, out_channels)):
        layers += [nn.Conv3d(before, after, 3, padding=1), nn.BatchNorm3d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet3D(Network):
    """3D U-Net: channels are doubled before each pooling, to avoid bottlenecks."""

    def __init__(self, spec: UNet3DSpec) -> None:
        super().__init__()
        self.spec: UNet3DSpec = spec
        widths = [spec.width * 2**level for level in range(spec.depth + 1)]
        entrances = [spec.in_channels, *[2 * width for width in widths]]
        self.encoders = nn.ModuleList(
            _two_convolutions(before, max(width, before), 2 * width)
            for before, width in zip(entrances, widths, strict=False)
        )
        self.ups = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.ups.append(nn.ConvTranspose3d(4 * width, 4 * width, 2, stride=2, bias=False))
            self.decoders.append(_two_convolutions(4 * width + 2 * width, 2 * width, 2 * width))
        self.head = nn.Conv3d(2 * spec.width, spec.out_channels, 1)

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``Network.levels``."""
        maps: dict[str, Tensor] = {}
        features = image
        for level, encoder in enumerate(self.encoders):
            features = functional.max_pool3d(features, 2) if level else features
            features = maps[f"encoder{level}"] = encoder(features)
        for number, (up, decoder) in enumerate(zip(self.ups, self.decoders, strict=True)):
            level = self.spec.depth - 1 - number
            features = decoder(torch.cat([up(features), maps[f"encoder{level}"]], dim=1))
            maps[f"decoder{level}"] = features
        return self.head(features), maps
