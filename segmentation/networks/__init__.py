"""The networks, by the name that a configuration uses."""

from segmentation.networks.dense_unet import DenseUNet3d, DenseUNetSpec

__all__ = ["DenseUNet3d", "DenseUNetSpec"]
