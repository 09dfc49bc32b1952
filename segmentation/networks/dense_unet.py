"""The Dense-3D U-Net: a 3D U-Net whose encoder and decoder levels are DenseNet dense blocks.

Sources: Huang et al. 2017, "Densely Connected Convolutional Networks", doi:10.1109/CVPR.2017.243 (dense block,
transition layer); Çiçek et al. 2016, "3D U-Net", doi:10.1007/978-3-319-46723-8_49 (encoder, decoder, skips).
The space-to-depth stem follows Shi et al. 2016, doi:10.1109/CVPR.2016.207, run forwards at the entrance and
backwards at the exit: the dense blocks, which cost nearly all of the time, work on half of the resolution while
no input voxel is thrown away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from segmentation.networks.base import Network

Norm = Literal["batch", "group"]
Order = Literal["pre", "post"]


@dataclass(frozen=True)
class DenseUNetSpec:
    """Specification of a Dense-3D U-Net; stored in the model file.

    Attributes:
        stem: Edge of the space-to-depth cube at the entrance: 2 for the fast network, 1 for the thesis's
            (dense blocks at full resolution).
        width: Channels after the first convolution.
        growth: Channels each dense layer adds, one number a level, finest first.
        encoder_layers: Dense layers a level on the way down, finest first; the last is the bottom.
        decoder_layers: Dense layers a level on the way up, finest first; one shorter than ``encoder_layers``.
        norm: ``"batch"`` as in the thesis; ``"group"`` where batches hold one or two windows.
        order: ``"pre"`` as in the thesis: every layer norms and activates all that came before it. ``"post"``
            norms and activates a feature once, where it is made: a third of the memory traffic.
        detail: Channels of two 3x3x3 convolutions behind a stem's exit, at full resolution, which see the image again
            and add to the logits: what the stem folds away, such as a thin disc; 0 for none.
        companding: Strength c of ``log(1 + c x) / log(1 + c)`` at the entrance, which spreads the few percent
            of 0..1000 HU in which disc, muscle and trabecular bone lie; 0 leaves the image as it is.
    """

    in_channels: int = 1
    out_channels: int = 1
    stem: int = 2
    width: int = 24
    growth: tuple[int, ...] = (16, 24, 32, 40)
    encoder_layers: tuple[int, ...] = (2, 4, 4, 4)
    decoder_layers: tuple[int, ...] = (2, 3, 3)
    norm: Norm = "group"
    order: Order = "pre"
    companding: float = 0.0
    detail: int = 0

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""
        return "Dense3DUNet" if self.stem == 1 else "FastDense3DUNet"

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""
        return self.stem * int(2 ** (len(self.growth) - 1))


class Style(Protocol):
    """Settings that all convolutions of a network share."""

    @property
    def norm(self) -> Norm:
        """See ``DenseUNetSpec``."""

    @property
    def order(self) -> Order:
        """See ``DenseUNetSpec``."""


def _norm(kind: Norm, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm3d(channels)
    return nn.GroupNorm(next(g for g in (8, 4, 2, 1) if channels % g == 0), channels)


class Convolution(nn.Module):
    """Norm, ReLU and a convolution without bias, in the order that ``order`` says."""

    def __init__(self, channels: int, out_channels: int, edge: int, spec: Style) -> None:
        super().__init__()
        self.order = spec.order
        self.norm = _norm(spec.norm, channels if spec.order == "pre" else out_channels)
        self.conv = nn.Conv3d(channels, out_channels, edge, padding=edge // 2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, I, J, K) -> (B, out_channels, I, J, K)."""
        if self.order == "pre":
            return cast(Tensor, self.conv(functional.relu(self.norm(features))))
        return functional.relu(self.norm(self.conv(features)), inplace=True)


class DenseLayer(Convolution):
    """A 3x3x3 convolution whose result is appended to what came in."""

    def __init__(self, channels: int, growth: int, spec: Style) -> None:
        super().__init__(channels, growth, 3, spec)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, I, J, K) -> (B, C + growth, I, J, K)."""
        return torch.cat([features, super().forward(features)], dim=1)


def transition(channels: int, out_channels: int, spec: Style) -> Convolution:
    """Make DenseNet's compression between blocks: a 1x1x1 convolution, without the pooling."""
    return Convolution(channels, out_channels, 1, spec)


def dense_block(channels: int, growth: int, layers: int, spec: Style) -> tuple[nn.Sequential, int]:
    """Make ``layers`` dense layers; return them and the number of channels that leave them."""
    block = nn.Sequential(*[DenseLayer(channels + n * growth, growth, spec) for n in range(layers)])
    return block, channels + layers * growth


def space_to_depth(image: Tensor, edge: int) -> Tensor:  # (B, C, I, J, K) -> (B, C * edge^3, I/edge, ...)
    """Fold each cube of ``edge``^3 voxels into channels."""
    b, c, i, j, k = image.shape
    cubes = image.reshape(b, c, i // edge, edge, j // edge, edge, k // edge, edge)
    folded = cubes.permute(0, 1, 3, 5, 7, 2, 4, 6)
    return folded.reshape(b, c * edge**3, i // edge, j // edge, k // edge)


def depth_to_space(features: Tensor, edge: int) -> Tensor:  # the inverse of space_to_depth
    """Unfold channels into cubes of ``edge``^3 voxels."""
    b, c, i, j, k = features.shape
    channels = c // edge**3
    cubes = features.reshape(b, channels, edge, edge, edge, i, j, k).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return cubes.reshape(b, channels, i * edge, j * edge, k * edge)


class Detail(nn.Module):
    """Correction of the logits at full resolution, computed from the image and the last features."""

    def __init__(self, channels: int, spec: DenseUNetSpec) -> None:
        super().__init__()
        self.edge = spec.stem
        self.unfold = nn.Conv3d(channels, (spec.detail - spec.in_channels) * spec.stem**3, 1)
        self.look = Convolution(spec.detail, spec.detail, 3, spec)
        self.add = nn.Conv3d(spec.detail, spec.out_channels, 3, padding=1)
        # Nothing at first, so that it can be put behind a network that is trained already.
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(cast(Tensor, self.add.bias))

    def forward(self, image: Tensor, features: Tensor) -> Tensor:
        """(B, 1, I, J, K), (B, C, I / stem, ...) -> (B, out, I, J, K)."""
        unfolded = depth_to_space(self.unfold(features), self.edge)
        return cast(Tensor, self.add(self.look(torch.cat([image, unfolded], dim=1))))


class DenseUNet3d(Network):
    """Dense-3D U-Net. Returns logits; the sigmoid belongs to the caller."""

    def __init__(self, spec: DenseUNetSpec) -> None:
        super().__init__()
        self.spec: DenseUNetSpec = spec
        folded = spec.stem**3
        self.stem = (
            nn.Conv3d(spec.in_channels * folded, spec.width, 3, padding=1, bias=False)
            if spec.order == "pre"
            else Convolution(spec.in_channels * folded, spec.width, 3, spec)
        )

        self.encoders = nn.ModuleList()
        self.downs = nn.ModuleList()
        channels, skips = spec.width, []
        for level, (growth, layers) in enumerate(zip(spec.growth, spec.encoder_layers, strict=True)):
            block, channels = dense_block(channels, growth, layers, spec)
            self.encoders.append(block)
            if level < len(spec.growth) - 1:
                skips.append(channels)
                self.downs.append(transition(channels, channels // 2, spec))
                channels //= 2

        self.merges = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for level in reversed(range(len(skips))):
            growth, layers = spec.growth[level], spec.decoder_layers[level]
            self.merges.append(transition(channels + skips[level], 2 * growth, spec))
            block, channels = dense_block(2 * growth, growth, layers, spec)
            self.decoders.append(block)
        out = spec.out_channels * folded
        # Logits are neither normed nor activated.
        self.head = transition(channels, out, spec) if spec.order == "pre" else nn.Conv3d(channels, out, 1)
        self.detail = Detail(channels, spec) if spec.detail else None

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits, and each level's feature maps by name: (B, 1, I, J, K) -> (B, out, I, J, K), maps.

        ``encoder0`` is the finest level; with a stem of 2 it has half of the input's resolution.
        """
        if self.spec.companding:
            image = torch.log1p(self.spec.companding * image) / math.log1p(self.spec.companding)
        features = self.stem(space_to_depth(image, self.spec.stem))
        maps, skips = {}, []
        for level, encoder in enumerate(self.encoders):
            features = maps[f"encoder{level}"] = encoder(features)
            if level < len(self.downs):
                skips.append(features)
                features = functional.avg_pool3d(self.downs[level](features), 2)
        for merge, decoder in zip(self.merges, self.decoders, strict=True):
            skip = skips.pop()
            # Nearest, not trilinear: the 3x3x3 convolutions that follow smooth, and it costs a fifth.
            features = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = decoder(merge(torch.cat([features, skip], dim=1)))
            maps[f"decoder{len(skips)}"] = features
        logits = depth_to_space(self.head(features), self.spec.stem)
        if self.detail is not None:
            logits = logits + self.detail(image, features)
        return logits, maps
