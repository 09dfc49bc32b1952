"""Interface of every network: its specification, its name and its feature maps."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Spec(Protocol):
    """Specification of a network: a frozen dataclass, stored in the model file."""

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
        """Compute logits, and each level's feature maps by name: (B, in, I, J, K) -> (B, out, I, J, K), maps.

        ``encoder0`` is the finest level on the way down, ``decoder0`` the finest on the way up.
        """
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """Compute (B, out, I, J, K) logits of a (B, in, I, J, K) image."""
        return self.levels(image)[0]
