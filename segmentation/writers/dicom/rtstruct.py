"""Label maps as RT structure sets (PS3.3 A.19): contours in the planes of the source images, for planning systems."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import highdicom as hd
import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RTStructureSetStorage

from segmentation.core.boxes import bounding_box
from segmentation.core.labels import Label, label_of
from segmentation.core.volume import LabelMap
from segmentation.writers.dicom.objects import distinct, new_object, refer_to_origin, reference_to, write_object
from segmentation.writers.dicom.planes import as_planes
from segmentation.writers.dicom.sources import Maker, Sources

SERIES_NUMBER = 7002
Points = NDArray[np.float64]
_SAME_PLANE_MM = 0.01
_STUDY_COMPONENT = "1.2.840.10008.3.1.2.3.1"  # retired, and what PS3.3 C.8.8.5 still has planning systems write


def write_rtstruct(label_map: LabelMap, sources: Sources, path: Path, maker: Maker) -> None:
    """Write an RT structure set, which appears whole or not at all; see ``make_rtstruct``."""
    write_object(make_rtstruct(label_map, sources, maker), path)


def make_rtstruct(label_map: LabelMap, sources: Sources, maker: Maker) -> Dataset:
    """Make a structure set with one region of interest a label.

    Regions are named, coloured and coded by ``segmentation.core.labels``.

    Contours run midway between voxel centres. Holes, such as the spinal canal, are joined to the outline around them
    by a channel of no width, there and back (the keyhole of PS3.3 C.8.8.6.3), which every reader understands.

    Raises:
        ValueError: nothing is set.
    """
    if not label_map.present:
        raise ValueError("an empty mask makes no structure set")
    dataset = new_object(RTStructureSetStorage, "RTSTRUCT", SERIES_NUMBER, sources, maker)
    dataset.SeriesDescription = dataset.StructureSetName = "SpineView structures"
    dataset.StructureSetLabel, dataset.OperatorsName = "SPINE", ""
    dataset.StructureSetDate, dataset.StructureSetTime = dataset.SeriesDate, dataset.SeriesTime
    dataset.FrameOfReferenceUID = sources.first.FrameOfReferenceUID
    dataset.PositionReferenceIndicator = ""
    dataset.ReferencedFrameOfReferenceSequence = Sequence([_frame_of_reference(sources)])
    planes = as_planes(label_map.labels, label_map.grid, sources)
    by_plane = _images_by_plane(planes, sources)
    regions, contours, observations = [], [], []
    for number, value in enumerate(label_map.present, start=1):
        label = label_of(value, label_map.kind)
        regions.append(_region(number, label, sources))
        contours.append(_contours(number, label, planes, value, by_plane))
        observations.append(_observation(number, label))
    dataset.StructureSetROISequence = Sequence(regions)
    dataset.ROIContourSequence = Sequence(contours)
    dataset.RTROIObservationsSequence = Sequence(observations)
    dataset.ApprovalStatus = "UNAPPROVED"
    refer_to_origin(dataset, sources)
    return dataset


def _frame_of_reference(sources: Sources) -> Dataset:
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = sources.first.SeriesInstanceUID
    series.ContourImageSequence = Sequence(distinct(reference_to(source) for source in sources.datasets))
    study.ReferencedSOPClassUID = _STUDY_COMPONENT
    study.ReferencedSOPInstanceUID = sources.first.StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame.FrameOfReferenceUID = sources.first.FrameOfReferenceUID
    frame.RTReferencedStudySequence = Sequence([study])
    return frame


def _region(number: int, label: Label, sources: Sources) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = number, label.name
    item.ReferencedFrameOfReferenceUID = sources.first.FrameOfReferenceUID
    item.ROIGenerationAlgorithm = "AUTOMATIC"
    return item


def _observation(number: int, label: Label) -> Dataset:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = label.snomed, "SCT", label.meaning
    item.ObservationNumber = item.ReferencedROINumber = number
    item.RTROIIdentificationCodeSequence = Sequence([code])
    item.RTROIInterpretedType, item.ROIInterpreter = "ORGAN", ""
    return item


def _contours(number: int, label: Label, planes: hd.Volume, value: int, by_plane: dict[int, Dataset]) -> Dataset:
    items = []
    for plane, line in _lines(planes.array == value):
        item = Dataset()
        if plane in by_plane:
            item.ContourImageSequence = Sequence([reference_to(by_plane[plane])])
        index = np.column_stack([np.full(len(line), float(plane)), line[:, 1], line[:, 0]])
        item.ContourGeometricType = "CLOSED_PLANAR"
        item.NumberOfContourPoints = len(line)
        item.ContourData = [f"{mm:.4f}" for mm in planes.map_indices_to_reference(index).ravel()]
        items.append(item)
    region = Dataset()
    region.ReferencedROINumber, region.ROIDisplayColor = number, list(label.rgb)
    region.ContourSequence = Sequence(items)
    return region


def _lines(mask: NDArray[np.bool_]) -> Iterator[tuple[int, Points]]:
    """Trace each piece in each plane.

    Yields the plane, and a closed line of (N, 2) columns and rows, its first point not repeated.
    """
    box = bounding_box(mask)
    if box is None:
        return
    inside = mask[box]  # a vertebra is a small part of the picture
    corner = np.array([box[2].start, box[1].start]) - 1.0
    for plane in np.flatnonzero(inside.any(axis=(1, 2))):
        padded = np.pad(inside[plane], 1).astype(np.float64)  # so that a line at the border closes too
        pieces = contour_generator(z=padded, fill_type="OuterOffset").filled(0.5, np.inf)
        for points, offsets in zip(*pieces, strict=True):
            rings = [np.asarray(points[a : b - 1], dtype=np.float64) + corner for a, b in pairwise(offsets)]
            yield box[0].start + int(plane), _keyholed(rings[0], rings[1:])


def _keyholed(outline: Points, holes: list[Points]) -> Points:
    """Join an outline and its holes into one line, from and to each hole where the two come closest."""
    for hole in holes:
        distances = np.linalg.norm(outline[:, None] - hole[None], axis=2)
        here, there = np.unravel_index(distances.argmin(), distances.shape)
        around = np.roll(hole, -there, axis=0)
        outline = np.concatenate([outline[: here + 1], around, around[:1], outline[here:]])
    return outline


def _images_by_plane(planes: hd.Volume, sources: Sources) -> dict[int, Dataset]:
    """Find the single-frame source image, if there is one, that lies in each plane."""
    found = {}
    for source in sources.datasets:
        if "ImagePositionPatient" in source:
            position = np.array([[float(part) for part in source.ImagePositionPatient]])
            [index] = planes.map_reference_to_indices(position)
            plane = round(float(index[0]))
            if abs(float(index[0]) - plane) * planes.spacing[0] < _SAME_PLANE_MM:
                found[plane] = source
    return found
