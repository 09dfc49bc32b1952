"""What every network of this project is to those who train it, store it and run it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Spec(Protocol):
    """What a network is made of: a frozen dataclass, stored beside the weights."""

    @property
    def name(self) -> str:
        """The network's name in a configuration and in a model file."""

    @property
    def multiple(self) -> int:
        """Input edges must be multiples of this many voxels."""


class Network(nn.Module):
    """A fully convolutional network that returns logits; the sigmoid belongs to the caller."""

    spec: Spec

    def levels(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits, and each level's feature maps by name: (B, in, I, J, K) -> (B, out, I, J, K), maps.

        ``encoder0`` is the finest level on the way down, ``decoder0`` the finest on the way up.
        """
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """(B, in, I, J, K) image to (B, out, I, J, K) logits."""
        return self.levels(image)[0]
