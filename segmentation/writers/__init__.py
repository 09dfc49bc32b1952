"""Writers of masks: NIfTI, NRRD, surfaces, label tables and DICOM objects."""

from __future__ import annotations

from segmentation.writers.label_table import label_table
from segmentation.writers.mesh import Surface, write_surfaces
from segmentation.writers.nifti import write_nifti, write_volume
from segmentation.writers.nrrd import write_nrrd

__all__ = ["Surface", "label_table", "write_nifti", "write_nrrd", "write_surfaces", "write_volume"]
