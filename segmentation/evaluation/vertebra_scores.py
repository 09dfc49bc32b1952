"""Vertebrae found against a reference: panoptic quality, Dice, names, and whether "high" confidence was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.labels import is_spine, label_of
from segmentation.evaluation.tables import Table

MATCHED_IOU = 0.5
RIGHT_DICE = 0.9
_NUMBERS = 29


@dataclass(frozen=True)
class VertebraScores:
    """Agreement of one scan's vertebrae with their reference.

    Attributes:
        name: Of the scan.
        truth, naming: First and last vertebra of the reference and of the result.
        vertebrae, found: How many the reference and the result have.
        panoptic_quality: Kirillov et al. 2019, doi:10.1109/CVPR.2019.00963, whatever the names, matched at IoU 0.5.
        dice: Mean over the reference's vertebrae of the Dice with the one found that overlaps most, whatever its name.
        named_right: Vertebrae whose best overlapping one has their number.
        sure: The row's names were said to be sure.
        high, high_right: Vertebrae said with high confidence, and those of them with Dice 0.9 and the right name.
    """

    name: str
    truth: str
    naming: str
    vertebrae: int
    found: int
    panoptic_quality: float
    dice: float
    named_right: int
    sure: bool
    high: int
    high_right: int

    @property
    def wrong_and_sure(self) -> bool:
        """Whether the row was said to be sure although some name is wrong."""
        return self.sure and self.named_right < self.vertebrae

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types."""
        return asdict(self)


def score_vertebrae(
    name: str,
    truth: NDArray[np.uint8],
    found: NDArray[np.uint8],
    sure: bool = False,
    confidence: Mapping[int, str] | None = None,
) -> VertebraScores:
    """Compare two (I, J, K) maps of VerSe numbers on one grid; sacrum and coccyx do not count.

    ``confidence``: ``high``, ``medium`` or ``low`` by the number found.
    """
    joint = np.bincount(
        np.minimum(truth.ravel(), _NUMBERS - 1).astype(np.int64) * _NUMBERS + np.minimum(found.ravel(), _NUMBERS - 1),
        minlength=_NUMBERS**2,
    ).reshape(_NUMBERS, _NUMBERS)
    ours, theirs = (_present(joint.sum(axis=axis)) for axis in (0, 1))
    sizes_found, sizes_true = joint.sum(axis=0), joint.sum(axis=1)
    shared = joint[np.ix_(theirs, ours)].astype(np.float64)
    sums = sizes_true[theirs][:, None] + sizes_found[ours][None, :]
    dice = 2 * shared / sums if ours and theirs else np.zeros((len(theirs), max(1, len(ours))))
    iou = dice / (2 - dice)
    best = dice.argmax(axis=1) if theirs else np.empty(0, int)
    matched = iou.max(axis=1)[iou.max(axis=1) > MATCHED_IOU] if theirs else np.empty(0)
    misses = 0.5 * (len(ours) + len(theirs)) - len(matched)
    high = [number for number in ours if (confidence or {}).get(number) == "high"]
    good = [n for n in high if n in theirs and dice[theirs.index(n), ours.index(n)] >= RIGHT_DICE]
    return VertebraScores(
        name=name,
        truth=_ends(theirs),
        naming=_ends(ours),
        vertebrae=len(theirs),
        found=len(ours),
        panoptic_quality=float(matched.sum() / (len(matched) + misses)) if len(ours) + len(theirs) else 1.0,
        dice=float(dice.max(axis=1).mean()) if theirs else float("nan"),
        named_right=sum(bool(ours) and ours[b] == t for b, t in zip(best, theirs, strict=True)),
        sure=sure,
        high=len(high),
        high_right=len(good),
    )


def vertebra_table(scores: Sequence[VertebraScores], title: str) -> Table:
    """Make the table of several scans, with their mean or sum in the last row."""
    rows = [
        [
            one.name, one.truth, one.naming, f"{one.found}/{one.vertebrae}",
            f"{one.panoptic_quality:.3f}", f"{one.dice:.3f}",
            f"{one.named_right}/{one.vertebrae}", "yes" if one.sure else "no", f"{one.high_right}/{one.high}",
        ]
        for one in scores
    ]  # fmt: skip
    total = sum(one.vertebrae for one in scores)
    rows.append(
        [
            "all", "", "", f"{sum(one.found for one in scores)}/{total}",
            f"{np.mean([one.panoptic_quality for one in scores]):.3f}", f"{np.mean([one.dice for one in scores]):.3f}",
            f"{sum(one.named_right for one in scores)}/{total}", f"{sum(one.sure for one in scores)}",
            f"{sum(one.high_right for one in scores)}/{sum(one.high for one in scores)}",
        ]
    )  # fmt: skip
    head = ["scan", "reference", "named", "found", "PQ", "Dice", "names right", "sure", "high and right"]
    wrong = [one.name for one in scores if one.wrong_and_sure]
    note = "wrong and sure: " + (", ".join(wrong) if wrong else "none")
    return Table(title, head, rows, (note, f"PQ at IoU {MATCHED_IOU}; high and right: Dice {RIGHT_DICE} and the name"))


def _present(sizes: NDArray[np.int64]) -> list[int]:
    return [int(number) for number in np.flatnonzero(sizes) if number and is_spine(np.array([number]))[0]]


def _ends(numbers: Sequence[int]) -> str:
    if not numbers:
        return "-"
    ordered = sorted(numbers, key=lambda number: 19.5 if number == 28 else number)
    return f"{label_of(ordered[0]).name}-{label_of(ordered[-1]).name}"
