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
from segmentation.report.objects import SCHEME, make_report
from segmentation.writers.dicom import Sources
from segmentation.writers.dicom.objects import distinct, write_object
from segmentation.writers.dicom.sources import unheard

PLAN_SERIES = 7006
_GRADE = Code("gertzbein-robbins", SCHEME, "Gertzbein-Robbins grade")
_SIDES = {"right": codes.SCT.Right, "left": codes.SCT.Left}
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
    groups = [_group(screw, str(sources.first.FrameOfReferenceUID)) for screw in screws]
    series = (PLAN_SERIES, f"Screw plan. {RESEARCH_USE_ONLY}")
    return make_report(sr.Comprehensive3DSR, groups, distinct(sources.datasets), series, sources)


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
