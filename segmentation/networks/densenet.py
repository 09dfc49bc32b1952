"""DenseNet3D: the encoder of a DenseNet, and a plain decoder without skip connections.

Source: Huang et al. 2017, "Densely Connected Convolutional Networks", doi:10.1109/CVPR.2017.243, in three dimensions.
It shows what the skips of the Dense-3D U-Net are worth: everything fine must pass through the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from segmentation.networks.base import Network
from segmentation.networks.dense_unet import Convolution, Norm, Order, dense_block, transition


@dataclass(frozen=True)
class DenseNet3DSpec:
    """Specification of a DenseNet3D.

    Attributes:
        width: Channels after the first convolution, whose stride of 2 halves the resolution as in DenseNet.
        growth: Channels each dense layer adds.
        layers: Dense layers a block; between two blocks a transition halves channels and resolution.
        norm: As in ``segmentation.networks.DenseUNetSpec``; DenseNet's is ``"batch"``.
        order: Likewise; DenseNet's is ``"pre"``.
    """

    in_channels: int = 1
    out_channels: int = 1
    width: int = 32
    growth: int = 16
    layers: tuple[int, ...] = (4, 4, 4)
    norm: Norm = "batch"
    order: Order = "pre"

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""
        return "DenseNet3D"

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""
        return int(2 ** len(self.layers))


class DenseNet3D(Network):
    """DenseNet encoder; each step up is an interpolation and one convolution that halves the channels."""

    def __init__(self, spec: DenseNet3DSpec) -> None:
        super().__init__()
        self.spec: DenseNet3DSpec = spec
        self.stem = nn.Conv3d(spec.in_channels, spec.width, 3, stride=2, padding=1, bias=False)
        self.encoders = nn.ModuleList()
        self.downs = nn.ModuleList()
        channels = spec.width
        for number, layers in enumerate(spec.layers):
            if number:
                self.downs.append(transition(channels, channels // 2, spec))
                channels //= 2
            block, channels = dense_block(channels, spec.growth, layers, spec)
            self.encoders.append(block)
        self.decoders = nn.ModuleList()
        for _ in spec.layers:
            self.decoders.append(Convolution(channels, max(spec.growth, channels // 2), 3, spec))
            channels = max(spec.growth, channels // 2)
        self.head = Convolution(channels, spec.out_channels, 1, spec)

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``Network.levels``; ``encoder0`` has half of the input's resolution, ``decoder0`` all of it."""
        maps: dict[str, Tensor] = {}
        features = self.stem(image)
        for level, encoder in enumerate(self.encoders):
            if level:
                features = functional.avg_pool3d(self.downs[level - 1](features), 2)
            features = maps[f"encoder{level}"] = encoder(features)
        for number, decoder in enumerate(self.decoders):
            # Nearest, as in the Dense-3D U-Net: the convolution that follows smooths.
            features = decoder(functional.interpolate(features, scale_factor=2, mode="nearest"))
            maps[f"decoder{len(self.decoders) - 1 - number}"] = features
        return self.head(features), maps
