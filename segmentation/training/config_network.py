"""Configuration of a network: its name, with the widths that this network has."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, NonNegativeFloat, PositiveInt, Tag, model_validator

from segmentation.networks import DenseNet3DSpec, DenseUNetSpec, UNet3DSpec, VNetSpec

Levels = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class Frozen(BaseModel):
    """Base of a part of a configuration: no other keys, and nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _DenseUNet(Frozen):
    width: PositiveInt = 16
    growth: Levels = (16, 24, 32, 40)
    encoder_layers: Levels = (2, 3, 3, 3)
    decoder_layers: tuple[PositiveInt, ...] = (1, 2, 2)
    order: Literal["pre", "post"] = "pre"
    companding: NonNegativeFloat = 0.0
    detail: Annotated[int, Field(ge=0, multiple_of=2)] = 0

    @model_validator(mode="after")
    def _levels_agree(self) -> Self:
        levels = len(self.growth)
        if len(self.encoder_layers) != levels or len(self.decoder_layers) != levels - 1:
            raise ValueError(f"{levels} levels of growth need {levels} encoder_layers and {levels - 1} decoder_layers")
        return self

    def spec(self) -> DenseUNetSpec:
        """Convert to the network's own type."""
        return DenseUNetSpec(**self.model_dump(exclude={"name"}))


class FastDense3DUNet(_DenseUNet):
    """Configuration of the product's own network, which has a space-to-depth stem.

    See ``segmentation.networks.DenseUNetSpec``.
    """

    name: Literal["FastDense3DUNet"] = "FastDense3DUNet"
    stem: Literal[1, 2, 4] = 2
    norm: Literal["batch", "group"] = "group"


class Dense3DUNet(_DenseUNet):
    """Configuration of the thesis's network: dense blocks at full resolution, batch normalisation."""

    name: Literal["Dense3DUNet"] = "Dense3DUNet"
    width: PositiveInt = 24
    encoder_layers: Levels = (2, 4, 4, 4)
    decoder_layers: tuple[PositiveInt, ...] = (2, 3, 3)
    stem: Literal[1] = 1
    norm: Literal["batch", "group"] = "batch"


class DenseNet3D(Frozen):
    """Configuration of a DenseNet3D: see ``segmentation.networks.DenseNet3DSpec``."""

    name: Literal["DenseNet3D"] = "DenseNet3D"
    width: PositiveInt = 32
    growth: PositiveInt = 16
    layers: Levels = (4, 4, 4)

    def spec(self) -> DenseNet3DSpec:
        """Convert to the network's own type."""
        return DenseNet3DSpec(**self.model_dump(exclude={"name"}))


class UNet3D(Frozen):
    """Configuration of a 3D U-Net: see ``segmentation.networks.UNet3DSpec``."""

    name: Literal["UNet3D"] = "UNet3D"
    width: PositiveInt = 32
    depth: PositiveInt = 3

    def spec(self) -> UNet3DSpec:
        """Convert to the network's own type."""
        return UNet3DSpec(**self.model_dump(exclude={"name"}))


class VNet(Frozen):
    """Configuration of a V-Net: see ``segmentation.networks.VNetSpec``."""

    name: Literal["VNet"] = "VNet"
    width: PositiveInt = 16

    def spec(self) -> VNetSpec:
        """Convert to the network's own type."""
        return VNetSpec(**self.model_dump(exclude={"name"}))


NETWORKS: tuple[type[Frozen], ...] = (FastDense3DUNet, Dense3DUNet, DenseNet3D, UNet3D, VNet)


def _name(content: Any) -> str:
    """Return the network's name in a configuration; without a name it is the product's network."""
    if isinstance(content, dict):
        return str(content.get("name", "FastDense3DUNet"))
    return str(getattr(content, "name", content))


Network = Annotated[
    Annotated[FastDense3DUNet, Tag("FastDense3DUNet")]
    | Annotated[Dense3DUNet, Tag("Dense3DUNet")]
    | Annotated[DenseNet3D, Tag("DenseNet3D")]
    | Annotated[UNet3D, Tag("UNet3D")]
    | Annotated[VNet, Tag("VNet")],
    Discriminator(
        _name,
        custom_error_type="unknown_network",
        custom_error_message="there is no such network; use " + ", ".join(n.__name__ for n in NETWORKS),
    ),
]
