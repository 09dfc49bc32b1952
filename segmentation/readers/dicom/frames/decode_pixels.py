"""Decode stored pixels to Hounsfield units, frame by frame. Runs only in the limited process of sandbox.py."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels, pixel_array
from pydicom.uid import UID

from segmentation.core.errors import NotHounsfield, UnreadableFile, UnsupportedFormat
from segmentation.core.hounsfield import AIR_HU
from segmentation.core.messages import Message
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.headers import HEADER_ERRORS

# OpenJPEG reports a damaged stream as an error, where GDCM may end the process.
_BY_OPENJPEG = {*pydicom.uid.JPEG2000TransferSyntaxes}
_LARGE_BYTES = 64 << 20  # a file above is decoded from the disk, frame by frame
_INT16 = np.iinfo(np.int16)
_DECODING_ERRORS = (*HEADER_ERRORS, RuntimeError, SystemError)
logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote headers, which hold names

Picture = NDArray[Any]  # (rows, columns) of int16 or float32


def read_hu(path: Path, frames: Sequence[Frame], integer_hu: bool, name: Message) -> Iterator[tuple[Frame, Picture]]:
    """Decode ``frames``, all of ``path``, in the order in which they lie there.

    Yields:
        Each frame with its (rows, columns) HU: int16 if ``integer_hu``, else float32.

    Raises:
        UnreadableFile, UnsupportedFormat, NotHounsfield: the message calls the series ``name``.
    """
    wanted = sorted(frames, key=lambda frame: frame.index)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for frame, stored in zip(wanted, _stored(path, wanted), strict=True):
                yield frame, to_hu(stored, frame, integer_hu, name)
    except NotImplementedError as error:
        raise unsupported(UID(wanted[0].transfer_syntax), name) from error
    except _DECODING_ERRORS as error:
        raise UnreadableFile("dicom.image_damaged", name=name) from error


def unsupported(syntax: UID, name: Message) -> UnsupportedFormat:
    """Make the error that no decoder here knows how the images of the series ``name`` are compressed."""
    kind = syntax.name if syntax.is_transfer_syntax else Message("dicom.unknown_transfer_syntax")
    return UnsupportedFormat("dicom.unknown_compression", name=name, compression=kind)


def _stored(path: Path, wanted: Sequence[Frame]) -> Iterator[NDArray[Any]]:
    first = wanted[0]
    syntax = UID(first.transfer_syntax)
    if not syntax.is_transfer_syntax or not _has_decoder(syntax, first):
        raise NotImplementedError
    whole = first.bits_allocated in (16, 32) or first.floating
    if first.pixels_at and syntax.is_little_endian and first.samples == 1 and whole:
        return _as_they_lie(path, wanted)
    indices = [frame.index for frame in wanted]
    how: dict[str, Any] = {"raw": True, "decoding_plugin": "pylibjpeg" if syntax in _BY_OPENJPEG else ""}
    if _shift(first):
        how["correct_unused_bits"] = False  # which would cut off the upper bits
    singly = first.bits_stored < first.bits_allocated and (
        (first.signed and syntax in pydicom.uid.JPEGLSTransferSyntaxes) or (first.of == 1 and syntax in _BY_OPENJPEG)
    )
    if not singly and first.preamble and not syntax.is_deflated and path.stat().st_size > _LARGE_BYTES:
        return iter_pixels(path, indices=_or_all(path, indices), **how)
    dataset = pydicom.dcmread(path, force=True)
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    if singly:  # pydicom corrects the sign of these in place, where its iterator gives an array that is read-only
        return (pixel_array(dataset, index=index, **how) for index in indices)
    if indices == list(range(int(dataset.get("NumberOfFrames", 1) or 1))):
        return iter_pixels(dataset, **how)
    return iter_pixels(dataset, indices=indices, **how)


def _as_they_lie(path: Path, wanted: Sequence[Frame]) -> Iterator[NDArray[Any]]:
    """Read pixels that are not compressed from their place in the file; unused bits above them are cleared."""
    for frame in wanted:
        letter = "f" if frame.floating else "i" if frame.signed else "u"
        kind = np.dtype(f"<{letter}{frame.bits_allocated // 8}")
        count = frame.rows * frame.columns
        stored = np.fromfile(path, kind, count, offset=frame.pixels_at + frame.index * count * kind.itemsize)
        unused = 0 if _shift(frame) or frame.floating else frame.bits_allocated - frame.bits_stored
        stored = (stored << unused) >> unused if unused else stored
        yield stored.reshape(frame.rows, frame.columns)


def _has_decoder(syntax: UID, frame: Frame) -> bool:
    """Tell whether the images can be decoded; of JPEG Extended, GDCM decodes 8 bits alone. Raises for unknown UIDs."""
    twelve = syntax == pydicom.uid.JPEGExtended12Bit and frame.bits_stored > 8
    return not syntax.is_encapsulated or (get_decoder(syntax).is_available and not twelve)


def _or_all(path: Path, indices: list[int]) -> list[int] | None:
    """Return None for all frames: compressed ones are then found in one pass instead of one each."""
    header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["NumberOfFrames"])
    return None if indices == list(range(int(header.get("NumberOfFrames", 1) or 1))) else indices


def to_hu(stored: NDArray[Any], frame: Frame, integer_hu: bool, name: Message) -> Picture:
    """Convert stored values of one frame to HU; padding becomes air.

    Raises:
        UnreadableFile: the picture has another size than the header says.
        UnsupportedFormat: bits lie where they cannot be told from others.
        NotHounsfield: values beyond what any scanner writes.
    """
    if stored.shape != (frame.rows, frame.columns):
        raise UnreadableFile("dicom.image_size", name=name)
    stored = _aligned(stored, frame, name)
    if not integer_hu:
        hu: NDArray[Any] = stored.astype(np.float32) * np.float32(frame.slope) + np.float32(frame.inter)
    else:
        most = (abs(int(frame.slope)) << frame.bits_allocated) + abs(int(frame.inter))
        hu = stored.astype(np.int32 if most < 1 << 31 else np.int64)
        hu *= int(frame.slope)
        hu += int(frame.inter)
    if frame.outside is not None:
        low, high = frame.outside
        hu[(stored >= low) & (stored <= high)] = AIR_HU
    known = hu[np.isfinite(hu)] if frame.floating else hu  # what is no number is told of the whole volume
    lowest, highest = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if not (_INT16.min <= lowest and highest <= _INT16.max):
        raise NotHounsfield("dicom.beyond_scanner", name=name, low=lowest, high=highest)
    return hu.astype(np.int16 if integer_hu else np.float32, copy=False)


def _shift(frame: Frame) -> int:
    """Return by how many bits the values lie above the lowest one; more than 0 only in files of old editions."""
    return max(0, frame.high_bit + 1 - frame.bits_stored)


def _aligned(stored: NDArray[Any], frame: Frame, name: Message) -> NDArray[Any]:
    """Move values that lie at the upper end of their words (HighBit above BitsStored - 1) to the lower end.

    Raises:
        UnsupportedFormat: bits beyond the word or below the value, or compressed: then nobody can tell what is right.
    """
    shift = _shift(frame)
    if not shift or frame.floating:
        return stored
    syntax = UID(frame.transfer_syntax)
    as_they_came = not syntax.is_encapsulated or syntax == pydicom.uid.RLELossless
    if frame.high_bit >= frame.bits_allocated or not as_they_came or (stored & ((1 << shift) - 1)).any():
        raise UnsupportedFormat(
            "dicom.odd_bits", name=name, high=frame.high_bit, stored=frame.bits_stored, allocated=frame.bits_allocated
        )
    above = frame.bits_allocated - frame.high_bit - 1  # unused bits there, which may hold anything
    return (stored << above) >> (above + shift)
