"""Limits of how large an image may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadLimits:
    """Limits that are checked against the header before any voxel is read.

    Attributes:
        max_voxels: Voxels in the image. The default holds a whole-body CT of 512 x 512 x 3072.
        max_bytes: Bytes of the voxels as stored, decompressed.
        min_extent_mm: Length that must be covered along every axis: less is no scan of a spine, whose vertebrae are
            about 27 mm high, but what is left of a series with gaps may be short.
        max_extent_mm: Longest believable side; more means that the file's unit is not the millimetre.
        process_bytes: Address space of the process that reads DICOM.
        process_s: Seconds that it may run.
        max_unpacked_bytes: Bytes that a zip may unpack to.
    """

    max_voxels: int = 512 * 512 * 3072
    max_bytes: int = 4 * 1024**3
    min_extent_mm: float = 10.0
    max_extent_mm: float = 3000.0
    process_bytes: int = 2 * 1024**3
    process_s: int = 600
    max_unpacked_bytes: int = 16 * 1024**3


DEFAULT_LIMITS = ReadLimits()
