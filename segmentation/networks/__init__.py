"""Network architectures, by the name that configurations and model files use."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import TypeAdapter

from segmentation.networks.base import Network, Spec
from segmentation.networks.dense_unet import DenseUNet3d, DenseUNetSpec
from segmentation.networks.densenet import DenseNet3D, DenseNet3DSpec
from segmentation.networks.unet import UNet3D, UNet3DSpec
from segmentation.networks.vertebra_unet import VertebraUNet, VertebraUNetSpec
from segmentation.networks.vnet import VNet, VNetSpec

__all__ = [
    "DenseNet3D",
    "DenseNet3DSpec",
    "DenseUNet3d",
    "DenseUNetSpec",
    "Network",
    "Spec",
    "UNet3D",
    "UNet3DSpec",
    "VNet",
    "VNetSpec",
    "VertebraUNet",
    "VertebraUNetSpec",
    "build",
    "describe",
    "described",
]

FAST = "FastDense3DUNet"
# The thesis's Dense3DUNet and the product's own are one class: without and with a space-to-depth stem.
_SPECS: dict[str, Any] = {
    FAST: DenseUNetSpec,
    "Dense3DUNet": DenseUNetSpec,
    "DenseNet3D": DenseNet3DSpec,
    "UNet3D": UNet3DSpec,
    "VNet": VNetSpec,
    "VertebraUNet": VertebraUNetSpec,
}


def build(spec: Spec) -> Network:
    """Make an untrained network; its weights come from torch's random generator."""
    match spec:
        case DenseUNetSpec():
            return DenseUNet3d(spec)
        case DenseNet3DSpec():
            return DenseNet3D(spec)
        case UNet3DSpec():
            return UNet3D(spec)
        case VNetSpec():
            return VNet(spec)
        case VertebraUNetSpec():
            return VertebraUNet(spec)
    raise TypeError(f"no network is made of {spec!r}")


def describe(spec: Spec) -> dict[str, Any]:
    """Convert ``spec`` to plain types for JSON, with the network's name."""
    return {"name": spec.name, **dataclasses.asdict(spec)}  # type: ignore[call-overload]


def described(content: dict[str, Any]) -> Spec:
    """Restore what ``describe`` wrote.

    Raises:
        ValueError, LookupError: the content is of no network of ours.
    """
    values = {key: value for key, value in content.items() if key != "name"}
    # pydantic, because this came from a file: it checks each field and turns lists into tuples.
    spec: Spec = TypeAdapter(_SPECS[content["name"]]).validate_python(values)
    return spec
