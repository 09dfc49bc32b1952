"""Label maps to files."""

from __future__ import annotations

from segmentation.writers.nifti import write_nifti, write_volume

__all__ = ["write_nifti", "write_volume"]
