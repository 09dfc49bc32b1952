"""Values that a reader changed by moving their lines, put in the place of the program's, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segmentation.morphometry.curves import SCOLIOSIS_DEG
from segmentation.morphometry.drawings import Line, target_of_angle, target_of_curve
from segmentation.morphometry.results import Quantity, SpineMeasures, VertebraMeasures
from segmentation.morphometry.vertebra import genant

_HEIGHTS = tuple(f"{place}_height_mm" for place in ("anterior", "middle", "posterior"))


@dataclass(frozen=True)
class Edit:
    """A reader's value of one measure: the lines that they drew, what these amount to, and who it was."""

    value: float
    lines: tuple[Line, ...]
    author: str


def with_edits(measures: SpineMeasures, edits: Mapping[str, Edit]) -> SpineMeasures:
    """Put readers' values in the place of the program's.

    Ratios of heights and Genant's grade follow from changed heights, a curve's name of scoliosis from its angle.

    Args:
        measures: As the program measured.
        edits: By target, as ``segmentation.morphometry.drawings.drawings`` names them; others are ignored.
    """
    if not edits:
        return measures
    vertebrae = [replace(v, values=_edited(f"vertebra/{v.name}", v.values, edits)) for v in measures.vertebrae]
    discs = [replace(d, values=_edited(f"disc/{d.upper}-{d.lower}", d.values, edits)) for d in measures.discs]
    curves = []
    for curve in measures.curves:
        edit = edits.get(target_of_curve(curve))
        if edit is not None:
            cobb = _changed(curve.cobb, edit)
            lines = (edit.lines[0], edit.lines[1])
            curve = replace(curve, cobb=cobb, lines=lines, scoliosis=edit.value >= SCOLIOSIS_DEG)
        curves.append(curve)
    angles = []
    for angle in measures.sagittal:
        edit = edits.get(target_of_angle(angle))
        angles.append(angle if edit is None else replace(angle, value=_changed(angle.value, edit), lines=edit.lines))
    return replace(
        measures,
        vertebrae=tuple(_followed(vertebrae)),
        discs=tuple(discs),
        curves=tuple(curves),
        sagittal=tuple(angles),
    )


def _edited(prefix: str, values: Mapping[str, Quantity], edits: Mapping[str, Edit]) -> dict[str, Quantity]:
    found = {name: edits.get(f"{prefix}/{name}") for name in values}
    return {name: quantity if (edit := found[name]) is None else _changed(quantity, edit)
            for name, quantity in values.items()}  # fmt: skip


def _changed(quantity: Quantity, edit: Edit) -> Quantity:
    return Quantity(edit.value, edited_by=edit.author, automatic=quantity.value)


def _followed(vertebrae: list[VertebraMeasures]) -> list[VertebraMeasures]:
    """Compute the ratios anew that changed heights, of a vertebra or of its neighbours, are part of."""
    followed = []
    for place, vertebra in enumerate(vertebrae):
        near = vertebrae[max(0, place - 1) : place] + vertebrae[place + 1 : place + 2]
        heights = [vertebra.values[name] for name in _HEIGHTS]
        beside = [each.values["posterior_height_mm"] for each in near]
        beside = [each for each in beside if each.value is not None]
        authors = [each.edited_by for each in (*heights, *beside) if each.edited_by]
        if authors and all(each.value is not None for each in heights):
            values = {**vertebra.values, **_ratios(heights, beside, authors[0], vertebra.values)}
            grade, deformity = genant(values)
            vertebra = replace(vertebra, values=values, genant_grade=grade, deformity=deformity)
        followed.append(vertebra)
    return followed


def _ratios(
    heights: list[Quantity], beside: list[Quantity], author: str, before: Mapping[str, Quantity]
) -> dict[str, Quantity]:
    posterior = heights[2].value or 0.0
    found: dict[str, Quantity] = {}
    for name, part in (("wedge_ratio", heights[0]), ("biconcave_ratio", heights[1])):
        if (part.edited_by or heights[2].edited_by) and posterior > 1:
            value = (part.value or 0.0) / posterior
            found[name] = Quantity(value, edited_by=author, automatic=before[name].value)
    neighbours = float(np.mean([each.value for each in beside])) if beside else 0.0
    if neighbours > 1 and (heights[2].edited_by or any(each.edited_by for each in beside)):
        before_crush = before["crush_ratio"].value
        found["crush_ratio"] = Quantity(posterior / neighbours, edited_by=author, automatic=before_crush)
    return found
