"""Label maps as DICOM segmentation objects (PS3.3 A.51), written with highdicom."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import highdicom as hd
import numpy as np
from highdicom.seg import Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, RLELossless
from pydicom.valuerep import format_number_as_ds

from segmentation.core.errors import InputError
from segmentation.core.labels import Label, label_of
from segmentation.core.volume import LabelMap
from segmentation.writers.dicom.objects import refer_to_origin, with_unique_uids, write_object
from segmentation.writers.dicom.planes import as_planes
from segmentation.writers.dicom.sources import MANUFACTURER, Maker, Sources, unheard

Kind = Literal["binary", "fractional"]
KINDS: tuple[Kind, ...] = ("binary", "fractional")
_LEAST_KEPT = 0.5 / 255  # less is stored as zero
SERIES_NUMBER = 7001  # far from a scanner's own
_DESCRIPTION = "SpineView segmentation"


def write_dicom_seg(
    label_map: LabelMap,
    sources: Sources,
    path: Path,
    maker: Maker,
    probability: NDArray[np.float32] | None = None,
) -> None:
    """Write a DICOM SEG, which appears whole or not at all; see ``make_dicom_seg``."""
    with unheard():
        write_object(make_dicom_seg(label_map, sources, maker, probability), path)


def make_dicom_seg(
    label_map: LabelMap, sources: Sources, maker: Maker, probability: NDArray[np.float32] | None = None
) -> Segmentation:
    """Make a segmentation in the source's study and frame of reference that refers to every source instance.

    Segments are numbered from 1 in the order of their labels; each is named, coloured and coded by
    ``segmentation.core.labels``. Planes without a label are left out, as the standard allows.

    Args:
        label_map: (I, J, K) labels; at least one voxel must be set.
        sources: The CT that it lies on.
        maker: Named as algorithm, with its version.
        probability: (I, J, K) 0..1 on the same grid; the object is then FRACTIONAL. Only for one label.

    Raises:
        InputError: ``probability`` comes with several labels.
        ValueError: nothing is set.
    """
    present = label_map.present
    if not present:
        raise ValueError("an empty mask makes no segmentation object")
    if probability is not None and len(present) > 1:
        raise InputError("dicom_result.several_labels", count=len(present))
    values: NDArray[np.uint8] | NDArray[np.float32]
    if probability is None:
        numbers = np.zeros(256, dtype=np.uint8)
        numbers[present] = np.arange(1, len(present) + 1)
        values = numbers[label_map.labels]
    else:
        values = np.where(probability < _LEAST_KEPT, np.float32(0), probability)  # else no plane would be empty
    distinct, given = with_unique_uids(sources)
    planes = as_planes(values, label_map.grid, sources)
    segmentation = Segmentation(
        source_images=list(distinct.datasets),
        pixel_array=planes,
        segmentation_type="BINARY" if probability is None else "FRACTIONAL",
        segment_descriptions=[
            _segment(number, label_of(label, label_map.kind), _algorithm(maker))
            for number, label in enumerate(present, start=1)
        ],
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=maker.version,
        device_serial_number=maker.model_id or "none",
        content_description=_DESCRIPTION,
        content_creator_name=f"{MANUFACTURER}^",
        content_label="SPINE",
        series_description=_DESCRIPTION,
        # One bit a voxel needs no compression; a byte a voxel, nearly all of them zero, does.
        transfer_syntax_uid=ExplicitVRLittleEndian if probability is None else RLELossless,
    )
    segmentation["SoftwareVersions"].value = list(maker.versions)
    segmentation.ContentQualification = "RESEARCH"
    _set_spacing(segmentation, planes.spacing_between_slices)
    refer_to_origin(segmentation, sources, given)
    return segmentation


def _set_spacing(segmentation: Segmentation, spacing_mm: float) -> None:
    """Write the spacing of the planes' positions, where highdicom copies the tags of the source, which may be wrong."""
    measures = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = format_number_as_ds(spacing_mm)
    if not measures.get("SliceThickness"):
        measures.SliceThickness = measures.SpacingBetweenSlices


def _algorithm(maker: Maker) -> hd.AlgorithmIdentificationSequence | None:
    if not maker.model_id:
        return None
    return hd.AlgorithmIdentificationSequence(
        name=MANUFACTURER,
        family=codes.cid7162.ArtificialIntelligence,
        version=f"{maker.version} {maker.model_id}"[:64],
    )


def _segment(number: int, label: Label, algorithm: hd.AlgorithmIdentificationSequence | None) -> SegmentDescription:
    red, green, blue = label.rgb
    return SegmentDescription(
        segment_number=number,
        segment_label=label.name,
        segmented_property_category=codes.cid7150.AnatomicalStructure,
        segmented_property_type=Code(label.snomed, "SCT", label.meaning),
        algorithm_type="MANUAL" if algorithm is None else "AUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=hd.UID(),
        tracking_id=f"SpineView {label.name}",
        display_color=hd.color.CIELabColor.from_rgb(red, green, blue),
    )
