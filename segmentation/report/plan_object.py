"""A plan of pedicle screws as DICOM: a structured report (TID 1500) whose lengths are lines in the CT's coordinates.

Each screw is a group of measurements (TID 1501) named by its level and side, with the vertebra as its finding site. Its
length is a measurement of a polyline of two points, entry and tip, as SCOORD3D in the CT's frame of reference (LPS mm);
diameter, clearance and HU are measurements, the Gertzbein-Robbins grade is a qualitative evaluation. Research use only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from highdicom import sr
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from segmentation.core.labels import label_of
from segmentation.registration.register import RESEARCH_USE_ONLY
from segmentation.writers.dicom import Sources
from segmentation.writers.dicom.objects import distinct, refer_to_origin, write_object
from segmentation.writers.dicom.sources import MANUFACTURER, unheard

PLAN_SERIES = 7006
SCHEME = "99SPINEVIEW"
_GRADE = Code("gertzbein-robbins", SCHEME, "Gertzbein-Robbins grade")
_SIDES = {"right": codes.SCT.Right, "left": codes.SCT.Left}
_MOST_NAME = 64
_LPS = np.array([-1.0, -1.0, 1.0])  # times RAS


def write_plan_object(screws: Sequence[Mapping[str, Any]], sources: Sources, path: Path) -> None:
    """Write a plan as a Comprehensive 3D SR into the study of its CT; the file appears whole or not at all.

    Args:
        screws: As a plan's JSON has them, at least one.
        sources: The CT's series.
        path: Of the file.
    """
    with unheard():
        write_object(make_plan_object(screws, sources), path)


def make_plan_object(screws: Sequence[Mapping[str, Any]], sources: Sources) -> sr.Comprehensive3DSR:
    """Make the report of ``write_plan_object``."""
    observer = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID(), manufacturer_name=MANUFACTURER, model_name=MANUFACTURER
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[_group(screw, str(sources.first.FrameOfReferenceUID)) for screw in screws],
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = sr.Comprehensive3DSR(
        evidence=distinct(sources.datasets),
        content=content[0],
        series_instance_uid=hd.UID(),
        series_number=PLAN_SERIES,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=f"Screw plan. {RESEARCH_USE_ONLY}"[:_MOST_NAME],
    )
    report.SpecificCharacterSet = "ISO_IR 192"
    refer_to_origin(report, sources)
    return report


def _group(screw: Mapping[str, Any], frame: str) -> sr.MeasurementsAndQualitativeEvaluations:
    label = label_of(screw["label"])
    ends = np.array([screw["entry_ras_mm"], screw["tip_ras_mm"]]) * _LPS
    line = sr.CoordinatesForMeasurement3D(sr.GraphicTypeValues3D.POLYLINE, ends, frame)
    mm = codes.UCUM.Millimeter
    measurements = [
        sr.Measurement(codes.SCT.Length, round(screw["length_mm"], 2), mm, referenced_coordinates=[line]),
        sr.Measurement(codes.SCT.Diameter, round(screw["diameter_mm"], 2), mm),
    ]
    evaluations = []
    if screw.get("grade"):
        grade = Code(f"grade-{screw['grade']}", SCHEME, f"Grade {screw['grade']}")
        evaluations.append(sr.QualitativeEvaluation(_GRADE, grade))
    if screw.get("least_clearance_mm") is not None:
        name = Code("least_clearance_mm", SCHEME, "Least clearance of the screw in bone")
        measurements.append(sr.Measurement(name, round(screw["least_clearance_mm"], 2), mm))
    if screw.get("hu_mean") is not None:
        name = Code("screw_hu_mean", SCHEME, "Mean HU along the screw")
        measurements.append(sr.Measurement(name, round(screw["hu_mean"], 1), codes.UCUM.HounsfieldUnit))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=hd.UID(), identifier=f"SpineView screw {screw['name']}"),
        finding_type=Code("pedicle-screw", SCHEME, "Planned pedicle screw"),
        finding_sites=[sr.FindingSite(Code(label.snomed, "SCT", label.meaning), laterality=_SIDES[screw["side"]])],
        measurements=measurements,
        qualitative_evaluations=evaluations,
    )
