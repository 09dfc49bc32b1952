"""Headers of the CT that a result belongs to: what DICOM objects copy from it and refer to."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from segmentation.core.dicom_text import without_escapes
from segmentation.core.errors import InputError, UnreadableFile

# Both tell of attributes and their values; what a patient is called must never reach a log.
for _name in ("highdicom", "pydicom"):
    logging.getLogger(_name).setLevel(logging.ERROR)

MANUFACTURER = "SpineView"

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
           "Rows", "Columns")  # fmt: skip
# Type 2 of every image: must be there, may be empty. highdicom reads them without asking.
_MAY_BE_EMPTY = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
                 "StudyDate", "StudyTime", "ReferringPhysicianName")  # fmt: skip

# 1950-01-01 and 12:30:15 are how older editions and other programs write them.
_DATE = re.compile(r"(\d{4})[-./]?((?:0[1-9]|1[0-2]))[-./]?((?:0[1-9]|[12]\d|3[01]))")
_TIME = re.compile(r"((?:[01]\d|2[0-3])):?([0-5]\d)?:?([0-5]\d(?:\.\d{1,6})?)?")
_PATTERNS = {
    "PatientBirthDate": _DATE, "StudyDate": _DATE, "SeriesDate": _DATE, "ContentDate": _DATE, "AcquisitionDate": _DATE,
    "StudyTime": _TIME, "SeriesTime": _TIME, "ContentTime": _TIME, "AcquisitionTime": _TIME,
    "PatientSex": re.compile(r"(?:([MFO])|(M)ale|(F)emale|(O)ther)", re.IGNORECASE),
}  # fmt: skip
_SPACINGS = ("SpacingBetweenSlices", "SliceThickness")

_TEXTS = ("PN", "LO", "SH", "LT", "ST", "UC", "UT")  # which a character set is about


@dataclass(frozen=True)
class Maker:
    """The program, the model and the method that made a result.

    Attributes:
        version: Of the program.
        model_id: Name and hash of the weights; empty for what no model made.
    """

    version: str
    model_id: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """SoftwareVersions: the program's, and the model's where there is one."""
        return (self.version, self.model_id) if self.model_id else (self.version,)


@dataclass(frozen=True, eq=False)
class Sources:
    """One CT series without its pixels: single-frame images in order of position, or one multi-frame image."""

    datasets: tuple[Dataset, ...]

    @property
    def first(self) -> Dataset:
        """The instance whose patient, study and frame of reference stand for all."""
        return self.datasets[0]

    def orientation(self) -> NDArray[np.float64]:
        """(2, 3): unit vectors along a row and down a column, LPS."""
        return np.array(_orientation(self.first), dtype=np.float64).reshape(2, 3)


@contextmanager
def unheard() -> Iterator[None]:
    """Silence warnings of pydicom and highdicom: they quote values, and a value may be a patient's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_sources(paths: Sequence[Path]) -> Sources:
    """Read the headers of one series.

    Args:
        paths: Its files, in the order of their positions.

    Raises:
        UnreadableFile: a file is no DICOM image.
        InputError: no files, several series, or a series without frame of reference.
    """
    if not paths:
        raise InputError("dicom_result.no_series")
    datasets = tuple(_header(path) for path in paths)
    if len({dataset.SeriesInstanceUID for dataset in datasets}) > 1:
        raise InputError("dicom_result.several_series")
    for dataset in datasets:  # de-identifying programs give each image one of its own: the first stands for all
        dataset.FrameOfReferenceUID = datasets[0].FrameOfReferenceUID
    return Sources(datasets)


def _header(path: Path) -> Dataset:
    try:
        with unheard():
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except (InvalidDicomError, OSError, ValueError, EOFError) as error:
        raise UnreadableFile("dicom_result.unreadable", name=path.name) from error
    meta = getattr(dataset, "file_meta", None) or Dataset()
    for name in ("SOPClassUID", "SOPInstanceUID"):
        if not dataset.get(name) and meta.get(f"MediaStorage{name}"):
            setattr(dataset, name, meta[f"MediaStorage{name}"].value)
    missing = [name for name in _NEEDED if not dataset.get(name)]
    if missing:
        raise InputError("dicom_result.lacks", name=path.name, attribute=missing[0])
    for name in _MAY_BE_EMPTY:
        if name not in dataset:
            setattr(dataset, name, "")
    _encode_anew(dataset)
    _repair_values(dataset)
    return dataset


def _repair_values(dataset: Dataset) -> None:
    """Write dates, times and sexes as DICOM wants them; empty what is none, and spacings that are no number.

    highdicom copies them and would refuse the whole result.
    """
    for name, pattern in _PATTERNS.items():
        if dataset.get(name):
            found = pattern.fullmatch(str(dataset[name].value).strip())
            setattr(dataset, name, "".join(part for part in found.groups() if part).upper() if found else "")
    for name in _SPACINGS:
        try:
            number = float(dataset.get(name) or 0)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            del dataset[name]
    if "SliceThickness" not in dataset:  # may be empty, but highdicom wants it to be there
        dataset.SliceThickness = None


def _encode_anew(dataset: Dataset) -> None:
    """Decode all texts and have them written in UTF-8: writers and readers of results do not know every old set."""
    with unheard():
        dataset.decode()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for element in list(dataset):
        if element.VR in _TEXTS and element.value:
            texts = [without_escapes(str(text)) for text in (element.value if element.VM > 1 else [element.value])]
            dataset[element.tag] = DataElement(element.tag, element.VR, texts if len(texts) > 1 else texts[0])


def _orientation(dataset: Dataset) -> Sequence[float]:
    try:
        if "ImageOrientationPatient" in dataset:
            return [float(part) for part in dataset.ImageOrientationPatient]
        for groups in (dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence):
            if "PlaneOrientationSequence" in groups[0]:
                found = groups[0].PlaneOrientationSequence[0].ImageOrientationPatient
                return [float(part) for part in found]
    except (AttributeError, IndexError, TypeError, ValueError):
        pass
    raise InputError("dicom_result.no_orientation")
