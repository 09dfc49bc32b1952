"""Extract frames of a multi-frame image into an image of their own, which names the one that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, generate_uid

from segmentation.readers.dicom.frames.frame import PIXELS

# They speak of the frames as they were.
_STALE = (
    "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "ConcatenationUID", "SOPInstanceUIDOfConcatenationSource",
    "InConcatenationNumber", "InConcatenationTotalNumber", "ConcatenationFrameOffsetNumber",
)  # fmt: skip


def extract_frames(dataset: Dataset, indices: Sequence[int], syntax: UID) -> None:
    """Leave only the frames ``indices`` (from 0, ascending) in a multi-frame image with its pixels, in place.

    The new instance has a UID of its own, the same for the same frames, and a Frame Extraction Sequence (PS3.3
    C.12.3) with the original's UID and frame numbers, so that results can refer to these.
    """
    pixels = next(dataset[keyword] for keyword in PIXELS if keyword in dataset)
    native = not syntax.is_encapsulated
    pixels.value = _native(dataset, pixels.value, indices) if native else _encapsulated(dataset, indices)
    each = dataset.get("PerFrameFunctionalGroupsSequence")
    if each is not None:
        dataset.PerFrameFunctionalGroupsSequence = [each[index] for index in indices if index < len(each)]
    origin = Dataset()
    origin.MultiFrameSourceSOPInstanceUID = dataset.SOPInstanceUID
    origin.SimpleFrameList = [index + 1 for index in indices]
    for keyword in _STALE:
        if keyword in dataset:
            del dataset[keyword]
    dataset.FrameExtractionSequence = [origin]
    dataset.NumberOfFrames = len(indices)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(dataset.SOPInstanceUID), *map(str, indices)])


def _encapsulated(dataset: Dataset, indices: Sequence[int]) -> bytes:
    table: Any = dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths")
    frames = list(
        generate_frames(
            dataset.PixelData,
            number_of_frames=int(dataset.NumberOfFrames),
            extended_offsets=table if None not in table else None,
        )
    )
    return encapsulate([frames[index] for index in indices])


def _native(dataset: Dataset, pixels: bytes, indices: Sequence[int]) -> bytes:
    size = dataset.Rows * dataset.Columns * int(dataset.get("SamplesPerPixel", 1)) * dataset.BitsAllocated // 8
    data = b"".join(pixels[index * size : (index + 1) * size] for index in indices)
    return data + bytes(len(data) % 2)
