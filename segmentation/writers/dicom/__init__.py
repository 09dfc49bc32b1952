"""Writers of results as DICOM objects, which a PACS keeps in the study of the CT."""

from __future__ import annotations

from segmentation.writers.dicom.capture import write_capture
from segmentation.writers.dicom.rtstruct import write_rtstruct
from segmentation.writers.dicom.seg import write_dicom_seg
from segmentation.writers.dicom.sources import Maker, Sources, read_sources

__all__ = ["Maker", "Sources", "read_sources", "write_capture", "write_dicom_seg", "write_rtstruct"]
