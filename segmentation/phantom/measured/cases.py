"""Twenty phantoms for measuring: deformities, variants and the grids that scans come on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from segmentation.core.labels import HEAD_TO_FOOT
from segmentation.phantom.measured.spec import Level, SpineSpec

_REGIONS = {
    "C": Level("C5", 15.0, 15.0, 0.0, 24.0, 17.0, 15.0, 24.0, 5.5, 7.0, 5.0, core_hu=280.0),
    "T": Level("T8", 20.0, 21.0, 0.0, 30.0, 26.0, 16.0, 17.0, 5.5, 12.0, 5.0, core_hu=180.0),
    "L": Level("L3", 27.0, 26.0, 0.5, 44.0, 33.0, 17.0, 23.0, 9.0, 14.0, 9.0, core_hu=150.0),
}
SACRAL_SEGMENT = Level("sacrum", 30.0, 27.0, 0.0, 50.0, 33.0, sagittal_tilt=38.0)
Change = Callable[[int, Level], Level]


def _row(
    names: Sequence[str], start: float = 0.0, step: float = 0.0, change: Change | None = None
) -> tuple[Level, ...]:
    """Make a row of levels of the region's size, each leaning ``step`` degrees more to the front than the one above."""
    levels = []
    for place, name in enumerate(names):
        level = replace(_REGIONS[name[0]], name=name, sagittal_tilt=start + step * place)
        levels.append(change(place, level) if change else level)
    return tuple(levels)


def _names(first: str, last: str) -> list[str]:
    names = HEAD_TO_FOOT[HEAD_TO_FOOT.index(first) : HEAD_TO_FOOT.index(last) + 1]
    return [name for name in names if name not in ("T13", "L6") or name == last]


def _leaning(tilts: Sequence[float], turns: Sequence[float] | None = None) -> Change:
    def change(place: int, level: Level) -> Level:
        return replace(level, coronal_tilt=tilts[place], rotation=turns[place] if turns else 0.0)

    return change


def _at(name: str, **values: float) -> Change:
    return lambda _, level: replace(level, **values) if level.name == name else level  # type: ignore[arg-type]


_LUMBAR = _names("L1", "L5")
_CURVED = _row(_LUMBAR, -17.0, 9.0)
_SINGLE = (18.0, 15.0, 9.0, 0.0, -9.0, -15.0, -18.0)
_DOUBLE = (12.0, 8.0, 0.0, -8.0, -12.0, -8.0, 0.0, 9.0, 14.0)
_TURNS = (2.0, 4.0, 8.0, 12.0, 14.0, 9.0, 3.0, -4.0, -8.0)

CASES: tuple[SpineSpec, ...] = (
    SpineSpec("lumbar", _CURVED),
    SpineSpec("thoracic", _row(_names("T4", "T12"), 17.0, -4.5)),
    SpineSpec("cervical", _row(_names("C3", "C7"), -3.0, 5.0), spacing_mm=(0.7, 0.7, 0.8)),
    SpineSpec("scoliosis", _row(_names("T6", "T12"), 6.0, -2.0, _leaning(_SINGLE))),
    SpineSpec("double curve", _row(_names("T8", "L4"), -3.0, 1.5, _leaning(_DOUBLE))),
    SpineSpec("scoliosis with rotation", _row(_names("T8", "L4"), -3.0, 1.5, _leaning(_DOUBLE, _TURNS))),
    SpineSpec("wedge", _row(_names("T11", "L3"), -12.0, 6.0, _at("L1", anterior=18.0, posterior=26.0))),
    SpineSpec("biconcave", _row(_LUMBAR, -15.0, 8.0, _at("L2", hollow=5.0))),
    SpineSpec("crush", _row(_names("T11", "L3"), -11.0, 6.0, _at("L1", anterior=15.0, posterior=14.0, hollow=0.0))),
    SpineSpec("slip grade I", (*_row(_LUMBAR, -17.0, 9.0, _at("L4", slip=6.5)), SACRAL_SEGMENT)),
    SpineSpec("slip grade II", (*_row(_LUMBAR, -17.0, 9.0, _at("L5", slip=12.0)), SACRAL_SEGMENT)),
    SpineSpec("six lumbar", (*_row(_names("L1", "L6"), -20.0, 8.0), SACRAL_SEGMENT)),
    SpineSpec("thirteen thoracic", _row([*_names("T10", "T13"), "L1", "L2"], -9.0, 3.0)),
    SpineSpec("oblique", _CURVED, spacing_mm=(0.8, 0.8, 1.5), rotation_deg=(12.0, -17.0, 25.0)),
    SpineSpec("feet first", _CURVED, orientation="RPI", spacing_mm=(1.0, 1.0, 1.25)),
    SpineSpec("sagittal axes", _CURVED, orientation="PIR", spacing_mm=(0.7, 0.7, 2.0), shell_hu=500.0),
    SpineSpec("5 mm axial", _CURVED, orientation="LPS", spacing_mm=(0.7, 0.7, 5.0)),
    SpineSpec("5 mm sagittal", _CURVED, orientation="PIR", spacing_mm=(0.7, 0.7, 5.0)),
    SpineSpec("3 mm axial with cortex", _CURVED, orientation="LPS", spacing_mm=(0.7, 0.7, 3.0), shell_hu=450.0),
    SpineSpec("porotic", _row(_LUMBAR, -16.0, 8.0, lambda _, level: replace(level, core_hu=95.0)), noise_hu=15.0),
)
"""Every case is measured by ``spineview measure --benchmark``."""
