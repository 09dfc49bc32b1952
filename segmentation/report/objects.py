"""The report as DICOM: the PDF encapsulated, and the measures as a structured report (TID 1500)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import highdicom as hd
from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import EncapsulatedPDFStorage

from segmentation.core.labels import label_of
from segmentation.core.volume import LabelMap
from segmentation.morphometry.results import Quantity, SpineMeasures, VertebraMeasures
from segmentation.morphometry.table import rows, unit_of
from segmentation.writers.dicom import Maker, Sources
from segmentation.writers.dicom.objects import distinct, new_object, refer_to_origin, write_object
from segmentation.writers.dicom.seg import make_dicom_seg
from segmentation.writers.dicom.sources import MANUFACTURER, unheard

PDF_SERIES, SR_SERIES = 7004, 7005
SCHEME = "99SPINEVIEW"
MOST_DESCRIPTION = 64  # characters of a series' description
Group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations | sr.MeasurementsAndQualitativeEvaluations
Report = TypeVar("Report", sr.ComprehensiveSR, sr.Comprehensive3DSR)
_UNITS = {
    "mm": codes.UCUM.Millimeter,
    "mm2": codes.UCUM.SquareMillimeter,
    "degree": codes.UCUM.Degree,
    "HU": codes.UCUM.HounsfieldUnit,
    "ml": Code("ml", "UCUM", "milliliter"),
    "1": codes.UCUM.NoUnits,
    "%": codes.UCUM.Percent,
}
_STANDARD: dict[str, Code] = {"volume_ml": Code("118565006", "SCT", "Volume")}


def write_encapsulated_pdf(pdf: bytes, sources: Sources, path: Path, maker: Maker, title: str) -> None:
    """Write a PDF into the study of ``sources`` (PS3.3 A.45.1); the file appears whole or not at all."""
    dataset = new_object(EncapsulatedPDFStorage, "DOC", PDF_SERIES, sources, maker)
    dataset.SeriesDescription = "SpineView report"
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "YES"
    dataset.ContentDate, dataset.ContentTime = dataset.InstanceCreationDate, dataset.InstanceCreationTime
    dataset.AcquisitionDateTime = ""
    dataset.DocumentTitle = title
    dataset.ConceptNameCodeSequence = []
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + bytes(len(pdf) % 2)
    write_object(dataset, path)


def write_structured_report(
    label_map: LabelMap, measures: SpineMeasures, sources: Sources, paths: tuple[Path, Path], maker: Maker
) -> None:
    """Write a segmentation object of the vertebrae, and a structured report whose measures refer to its segments.

    Args:
        label_map: On the grid of the series.
        measures: Of it.
        sources: The CT's series.
        paths: Of the segmentation and of the report.
        maker: Named as equipment and observer.
    """
    with unheard():
        segmentation = make_dicom_seg(label_map, sources, maker)
        report = make_structured_report(label_map, measures, sources, segmentation, maker)
        write_object(segmentation, paths[0])
        write_object(report, paths[1])


def make_structured_report(
    label_map: LabelMap, measures: SpineMeasures, sources: Sources, segmentation: hd.seg.Segmentation, maker: Maker
) -> sr.ComprehensiveSR:
    """Make a measurement report (TID 1500): a group for each vertebra, with what was measured of it."""
    segments = {label: place for place, label in enumerate(label_map.present, start=1)}
    groups: list[Group] = [
        _vertebra_group(vertebra, segmentation, segments[vertebra.number], sources)
        for vertebra in measures.vertebrae
        if any(quantity.value is not None for quantity in vertebra.values.values())
    ]
    groups += _other_groups(measures)
    evidence = [*distinct(sources.datasets), segmentation]
    return make_report(sr.ComprehensiveSR, groups, evidence, (SR_SERIES, "SpineView measurements"), sources)


def make_report(
    kind: type[Report],
    groups: Sequence[Group],
    evidence: Sequence[Dataset],
    series: tuple[int, str],
    sources: Sources,
) -> Report:
    """Make a measurement report (TID 1500) of groups, observed by this program, in the study of the CT.

    Args:
        kind: Of the document.
        groups: Of measurements (TID 1411, TID 1501).
        evidence: The objects that the groups refer to.
        series: Its number and description.
        sources: The CT's series.
    """
    observer = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), manufacturer_name=MANUFACTURER, model_name=MANUFACTURER
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = kind(
        evidence=evidence,
        content=content[0],
        series_instance_uid=hd.UID(),
        series_number=series[0],
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=series[1][:MOST_DESCRIPTION],
    )
    report.SpecificCharacterSet = "ISO_IR 192"
    refer_to_origin(report, sources)
    return report


def _vertebra_group(
    vertebra: VertebraMeasures, segmentation: hd.seg.Segmentation, number: int, sources: Sources
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    label = label_of(vertebra.number)
    site = Code(label.snomed, "SCT", label.meaning)
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=hd.UID(), identifier=f"SpineView {vertebra.name}"),
        referenced_segment=sr.ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=sr.SourceSeriesForSegmentation(sources.first.SeriesInstanceUID),
        ),
        finding_type=codes.SCT.AnatomicalStructure,
        finding_sites=[sr.FindingSite(site)],
        measurements=_values(vertebra.values),
    )


def _other_groups(measures: SpineMeasures) -> list[sr.MeasurementsAndQualitativeEvaluations]:
    """Make a group for each disc, coronal curve and sagittal angle, named by its levels."""
    named: dict[str, dict[str, Quantity]] = {}
    for kind, name, measure, quantity in rows(measures):
        if kind != "vertebra" and quantity.value is not None:
            named.setdefault(f"{kind} {name}", {})[measure] = quantity
    return [
        sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(uid=hd.UID(), identifier=f"SpineView {name}"[:64]),
            finding_type=codes.SCT.AnatomicalStructure,
            measurements=_values(values),
        )
        for name, values in named.items()
    ]


def _values(values: Mapping[str, Quantity]) -> list[sr.Measurement]:
    return [
        sr.Measurement(name=_name(measure), value=round(quantity.value, 3), unit=_UNITS[unit_of(measure)])
        for measure, quantity in values.items()
        if quantity.value is not None
    ]


def _name(measure: str) -> Code:
    """Code what a value is: DICOM's code where there is one, else one of this program's."""
    if measure in _STANDARD:
        return _STANDARD[measure]
    words = measure.rsplit("_", 1)[0].replace("_", " ")
    return Code(measure.upper()[:16] if len(measure) <= 16 else _short(measure), SCHEME, words.capitalize())


def _short(measure: str) -> str:
    """Shorten a name to the 16 characters of a code value: initials, and the last word before the unit."""
    *first, last, _ = measure.split("_")
    return ("".join(word[0] for word in first) + "_" + last).upper()[:16]
