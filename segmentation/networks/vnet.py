"""The V-Net, built from MONAI's blocks.

Source: Milletari et al. 2016, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
doi:10.1109/3DV.2016.79. MONAI's own ``VNet`` is one size, 45 million parameters; its parts are of any. With a width of
16 this is MONAI's network to the weight (a test holds it to that), with the paper's PReLU and without dropout, which
the paper does not have.
"""

from __future__ import annotations

from dataclasses import dataclass

from monai.networks.nets.vnet import DownTransition, InputTransition, OutputTransition, UpTransition
from torch import Tensor, nn

from segmentation.networks.base import Network

# Convolutions a level on the way down, without the first, and on the way up: MONAI's, which follow the paper's 2, 3, 3.
DOWN, UP = (1, 2, 3, 2), (2, 2, 1, 1)


@dataclass(frozen=True)
class VNetSpec:
    """Specification of a V-Net.

    Attributes:
        width: Channels of the finest level: 16 in the paper.
    """

    in_channels: int = 1
    out_channels: int = 1
    width: int = 16

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""
        return "VNet"

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""
        return 16


class VNet(Network):
    """V-Net: 5x5x5 convolutions in residual blocks, strided convolutions instead of pooling."""

    def __init__(self, spec: VNetSpec) -> None:
        super().__init__()
        self.spec: VNetSpec = spec
        width = spec.width
        self.entrance = InputTransition(3, spec.in_channels, width, "prelu")
        self.downs = nn.ModuleList(
            DownTransition(3, width * 2**level, convolutions, "prelu") for level, convolutions in enumerate(DOWN)
        )
        # What comes from below, and what leaves: the lowest step up keeps its channels, the others halve them.
        channels = ((16, 16), (16, 8), (8, 4), (4, 2))
        self.ups = nn.ModuleList(
            UpTransition(3, width * below, width * out, convolutions, "prelu", dropout_prob=(None, 0.0))
            for (below, out), convolutions in zip(channels, UP, strict=True)
        )
        self.exit = OutputTransition(3, 2 * width, spec.out_channels, "prelu")

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``Network.levels``."""
        features = self.entrance(image)
        maps = {"encoder0": features}
        for level, down in enumerate(self.downs, start=1):
            features = maps[f"encoder{level}"] = down(features)
        for number, up in enumerate(self.ups):
            level = len(self.ups) - 1 - number
            features = maps[f"decoder{level}"] = up(features, maps[f"encoder{level}"])
        return self.exit(features), maps
