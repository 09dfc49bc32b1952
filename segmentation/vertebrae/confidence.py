"""Confidence in one vertebra: its votes, its size for its level, the scan's border, and the row's names."""

from __future__ import annotations

from segmentation.vertebrae.named_spine import Level
from segmentation.vertebrae.votes import VOLUME_ML, Instance

SCATTERED_MM, VERY_SCATTERED_MM = 8.0, 12.0
SMALL, LARGE = 0.45, 2.2  # of the volume expected of the level


def vertebra_confidence(
    instance: Instance, number: int, volume_ml: float, cut: bool, name_probability: float, sure: bool, reason: str
) -> tuple[Level, tuple[str, ...]]:
    """Judge one vertebra: the level, and the codes of what lowered it."""
    expected = float(VOLUME_ML[19 if number == 28 else min(number, 25) - 1])
    signs = []
    if not sure:
        signs.append("no_landmark" if reason == "no_landmark" else "name_doubtful")
    if cut:
        signs.append("cut_by_border")
    if volume_ml < SMALL * expected and not cut:
        signs.append("small")
    if volume_ml > LARGE * expected:
        signs.append("large")
    if instance.spread_mm > SCATTERED_MM:
        signs.append("scattered")
    grave = instance.spread_mm > VERY_SCATTERED_MM or (not sure and name_probability < 0.6) or len(signs) > 2
    return ("low" if grave else "medium" if signs else "high"), tuple(signs)
