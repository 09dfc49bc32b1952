"""The readers that ours is compared with: SimpleITK, and dcm2niix where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

DCM2NIIX = shutil.which("dcm2niix")
needs_dcm2niix = pytest.mark.skipif(DCM2NIIX is None, reason="dcm2niix is not installed (Debian: apt install dcm2niix)")


def by_simpleitk(folder: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """(I, J, K) values and RAS+ affine."""
    reader = sitk.ImageSeriesReader()
    [uid] = reader.GetGDCMSeriesIDs(str(folder))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, np.diag([-1, -1, 1, 1]) @ affine


def by_dcm2niix(folder: Path, out: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Values and affine in the closest RAS+ order."""
    out.mkdir()
    command = [str(DCM2NIIX), "-z", "n", "-f", "x", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    image = nib.as_closest_canonical(nib.load(out / "x.nii"))
    return np.asarray(image.dataobj), image.affine
