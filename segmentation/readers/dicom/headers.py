"""Read DICOM headers into ``Frame`` values: classic, enhanced, legacy converted; with preamble or without."""

from __future__ import annotations

import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from segmentation.core.dicom_text import without_escapes
from segmentation.readers.dicom.frames.frame import Frame, Triple

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
# What a hostile or sloppy header makes pydicom raise; memory runs out where a length is a lie, or a stream a bomb.
HEADER_ERRORS = (
    pydicom.errors.InvalidDicomError, pydicom.errors.BytesLengthException,
    OSError, EOFError, ValueError, TypeError, AttributeError, KeyError, IndexError,
    NotImplementedError, OverflowError, LookupError, RecursionError, zlib.error, ArithmeticError, AssertionError,
    struct.error, MemoryError,
)  # fmt: skip
_PREAMBLE = 128
_TEXT_LENGTH = 64
_TAIL = 1 << 20
_DELIMITER = b"\xfe\xff\xdd\xe0"  # ends the items of compressed pixels
_UNDEFINED = 0xFFFFFFFF
_FLOATING = (0x0008, 0x0009)  # elements of group 7FE0: FloatPixelData and DoubleFloatPixelData
_WITH_LOSS = (pydicom.uid.JPEGBaseline8Bit, pydicom.uid.JPEGExtended12Bit, pydicom.uid.JPEGLSNearLossless)
_TIME = re.compile(r"(?:\d{8}(?=\d{2}))?(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d*)?)?(?:[+-]\d{4})?")
_TRIGGERS = (
    ("NominalPercentageOfCardiacPhase", "NominalPercentageOfRespiratoryPhase"),
    ("TriggerTime", "NominalCardiacTriggerDelayTime", "ActualCardiacTriggerDelayTime"),
)
_NO_TEXTS = {"SQ", "UI", "OB", "OW", "OF", "OD", "OL", "OV", "UN"}
_MAX_FRAMES = 20_000
_MAX_SIDE = 1 << 14


class NotDicom(Exception):
    """Error: the file is no DICOM file."""


class Damaged(Exception):
    """Error: the file is a DICOM file that is cut short or cannot be understood."""


def read_frames(path: Path) -> list[Frame]:
    """Read every frame of a file; one without a picture (``rows`` 0) of a report, a plan or a segmentation's list.

    Raises:
        NotDicom: it is something else, or a DICOMDIR.
        Damaged: it is truncated, or its header makes no sense.
    """
    with path.open("rb") as file:
        preamble = _looks_like_dicom(file)
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, force=not preamble)
            if str(_get(_meta(dataset), "MediaStorageSOPClassUID", "")) == pydicom.uid.MediaStorageDirectoryStorage:
                raise NotDicom
            if not _is_instance(dataset):
                raise NotDicom if not preamble else Damaged
            frames = list(_frames(path, dataset, preamble))
            if frames and frames[0].rows:
                start, floating = _start_of_pixels(file, frames)
                if start or floating:
                    frames = [replace(frame, pixels_at=start, floating=floating) for frame in frames]
        except HEADER_ERRORS as error:
            raise Damaged from error
    return frames


def texts_of(path: Path) -> dict[int, str]:
    """Read the values of a header's own elements as texts, by tag, without sequences, UIDs and what is binary."""
    found: dict[int, str] = {}
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for tag in list(dataset.keys()):
            try:
                element = dataset[tag]
                if element.VR not in _NO_TEXTS:
                    found[int(tag)] = str(element.value)[:_TEXT_LENGTH]
            except HEADER_ERRORS:
                continue
    except HEADER_ERRORS:
        pass
    return found


def _is_instance(dataset: Dataset) -> bool:
    """Tell whether the header is one of an image or another object, whichever one of its UIDs it may lack."""
    if "SOPClassUID" in dataset and "SeriesInstanceUID" in dataset:
        return True
    known = "SOPClassUID" in dataset or "MediaStorageSOPClassUID" in _meta(dataset) or "SeriesInstanceUID" in dataset
    return known and "Modality" in dataset and "Rows" in dataset


def _looks_like_dicom(file: IO[bytes]) -> bool:
    """Return True with a preamble, False without but with the first bytes of a data set."""
    start = file.read(_PREAMBLE + 4)
    file.seek(0)
    if start[_PREAMBLE:] == b"DICM":
        return True
    if start[:4] in (b"\x02\x00\x00\x00", b"\x02\x00\x01\x00", b"\x02\x00\x02\x00", b"\x02\x00\x10\x00"):
        return False
    if start[:2] == b"\x08\x00" and start[3:4] == b"\x00":
        return False
    raise NotDicom


def _start_of_pixels(file: IO[bytes], frames: list[Frame]) -> tuple[int, bool]:
    """Return where the pixels begin in the file, 0 if they are compressed, and whether they are floating point numbers.

    Raises:
        Damaged: the pixels that the header promises cannot all be there.
    """
    first = frames[0]
    syntax = UID(first.transfer_syntax)
    if not syntax.is_transfer_syntax or syntax.is_deflated:  # a private one is refused when it is decoded
        return 0, False
    start = file.tell()
    head = file.read(12)
    explicit = head[4:6] in (b"OW", b"OB", b"UN", b"OF", b"OD")
    order: Literal["little", "big"] = "little" if syntax.is_little_endian else "big"
    floating = int.from_bytes(head[2:4], order) in _FLOATING and first.bits_allocated in (32, 64)
    length = int.from_bytes(head[8:12] if explicit else head[4:8], order)
    inside = start + (12 if explicit else 8)
    size = file.seek(0, 2)
    if not syntax.is_compressed:
        promised = len(frames) * first.rows * first.columns * first.samples * first.bits_allocated // 8
        if not promised <= length <= size - inside:
            raise Damaged
        return inside, floating
    if length != _UNDEFINED:  # compressed pixels are a sequence of items
        raise Damaged
    file.seek(max(inside, size - _TAIL))
    if _DELIMITER not in file.read():
        file.seek(inside)
        if _DELIMITER not in file.read():
            raise Damaged
    return 0, False


def _frames(path: Path, dataset: Dataset, preamble: bool) -> Iterable[Frame]:
    shared = _first(_get(dataset, "SharedFunctionalGroupsSequence", None))
    each = _get(dataset, "PerFrameFunctionalGroupsSequence", None) or []
    count = int(_get(dataset, "NumberOfFrames", 1) or 1)
    if not 1 <= count <= _MAX_FRAMES:
        raise Damaged
    common = _common(path, dataset, preamble)
    if count == 1 and not each:
        yield Frame(index=0, of=1, **common, **_placed([dataset]), **_valued([dataset]))
        return
    for index in range(count):
        own = each[index] if index < len(each) else Dataset()
        groups = [*_groups(own), *_groups(shared), dataset]
        yield Frame(index=index, of=count, **common, **_placed(groups), **_valued(groups))


def _groups(dataset: Dataset | None) -> list[Dataset]:
    """Return the first item of each functional group."""
    if dataset is None:
        return []
    items = [_first(element.value) for element in dataset if element.VR == "SQ"]
    return [item for item in items if item is not None]


def _common(path: Path, dataset: Dataset, preamble: bool) -> dict[str, Any]:
    """Read what all frames of a file share."""
    rows, columns = (int(_get(dataset, name, 0) or 0) for name in ("Rows", "Columns"))
    if not (0 <= rows <= _MAX_SIDE and 0 <= columns <= _MAX_SIDE):
        raise Damaged
    allocated = int(_get(dataset, "BitsAllocated", 16) or 16)
    stored = int(_get(dataset, "BitsStored", allocated) or allocated)
    high_bit = _get(dataset, "HighBit", None)
    high_bit = stored - 1 if high_bit is None else int(high_bit)
    photometric = _text(dataset, "PhotometricInterpretation")
    syntax = str(_get(_meta(dataset), "TransferSyntaxUID", "") or _guessed_syntax(dataset))
    return {
        "path": path,
        "sop_uid": _text(dataset, "SOPInstanceUID") or _text(_meta(dataset), "MediaStorageSOPInstanceUID"),
        "series_uid": _text(dataset, "SeriesInstanceUID"),
        "study_uid": _text(dataset, "StudyInstanceUID"),
        "patient": _patient(dataset),
        "frame_of_reference": _text(dataset, "FrameOfReferenceUID"),
        "sop_class": _text(dataset, "SOPClassUID") or _text(_meta(dataset), "MediaStorageSOPClassUID"),
        "transfer_syntax": syntax,
        "modality": _text(dataset, "Modality").upper(),
        "rows": rows if columns else 0,
        "columns": columns if rows else 0,
        "samples": int(_get(dataset, "SamplesPerPixel", 1) or 1),
        "bits_allocated": allocated,
        "bits_stored": stored,
        "high_bit": high_bit,
        "signed": int(_get(dataset, "PixelRepresentation", 0) or 0) == 1,
        "padding": _padding(dataset),
        "inverted": photometric == "MONOCHROME1",
        "palette": photometric == "PALETTE COLOR",
        "instance_number": _whole(dataset, "InstanceNumber"),
        "series_number": _whole(dataset, "SeriesNumber"),
        "description": _text(dataset, "SeriesDescription"),
        "body_part": _text(dataset, "BodyPartExamined"),
        "protocol": _text(dataset, "ProtocolName"),
        "burned_in": _text(dataset, "BurnedInAnnotation").upper() == "YES",
        "lossy": _text(dataset, "LossyImageCompression") == "01" or syntax in _WITH_LOSS,
        "preamble": preamble,
    }


def _patient(dataset: Dataset) -> tuple[str, str, str]:
    """Read PatientID, name and birth date; of the name only letters and digits, for its separators are often lost."""
    name = without_escapes(str(_get(dataset, "PatientName", "") or ""))
    name = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(char for char in name if char.isalnum())
    return _text(dataset, "PatientID"), letters[:_TEXT_LENGTH], _text(dataset, "PatientBirthDate")


def _placed(groups: list[Dataset]) -> dict[str, Any]:
    """Read where the frame lies; None for what is missing or impossible."""
    orientation = _numbers(groups, "ImageOrientationPatient", 6)
    row, column = (None, None) if orientation is None else (_unit(orientation[:3]), _unit(orientation[3:]))
    if row is None or column is None or abs(float(np.dot(row, column))) > 0.01:
        row = column = None
    else:  # as GDCM does with what was rounded: pictures have right angles
        row = _unit(tuple(np.subtract(row, np.dot(row, column) * np.array(column)).tolist()))
    spacing = _numbers(groups, "PixelSpacing", 2)
    if spacing is not None and min(spacing) <= 0:
        spacing = None
    return {
        "spacing_mm": spacing,
        "position_mm": _numbers(groups, "ImagePositionPatient", 3),
        "row_axis": row,
        "column_axis": column,
    }


def _valued(groups: list[Dataset]) -> dict[str, Any]:
    """Read how the frame's values are to be converted, and what tells it from its neighbours."""
    slope = _numbers(groups, "RescaleSlope", 1)
    inter = _numbers(groups, "RescaleIntercept", 1)
    kinds = _look_up(groups, "FrameType") or _look_up(groups, "ImageType") or ()
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return {
        "slope": 1.0 if slope is None or slope[0] == 0 else slope[0],
        "inter": 0.0 if inter is None else inter[0],
        "unit": clean(str(_look_up(groups, "RescaleType") or "")).upper(),
        "convertible": not (
            _unreadable(groups, "RescaleSlope", slope) or _unreadable(groups, "RescaleIntercept", inter)
        )
        and not (slope is None and _look_up(groups, "ModalityLUTSequence")),
        "image_type": tuple(clean(str(kind)).upper() for kind in list(kinds)[:8]),
        "acquisition": clean(str(_look_up(groups, "FrameAcquisitionNumber", "AcquisitionNumber") or "")),
        "stack": clean(str(_look_up(groups, "StackID") or "")),
        "temporal": clean(str(_look_up(groups, "TemporalPositionIndex", "TemporalPositionIdentifier") or "")),
        "kernel": _kernel(_look_up(groups, "ConvolutionKernel")),
        "trigger": " ".join(clean(str(_look_up(groups, *keywords) or "")) for keywords in _TRIGGERS).strip(),
        "scan_options": _kernel(_look_up(groups, "ScanOptions")),
        "kvp": clean(str(_look_up(groups, "KVP") or "")),
        "acquired": _seconds(_look_up(groups, "FrameAcquisitionDateTime", "AcquisitionTime", "AcquisitionDateTime")),
        "made": _seconds(_look_up(groups, "ContentTime")),
    }


def _seconds(value: Any) -> float:
    """Convert a time, or the time of a date with one, to seconds of the day; -1 of anything else."""
    match = _TIME.fullmatch(str(value or "").strip())
    if match is None:
        return -1.0
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _kernel(value: Any) -> str:
    """Join several values (Siemens writes the strength of its iterative reconstruction as a second) in one text."""
    return clean(value if isinstance(value, str) else " ".join(map(str, value or ())))


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    value, limit = _get(dataset, "PixelPaddingValue", None), _get(dataset, "PixelPaddingRangeLimit", None)
    if not isinstance(value, int):
        return None
    limit = limit if isinstance(limit, int) else value
    return (min(value, limit), max(value, limit))


def _guessed_syntax(dataset: Dataset) -> str:
    """Return the transfer syntax that pydicom found out by looking, where the file does not say."""
    implicit, little = dataset.original_encoding
    if implicit:
        return str(pydicom.uid.ImplicitVRLittleEndian)
    return str(pydicom.uid.ExplicitVRLittleEndian if little in (True, None) else pydicom.uid.ExplicitVRBigEndian)


def _meta(dataset: Dataset) -> Dataset:
    return getattr(dataset, "file_meta", None) or Dataset()


def clean(text: str) -> str:
    """Make a header's text safe to carry: printable, on one line, short. It stays hostile: escape it."""
    return "".join(char for char in without_escapes(text) if char.isprintable()).strip()[:_TEXT_LENGTH]


def _text(dataset: Dataset, keyword: str) -> str:
    value = _get(dataset, keyword, "")
    return clean(str(value)) if value is not None else ""


def _whole(dataset: Dataset, keyword: str) -> int:
    try:
        return int(_get(dataset, keyword, 0) or 0)
    except (TypeError, ValueError):
        return 0


def _numbers(groups: list[Dataset], keyword: str, count: int) -> Any:
    """Read so many finite numbers, or None."""
    value = _look_up(groups, keyword)
    try:
        numbers = tuple(float(v) for v in ([value] if count == 1 else value))
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _unreadable(groups: list[Dataset], keyword: str, value: Any) -> bool:
    """Tell whether an element is there and not empty, but no number was read from it."""
    if value is not None:
        return False
    for group in groups:
        try:
            if _tag(keyword) in group and group[_tag(keyword)].value not in (None, ""):
                return True
        except HEADER_ERRORS:
            return True
    return False


def _unit(vector: tuple[float, ...]) -> Triple | None:
    length = math.sqrt(sum(x * x for x in vector))
    if not 0.9 < length < 1.1:
        return None
    x, y, z = (value / length for value in vector)
    return (x, y, z)


def _look_up(groups: list[Dataset], *keywords: str) -> Any:
    for group in groups:
        for keyword in keywords:
            value = _get(group, keyword, None)
            if value is not None and value != "":
                return value
    return None


def _first(sequence: Any) -> Dataset | None:
    return sequence[0] if isinstance(sequence, pydicom.Sequence) and len(sequence) else None


@cache
def _tag(keyword: str) -> BaseTag:
    """Return the tag of a keyword, which takes longer to find than the element: each file is asked 60 times."""
    return Tag(keyword)


def _get(dataset: Dataset, keyword: str, default: Any) -> Any:
    """Read a value, or the default where the element is missing or cannot be decoded."""
    tag = _tag(keyword)
    try:
        return dataset[tag].value if tag in dataset else default
    except HEADER_ERRORS:
        return default
