"""How sure each vertebra of a label map is, from the report that ``spineview segment --report`` wrote with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from segmentation.core.errors import InputError, UnreadableFile
from segmentation.core.labels import COCCYX, SACRUM
from segmentation.core.volume import LabelMap
from segmentation.morphometry.anatomy.shape import RANKS
from segmentation.morphometry.results import SpineMeasures

_LARGEST_FILE = 10_000_000


class ReportedVertebra(BaseModel):
    """Confidence in one vertebra: ``label`` is its VerSe number, ``reasons`` are codes of what lowered it."""

    model_config = ConfigDict(strict=True)

    label: int
    name: str
    confidence: Literal["high", "medium", "low"]
    reasons: list[str]


class _Report(BaseModel):
    vertebrae: list[ReportedVertebra]


def read_confidence(path: Path, label_map: LabelMap) -> list[ReportedVertebra]:
    """Read the confidence in each vertebra of a label map.

    Args:
        path: JSON as ``spineview segment --vertebrae --report`` writes it; more keys are ignored.
        label_map: Of the same segmentation.

    Raises:
        UnreadableFile: no JSON, or without vertebrae and their confidence.
        InputError: the report is of other vertebrae than the map holds, which was made anew or renamed since.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError
        vertebrae = _Report.model_validate_json(path.read_bytes()).vertebrae
    except FileNotFoundError:
        raise InputError("file.missing", name=path) from None
    except (ValidationError, ValueError, OSError):
        raise UnreadableFile("measure.bad_report", name=path.name) from None
    present = {number for number in label_map.present if number in RANKS} - {SACRUM, COCCYX}
    if present != {one.label for one in vertebrae} - {SACRUM, COCCYX}:
        raise InputError("measure.other_report", name=path.name)
    return vertebrae


def not_to_measure(vertebrae: Sequence[ReportedVertebra]) -> dict[int, str]:
    """Name the labels of which nothing is to be measured, as ``measure_spine`` takes them: low confidence."""
    return {one.label: "uncertain" for one in vertebrae if one.confidence == "low"}


def with_confidence(measures: SpineMeasures, vertebrae: Sequence[ReportedVertebra]) -> SpineMeasures:
    """Write the confidence in each vertebra, and what lowered it, beside its measures."""
    known = {one.label: one for one in vertebrae}
    return replace(
        measures,
        vertebrae=tuple(
            replace(
                each, confidence=known[each.number].confidence, confidence_reasons=tuple(known[each.number].reasons)
            )
            if each.number in known
            else each
            for each in measures.vertebrae
        ),
    )
