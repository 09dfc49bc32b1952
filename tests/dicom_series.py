"""A CT series as it lies in a hospital's archive: the phantom's writer, with a patient and a study of known names."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom

LPS = np.array([-1.0, -1.0, 1.0])
PATIENT = "Doe^Jane"
STUDY = {
    "PatientID": "SV-0001",
    "StudyDate": "20260102",
    "StudyDescription": "CT spine",
    "ReferringPhysicianName": "Roe^Richard",
    "PositionReferenceIndicator": "",
}


def scanner_grid(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], **placed: Any) -> Grid:
    """i along rows, j down columns, k upwards; ``rotation`` (3, 3) turns it, ``origin_mm`` places it (LPS)."""
    affine = np.eye(4)
    affine[:3, :3] = LPS[:, None] * (placed.get("rotation", np.eye(3)) @ np.diag(spacing_mm))
    affine[:3, 3] = LPS * placed.get("origin_mm", (-40.0, -30.0, 100.0))
    return Grid(shape, affine)


def write_series(volume: Volume, folder: Path, **attributes: Any) -> list[Path]:
    """Write ``volume`` as classic CT images of a study of its own; answer them in order of k.

    File names and instance numbers are in no order; stored values are unsigned, with an intercept of -1024.
    """
    spec = DicomSpec(
        patient=PATIENT, description="SPINE 1.0 BONE", series_number=3, signed=False, seed=secrets.randbits(64)
    )
    paths = write_dicom(volume, folder, spec)
    for path in paths:
        dataset = pydicom.dcmread(path)
        for name, value in {**STUDY, **attributes}.items():
            setattr(dataset, name, value)
        dataset.save_as(path)
    return paths
