"""Table of vertebra labels: the number, name, colour and SNOMED CT code of each.

Numbers follow VerSe (Sekuboyina et al. 2021, doi:10.1016/j.media.2021.102166). Codes are SNOMED CT as DICOM PS3.16
lists them: C1-L5 in CID 7603 "Vertebra"; sacrum, coccyx and spine in CID 4030 "CT, MR and PET Anatomy Imaged". What
neither names (L6, T13) carries the code of "Vertebra". The tests compare each with pydicom's copy of PS3.16.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.volume import LabelMap

SACRUM = 26
COCCYX = 27

_VERTEBRA_CODE = "51282000"
_CODES = {
    "C1": "14806007", "C2": "39976000", "C3": "113205007", "C4": "5329002", "C5": "36978003",
    "C6": "36054005", "C7": "87391001",
    "T1": "64864005", "T2": "53733008", "T3": "1626008", "T4": "73071006", "T5": "56401006", "T6": "45296009",
    "T7": "62487009", "T8": "11068009", "T9": "82687006", "T10": "7610001", "T11": "12989004",
    "T12": "23215003",
    "L1": "66794005", "L2": "14293000", "L3": "36470004", "L4": "11994002", "L5": "49668003",
    "L6": _VERTEBRA_CODE, "sacrum": "54735007", "coccyx": "64688005", "T13": _VERTEBRA_CODE,
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """One row of the table.

    Attributes:
        number: The value in the array (VerSe).
        name: ``"L1"``, ``"sacrum"`` …
        rgb: Display colour, three numbers 0..255.
        snomed: SNOMED CT concept.
        meaning: What DICOM calls that concept.
    """

    number: int
    name: str
    rgb: tuple[int, int, int]
    snomed: str
    meaning: str


def _colour(position: int) -> tuple[int, int, int]:
    """Choose a colour far from its neighbours': the hue advances by the golden angle."""
    red, green, blue = colorsys.hsv_to_rgb((0.11 + position * 0.381966) % 1.0, 0.55 + 0.2 * (position % 2), 0.95)
    return (round(red * 255), round(green * 255), round(blue * 255))


def _meaning(name: str, code: str) -> str:
    if code == _VERTEBRA_CODE:
        return "Vertebra"
    return name.capitalize() if name.islower() else f"{name} vertebra"


LABELS: dict[int, Label] = {
    number: Label(number, name, _colour(number), code, _meaning(name, code))
    for number, (name, code) in enumerate(_CODES.items(), start=1)
}
"""VerSe number to label: C1-C7 = 1-7, T1-T12 = 8-19, L1-L6 = 20-25, sacrum 26, coccyx 27, T13 28."""

SPINE = Label(1, "spine", (255, 176, 59), "421060004", "Spine")
"""The only label of a map of kind ``"spine"``."""

NUMBERS: dict[str, int] = {label.name: label.number for label in LABELS.values()}
"""Name to VerSe number."""

SPINE_NUMBERS: tuple[int, ...] = tuple(n for n in LABELS if n not in (SACRUM, COCCYX))
"""The vertebrae that the binary spine mask is made of: C1-L6 and T13, without sacrum and coccyx."""

HEAD_TO_FOOT: tuple[str, ...] = (*(LABELS[n].name for n in range(1, 20)), "T13",
                                 *(LABELS[n].name for n in range(20, 28)))  # fmt: skip
"""Names in anatomical order; T13, numbered last, lies between T12 and L1."""


def label_of(number: int, kind: str = "vertebrae") -> Label:
    """Look up what ``number`` stands for in a map of ``kind``; numbers outside the table get a row of their own."""
    if kind == "spine":
        return SPINE
    return LABELS.get(number) or Label(number, f"label {number}", _colour(number), _VERTEBRA_CODE, "Vertebra")


_IS_SPINE = np.isin(np.arange(256), SPINE_NUMBERS)


def is_spine(numbers: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Tell for each VerSe number (or the 1 of a binary mask) whether it is a vertebra: not sacrum, not coccyx.

    Args:
        numbers: Of any shape, 0..255.
    """
    return np.asarray(_IS_SPINE[numbers])


def spine_voxels(label_map: LabelMap) -> NDArray[np.bool_]:
    """Mark the vertebrae of a label map: label 1 of a spine map, C1-L6 and T13 of a vertebra map.

    Returns:
        (I, J, K) mask on the label map's grid.
    """
    if label_map.kind == "spine":
        return np.asarray(label_map.labels == 1)
    return is_spine(label_map.labels)
