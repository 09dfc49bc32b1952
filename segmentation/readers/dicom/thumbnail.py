"""Small picture of a series: its middle image, in a window that shows bone and soft tissue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segmentation.core.errors import InputError
from segmentation.core.hounsfield import windowed
from segmentation.readers.dicom.frames.decode_pixels import read_hu
from segmentation.readers.dicom.group_series import Series

SIDE_PX = 192
_WINDOW_HU = (-450.0, 1050.0)


def write_thumbnail(series: Series, path: Path) -> str:
    """Write a PNG and return its name; empty if the series has no grey picture that can be decoded."""
    frame = series.frames[len(series.frames) // 2]
    if not frame.rows or frame.samples != 1:
        return ""
    try:
        [(_, hu)] = read_hu(frame.path, [frame], False, series.title)
    except InputError:
        return ""
    window = _WINDOW_HU if frame.modality == "CT" else (float(hu.min()), max(float(hu.max()), float(hu.min()) + 1))
    picture = Image.fromarray((windowed(hu, window) * 255).astype(np.uint8))
    height_mm, width_mm = frame.spacing_mm or (1.0, 1.0)
    tall, wide = frame.rows * height_mm, frame.columns * width_mm
    scale = SIDE_PX / max(tall, wide)
    size = (max(1, round(wide * scale)), max(1, round(tall * scale)))
    picture.resize(size, Image.Resampling.BILINEAR).save(path, "PNG")
    return path.name
