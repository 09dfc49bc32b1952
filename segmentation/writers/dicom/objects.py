"""Attributes that all written DICOM objects share: patient, study, series and equipment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from segmentation.core.atomic import atomic_path
from segmentation.writers.dicom.sources import MANUFACTURER, Maker, Sources

# Of PS3.3's modules Patient, General Study and Frame of Reference, and that identities were removed (SOP Common).
_COPIED = ("SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
           "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence", "StudyInstanceUID",
           "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
           "ReferringPhysicianName")  # fmt: skip

_NONE: Mapping[UID, UID] = MappingProxyType({})


def new_object(sop_class: UID, modality: str, number: int, sources: Sources, maker: Maker) -> Dataset:
    """Make an object of a new series in the study of ``sources``: patient, study, series and equipment filled in."""
    dataset, first, now = Dataset(), sources.first, datetime.now()
    for name in _COPIED:
        if name in first:
            dataset[name] = first[name]
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.Modality = generate_uid(), number, modality
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    dataset.SeriesDate, dataset.SeriesTime = dataset.InstanceCreationDate, dataset.InstanceCreationTime
    dataset.InstanceNumber = 1
    dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
    dataset.DeviceSerialNumber = maker.model_id or "none"
    dataset.SoftwareVersions = list(maker.versions)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def reference_to(source: Dataset) -> Dataset:
    """Make the item of a sequence that refers to an instance."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    return item


def distinct(references: Iterable[Dataset]) -> list[Dataset]:
    """Leave out references, or instances, whose UID came before: images may share one, by a mistake of their writer."""
    first: dict[UID, Dataset] = {}
    for each in references:
        first.setdefault(each.get("ReferencedSOPInstanceUID") or each.SOPInstanceUID, each)
    return list(first.values())


def refer_to_origin(dataset: Dataset, sources: Sources, given: Mapping[UID, UID] = _NONE) -> None:
    """Replace references to an image that was cut out of a larger multi-frame image by references to that one.

    References by the UIDs ``given`` by ``with_unique_uids`` become references by those that the images have, each once.
    """
    if given:
        for element in dataset.iterall():
            if element.keyword == "ReferencedSOPInstanceUID":
                element.value = given.get(element.value, element.value)
        for series in dataset.get("ReferencedSeriesSequence") or ():
            series.ReferencedInstanceSequence = distinct(series.ReferencedInstanceSequence)
    origins = {}
    for source in sources.datasets:
        for item in source.get("FrameExtractionSequence") or ():
            origins[source.SOPInstanceUID] = item
    if origins:
        _exchange(dataset, origins)


def with_unique_uids(sources: Sources) -> tuple[Sources, dict[UID, UID]]:
    """Give images that share a SOPInstanceUID, a mistake of their writer, UIDs of their own.

    highdicom finds an image's place by its UID, and would put a plane where another image lies.

    Returns:
        The sources, and the UID of each image that got a new one.
    """
    uids = [source.SOPInstanceUID for source in sources.datasets]
    if len(set(uids)) == len(uids):
        return sources, {}
    datasets, given = [], {}
    for source in sources.datasets:
        own = deepcopy(source)  # a shallow copy shares all elements: a new value would be the source's, too
        own.SOPInstanceUID = generate_uid()
        given[own.SOPInstanceUID] = source.SOPInstanceUID
        datasets.append(own)
    return Sources(tuple(datasets)), given


def _exchange(dataset: Dataset, origins: dict[UID, Dataset]) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _exchange(item, origins)
    origin = origins.get(dataset.get("ReferencedSOPInstanceUID"))
    if origin is None:
        return
    dataset.ReferencedSOPInstanceUID = origin.MultiFrameSourceSOPInstanceUID
    if "ReferencedFrameNumber" in dataset:
        numbers = _several(dataset.ReferencedFrameNumber)
        frames = _several(origin.SimpleFrameList)
        dataset.ReferencedFrameNumber = [frames[number - 1] for number in numbers]


def _several(value: Any) -> list[int]:
    return [int(each) for each in (value if isinstance(value, MultiValue | list) else [value])]


def write_object(dataset: Dataset, path: Path) -> None:
    """Write a DICOM file, which appears whole or not at all."""
    with atomic_path(path) as partial:
        dataset.save_as(partial, enforce_file_format=True)
