"""Propose the series of a study to segment: a thin axial CT with a bone or standard kernel, and say why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.group_series import Series

# Names of kernels by vendor: GE (BONE, STANDARD), Siemens (B70f, Br59, H60s), Philips (YD, B), Canon (FC30).
_LUNG = re.compile(r"LUNG|^BL\d|^FC5\d|^L$")
_BONE = re.compile(r"BONE|EDGE|DETAIL|SHARP|^B[567]\d|^B?H?R[56]\d|^H[567]\d|^U[RH]?\d|^FC[38]\d|^Y[A-E]|^[DE]$")
_STANDARD = re.compile(r"STAND|STND|SOFT|SMOOTH|^B[1-4]\d|^B?H?[RF]\d\d|^QR\d|^H[1-4]\d|^I[1-4]\d|^FC[0-2]\d|^[ABC]$")
_SPINE = re.compile(
    r"SPINE|SPINAL|\bWS\b|\b[CTL]-?SP|\b[CBL]WS\b|WIRBEL|VERTEB|RACHIS|COLUMNA|LUMB|THORACOL|CERVIC|脊|椎|腰|颈", re.I
)
_REFORMAT = {"REFORMATTED", "MPR", "MIP", "MINIP", "PROJECTION IMAGE", "CSA MPR", "CSA MIP", "VRT", "AVERAGE", "MAXIP"}
_REFORMAT_WORDS = re.compile(r"\b(MPR|MIP|VRT|3D|REFORMAT\w*|CURVED|CORONAL|SAGITTAL|COR|SAG)\b", re.I)
_DOSE = re.compile(r"DOSE|DOSIS", re.I)
THIN_MM, THICK_MM, FEW = 2.0, 4.0, 20


@dataclass(frozen=True)
class Verdict:
    """Suitability of a series. ``score`` orders them; ``reasons`` say why, what speaks against it included."""

    score: float
    reasons: tuple[Note, ...]


def assess(series: Series) -> Verdict:
    """Assess how suitable one series is; below zero it is never proposed."""
    first = series.frames[0]
    if series.layout is None:
        return Verdict(-1000.0, tuple(_against(first)))
    spacing = series.layout.grid.spacing_mm[2]
    reasons: list[tuple[float, Note]] = [
        _by_plane(first),
        *_by_thickness(spacing),
        *_by_kernel(first.kernel),
        *_by_name(first),
        *_by_count(len(series.layout.frames)),
        *((-40.0, reason) for reason in _against(first)),
    ]
    extent = min(series.layout.grid.extent_mm[2], 400.0) / 40.0  # of two equal ones the longer
    return Verdict(extent + sum(weight for weight, _ in reasons), tuple(reason for _, reason in reasons))


def propose(verdicts: Sequence[Verdict]) -> int | None:
    """Choose the number of the best series, or None if none is usable."""
    best = max(range(len(verdicts)), key=lambda n: verdicts[n].score, default=None)
    return best if best is not None and verdicts[best].score > -500 else None


def plane(frame: Frame) -> str:
    """Name the plane: ``"axial"``, ``"coronal"``, ``"sagittal"`` or ``"oblique"``; empty if the header does not say."""
    if not frame.has_geometry:
        return ""
    normal = np.abs(np.cross(frame.row_axis or (), frame.column_axis or ()))
    axis = int(np.argmax(normal))
    return ("sagittal", "coronal", "axial")[axis] if normal[axis] > 0.8 else "oblique"


def _by_plane(frame: Frame) -> tuple[float, Note]:
    found = plane(frame)
    return (40.0, note("axial")) if found == "axial" else (-20.0, note("not_axial", plane=found))


def _by_thickness(spacing_mm: float) -> list[tuple[float, Note]]:
    mm = round(spacing_mm, 2)
    if spacing_mm <= THIN_MM:
        return [(30.0 if spacing_mm <= 1.3 else 22.0, note("thin", mm=mm))]
    return [(-15.0, note("thick", mm=mm))] if spacing_mm >= THICK_MM else [(8.0, note("medium", mm=mm))]


def _by_kernel(kernel: str) -> list[tuple[float, Note]]:
    name = kernel.upper()
    if not name:
        return []
    if _LUNG.search(name):
        return [(-4.0, note("lung_kernel", kernel=kernel))]
    if _BONE.search(name):
        return [(12.0, note("bone_kernel", kernel=kernel))]
    return [(9.0, note("standard_kernel", kernel=kernel))] if _STANDARD.search(name) else []


def _by_name(frame: Frame) -> list[tuple[float, Note]]:
    text = " ".join((frame.description, frame.body_part, frame.protocol))
    return [(15.0, note("spine"))] if _SPINE.search(text) else []


def _by_count(count: int) -> list[tuple[float, Note]]:
    return [(-20.0, note("few", count=count))] if count < FEW else []


def _against(frame: Frame) -> list[Note]:
    """Note what the object is, if not an original CT series."""
    if "LOCALIZER" in frame.image_type:
        return [note("localizer")]
    if frame.kind != "CT":
        if _DOSE.search(frame.description):
            return [note("dose_report")]
        return [note("not_ct", modality=frame.kind) if frame.kind else note("no_modality")]
    if set(frame.image_type) & _REFORMAT or _REFORMAT_WORDS.search(frame.description):
        return [note("reformat")]
    return [note("derived")] if frame.image_type[:1] == ("DERIVED",) else []
