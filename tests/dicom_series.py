"""CT series as a scanner writes them, of any volume: classic images, one a slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from segmentation.geometry import Grid
from segmentation.volume import Volume

LPS = np.array([-1.0, -1.0, 1.0])
PATIENT = "Doe^Jane"


def scanner_grid(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], **tilt: Any) -> Grid:
    """i along rows, j down columns, k upwards; ``rotation`` (3, 3) turns it, ``origin_mm`` places it (LPS)."""
    affine = np.eye(4)
    affine[:3, :3] = LPS[:, None] * (tilt.get("rotation", np.eye(3)) @ np.diag(spacing_mm))
    affine[:3, 3] = LPS * tilt.get("origin_mm", (-40.0, -30.0, 100.0))
    return Grid(shape, affine)


def write_series(volume: Volume, folder: Path, **attributes: Any) -> list[Path]:
    """Write ``volume`` (i along rows, j down columns, k across slices) as CT images; answer them in order of k.

    File names and instance numbers run against the positions, as they do on some scanners.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = _common(volume, attributes)
    count = volume.grid.shape[2]
    paths = []
    for k in range(count):
        dataset = Dataset()
        dataset.update(common)
        dataset.SOPInstanceUID = generate_uid()
        dataset.InstanceNumber = count - k
        position = LPS * volume.grid.to_mm(np.array([0.0, 0.0, float(k)]))
        dataset.ImagePositionPatient = [f"{mm:.6f}"[:16] for mm in position]
        dataset.PixelData = (volume.hu[:, :, k].T.astype(np.int16) + 1024).astype("<u2").tobytes()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = folder / f"IM{count - k:04d}"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _common(volume: Volume, attributes: dict[str, Any]) -> Dataset:
    unit = LPS[:, None] * volume.grid.affine[:3, :3] / np.array(volume.grid.spacing_mm)
    i_mm, j_mm, k_mm = volume.grid.spacing_mm
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = (
        generate_uid() for _ in range(3)
    )
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = PATIENT, "SV-0001", "19600102"
    dataset.PatientSex, dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "F", "20260102", "101500", "7"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "A1", "Roe^Richard"
    dataset.SeriesNumber, dataset.SeriesDescription, dataset.Modality = 3, "SPINE 1.0 BONE", "CT"
    dataset.StudyDescription, dataset.Manufacturer, dataset.PatientPosition = "CT spine", "Phantom", "HFS"
    dataset.ImageType, dataset.AcquisitionNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], 1
    dataset.PositionReferenceIndicator, dataset.KVP, dataset.BodyPartExamined = "", "120", "SPINE"
    dataset.ImageOrientationPatient = [f"{part:.9f}"[:16] for part in (*unit[:, 0], *unit[:, 1])]
    dataset.PixelSpacing, dataset.SliceThickness = [f"{j_mm:.6f}", f"{i_mm:.6f}"], f"{k_mm:.6f}"
    dataset.Columns, dataset.Rows = volume.grid.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-1024", "HU"
    for name, value in attributes.items():
        setattr(dataset, name, value)
    return dataset
