"""The report's table and its lines of angles, as text in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmentation.morphometry.results import DiscMeasures, Quantity, SpineMeasures, VertebraMeasures
from segmentation.morphometry.table import rows

COLUMNS = (
    ("level", 10), ("heights", 24), ("genant", 12), ("size", 19), ("hu", 20), ("canal", 19), ("canal_area", 13),
    ("pedicles", 21), ("rotation", 14), ("disc", 24), ("slip", 17),
)  # fmt: skip
"""Keys of the headings, with the share of the width."""

_NONE = "–"
EDITED = "*"
_ROMAN = ("", " I", " II", " III", " IV", " V")
Words = Mapping[str, str]


def table_rows(measures: SpineMeasures, say: Words) -> list[list[str]]:
    """Make a row for each vertebra: one text a column, or the name and the reason why nothing was measured."""
    discs = {disc.upper: disc for disc in measures.discs}
    return [_row(vertebra, discs.get(vertebra.name), say) for vertebra in measures.vertebrae]


def _row(vertebra: VertebraMeasures, disc: DiscMeasures | None, say: Words) -> list[str]:
    if vertebra.state == "not_measured":
        reasons = [say.get(f"reason.{code}", code) for code in vertebra.reasons]
        return [vertebra.name, ", ".join(reasons)]
    of = vertebra.values
    grade = vertebra.genant_grade
    return [
        vertebra.name,
        _joined([of[f"{place}_height_mm"] for place in ("anterior", "middle", "posterior")], " / "),
        _NONE if grade is None else str(grade),
        _joined([of["body_width_mm"], of["body_depth_mm"]], " × "),
        _density(of["trabecular_mean_hu"], of["trabecular_sd_hu"]),
        _joined([of["canal_width_mm"], of["canal_depth_mm"]], " × "),
        number(of["canal_area_mm2"], 0),
        _joined([of["left_pedicle_width_mm"], of["right_pedicle_width_mm"]], " / "),
        number(of["axial_rotation_deg"], 0),
        *_disc(disc),
    ]


def _disc(disc: DiscMeasures | None) -> tuple[str, str]:
    if disc is None:
        return _NONE, _NONE
    heights = _joined([disc.values[f"{place}_height_mm"] for place in ("anterior", "middle", "posterior")], " / ")
    return heights, number(disc.values["slip_mm"]) + _ROMAN[disc.meyerding_grade or 0]


def number(quantity: Quantity, digits: int = 1) -> str:
    """Write a value, with a mark where a reader changed it; a dash where there is none."""
    if quantity.value is None:
        return _NONE
    return plain(quantity.value, digits) + (EDITED if quantity.edited_by else "")


def plain(value: float | None, digits: int = 1) -> str:
    """Write a number with a true minus sign; a dash where there is none."""
    if value is None:
        return _NONE
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def _joined(quantities: list[Quantity], between: str) -> str:
    if all(quantity.value is None for quantity in quantities):
        return _NONE
    return between.join(number(quantity) for quantity in quantities)


def _density(mean: Quantity, deviation: Quantity) -> str:
    return _NONE if mean.value is None else f"{number(mean, 0)} ({number(deviation, 0)})"


def angle_lines(measures: SpineMeasures, say: Words) -> list[str]:
    """Describe each coronal curve and each sagittal angle that was measured."""
    lines = []
    for curve in measures.curves:
        line = say["cobb"].format(
            upper=curve.upper_end, lower=curve.lower_end, value=_degrees(curve.cobb, say),
            apex=curve.apex, side=say[curve.convexity],
        )  # fmt: skip
        lines.append(f"{line} {say['scoliosis']}" if curve.scoliosis else line)
    if not lines:
        lines.append(say["no_curve"])
    for angle in measures.sagittal:
        if angle.value.value is not None:
            lines.append(
                say["angle"].format(
                    name=say[angle.name],
                    upper=_end(angle.upper, say),
                    lower=_end(angle.lower, say),
                    value=_degrees(angle.value, say),
                )
            )
    return lines


def _end(name: str, say: Words) -> str:
    return say[name] if name in say else " ".join(say.get(word, word) for word in name.split())


def _degrees(quantity: Quantity, say: Words) -> str:
    if quantity.edited_by:
        return say["value_edited"].format(value=plain(quantity.value), automatic=_automatic(quantity))
    return f"{plain(quantity.value)}° ± {quantity.uncertainty or 0:.1f}°"


def _automatic(quantity: Quantity) -> str:
    return plain(quantity.automatic, 2 if abs(quantity.automatic or 0) < 2 else 1)


def note_lines(measures: SpineMeasures, say: Words) -> list[str]:
    """Say which vertebrae are less than sure and why, and which values readers changed."""
    lines = []
    for vertebra in measures.vertebrae:
        if vertebra.confidence in ("medium", "low"):
            reasons = ", ".join(say.get(f"doubt.{code}", code) for code in vertebra.confidence_reasons) or _NONE
            lines.append(say[f"note.{vertebra.confidence}"].format(name=vertebra.name, reasons=reasons))
    changed: dict[str, list[str]] = {}
    for _, name, measure, quantity in rows(measures):
        if quantity.edited_by:
            words = say.get(f"measure.{measure}", measure)
            value = plain(quantity.value, 2 if measure.endswith("ratio") else 1)
            item = say["note.item"].format(name=name, measure=words, value=value, automatic=_automatic(quantity))
            changed.setdefault(quantity.edited_by, []).append(item)
    return lines + [say["note.edited"].format(author=who, items="; ".join(each)) for who, each in changed.items()]


def screw_cells(screw: Mapping[str, Any], say: Mapping[str, str]) -> list[str]:
    """Put a planned screw into words: name, size, grade, clearance or breach in mm, HU, entry and tip (RAS+ mm)."""
    clear = f"{-screw['breach_mm'] if screw['breach_mm'] else screw['least_clearance_mm']:.1f}".replace("-", "−")
    hu = "–" if screw["hu_mean"] is None else f"{screw['hu_mean']:.0f}".replace("-", "−")
    places = [", ".join(f"{mm:.1f}" for mm in screw[end]).replace("-", "−") for end in ("entry_ras_mm", "tip_ras_mm")]
    size = f"{screw['diameter_mm']:g} × {screw['length_mm']:.0f} mm"
    return [f"{screw['level']} {say[screw['side']]}", size, screw["grade"], clear, hu, *places]
