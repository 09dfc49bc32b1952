"""Write a mask in the format that the file's suffix names."""

from __future__ import annotations

from pathlib import Path

from segmentation.core.volume import LabelMap
from segmentation.writers.nifti import write_nifti
from segmentation.writers.nrrd import write_nrrd

SUFFIXES: tuple[str, ...] = (".nii.gz", ".nii", ".nrrd")
"""File name endings that ``write_mask`` knows."""


def write_mask(label_map: LabelMap, path: Path) -> None:
    """Write a mask on its grid as NIfTI, or as NRRD with the label table inside.

    Raises:
        ValueError: the name ends in none of ``SUFFIXES``.
    """
    name = path.name.lower()
    if name.endswith(".nrrd"):
        write_nrrd(label_map, path)
    elif name.endswith((".nii", ".nii.gz")):
        write_nifti(label_map, path)
    else:
        raise ValueError(f"cannot write {path.name}")
