"""Comparison pictures as DICOM secondary captures (PS3.3 A.8.4), which any viewer in a hospital can show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.uid import MultiFrameTrueColorSecondaryCaptureImageStorage

from segmentation.writers.dicom.objects import new_object, write_object
from segmentation.writers.dicom.sources import Maker, Sources

SERIES_NUMBER = 7003


def write_capture(pictures: Mapping[str, Image.Image], sources: Sources, path: Path, maker: Maker) -> None:
    """Write pictures as the frames of one colour image, each centred on black to the size of the largest.

    Args:
        pictures: At least one, by its label, without names or dates in it.
        sources: The CT whose study they belong to.
        path: The file appears whole or not at all.
        maker: Named as equipment.
    """
    frames = [picture.convert("RGB") for picture in pictures.values()]
    size = (max(frame.width for frame in frames), max(frame.height for frame in frames))
    pixels = np.stack([np.asarray(_centred(frame, size)) for frame in frames])
    dataset = new_object(MultiFrameTrueColorSecondaryCaptureImageStorage, "OT", SERIES_NUMBER, sources, maker)
    dataset.SeriesDescription = "SpineView comparison"
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "NO"
    dataset.ImageType, dataset.PatientOrientation = ["DERIVED", "SECONDARY"], ""
    dataset.BodyPartExamined = "SPINE"  # an unpaired one, so that no laterality is asked for
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = pixels.shape
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.FrameIncrementPointer = 0x00182002  # FrameLabelVector: frames are planes, not moments
    dataset.FrameLabelVector = list(pictures)
    data = pixels.tobytes()
    dataset.PixelData = data + bytes(len(data) % 2)
    write_object(dataset, path)


def _centred(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size)
    canvas.paste(frame, ((size[0] - frame.width) // 2, (size[1] - frame.height) // 2))
    return canvas
