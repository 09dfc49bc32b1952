"""Readers of CTs and label maps. All checks of a file are made here; the rest of the program relies on them.

Errors of all readers:
    UnreadableFile: missing, truncated, damaged, not of the format its name promises.
    UnsupportedFormat: a type of file that no reader knows.
    NotAVolume: a 2D picture, a time series, colour.
    BadGeometry: NaN or singular affine, spacing that is zero or negative, sides longer than a person.
    TooLarge, TooSmall: outside ``ReadLimits``; checked before voxels are read.
    NotHounsfield: values that cannot be CT numbers.
"""

from __future__ import annotations

from segmentation.readers.limits import DEFAULT_LIMITS, ReadLimits
from segmentation.readers.read import Inspection, inspect, read_label_map, read_volume
from segmentation.readers.several_files import DETACHED_SUFFIXES, SUFFIXES

__all__ = [
    "DEFAULT_LIMITS",
    "DETACHED_SUFFIXES",
    "SUFFIXES",
    "Inspection",
    "ReadLimits",
    "inspect",
    "read_label_map",
    "read_volume",
]
