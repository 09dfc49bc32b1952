"""How well a scan is segmented and named whose spine, or whose file, deviates: one row a deviation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import BadConfiguration, InputError
from segmentation.core.labels import SPINE_NUMBERS, spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.core.volume import LabelMap
from segmentation.evaluation.cases import Case
from segmentation.evaluation.deviations.shapes import DEVIATIONS, MEANINGS
from segmentation.evaluation.deviations.warp import coarse
from segmentation.evaluation.metrics import dice
from segmentation.evaluation.regions import labelled_slab
from segmentation.evaluation.reliability import UNPERTURBED, Answer, Claim, Segmented, claims_of
from segmentation.evaluation.tables import Table
from segmentation.evaluation.vertebra_scores import VertebraScores, score_vertebrae
from segmentation.phantom import PhantomSpec, make_phantom

PHANTOM = "phantom"
ABOVE = ("T11", "T12")
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
# What no scan of another spine can be bent to.
COUNTS = {
    "13 thoracic": (*ABOVE, "T13", *LUMBAR),
    "six lumbar": (*ABOVE, *LUMBAR, "L6"),
    "four lumbar": (*ABOVE, *LUMBAR[:-1]),
}
LEAST_LEFT = 0.5  # of a vertebra that the border cuts; with less of it nobody could name it


@dataclass(frozen=True)
class Deviant:
    """Scores of one scan under one deviation.

    Attributes:
        name: Of the scan.
        model_id: Which weights.
        deviation: Key of ``DEVIATIONS`` or ``COUNTS``, or ``"as it is"``.
        dice: Of the spine in the labelled slab.
        scores: Of the vertebrae.
        confidence: ``high``, ``medium`` or ``low``, for the scan.
    """

    name: str
    model_id: str
    deviation: str
    dice: float
    scores: VertebraScores
    confidence: str

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for ``json.dumps``."""
        return asdict(self)


def phantoms(only: Sequence[str] = ()) -> Iterator[tuple[str, Case]]:
    """Make the lifelike phantom in each deviation, T11 to the sacrum, and with each unusual count of vertebrae.

    ``only``: names of those wanted; all where none is given.

    Raises:
        BadConfiguration: a name is unknown.
    """
    _check(only)
    if not only or not set(only) <= set(COUNTS):
        yield from deviations(_phantom((*ABOVE, *LUMBAR)), only)
    for name, levels in COUNTS.items():
        if not only or name in only:
            yield name, coarse_case(_phantom(levels))


def deviations(case: Case, only: Sequence[str] = ()) -> Iterator[tuple[str, Case]]:
    """Yield a labelled scan as it is, on coarse voxels, and in each deviation that it has vertebrae enough for.

    ``only``, and what is raised, as in ``phantoms``.
    """
    _check(only)
    plain = coarse_case(case)
    yield UNPERTURBED, plain
    for name, change in DEVIATIONS.items():
        if only and name not in only:
            continue
        try:
            yield name, Case(case.name, *change(plain.volume, plain.reference))
        except InputError:
            continue


def _check(names: Sequence[str]) -> None:
    for name in names:
        if name not in {*DEVIATIONS, *COUNTS, UNPERTURBED}:
            raise BadConfiguration("evaluation.unknown_deviation", name=name, known=", ".join([*DEVIATIONS, *COUNTS]))


def coarse_case(case: Case) -> Case:
    """Cut a case down to ``warp.coarse``."""
    return Case(case.name, *coarse(case.volume, case.reference))


def measured(
    copies: Iterator[tuple[str, Case]], segmented: Segmented, model_id: str, progress: Progress = ignore
) -> tuple[list[Deviant], list[Claim]]:
    """Segment and name each copy, score it, and collect the confidence that was claimed."""
    rows, claims, plain = [], list[Claim](), dict[int, float]()
    for number, (how, case) in enumerate(copies):
        progress(min(1.0, number / (len(DEVIATIONS) + 1)), f"{case.name}, {how}")
        answer = segmented(case.volume)
        if how == UNPERTURBED:
            plain = _volumes_ml(case.reference)
        rows.append(scored(case, how, answer, model_id, plain))
        claims += claims_of(case, how, answer)
    progress(1.0, "done")
    return rows, claims


def scored(case: Case, how: str, answer: Answer, model_id: str, whole_ml: dict[int, float]) -> Deviant:
    """Score one answer.

    Vertebrae beyond the labelled slab, which no reference names, are not counted, nor those of which the border leaves
    less than half.

    ``whole_ml``: volume of each vertebra, by VerSe number, before anything was cut.
    """
    reference = _without_slivers(case.reference, whole_ml)
    left_out = (case.reference.labels > 0) & (reference.labels == 0)
    slab = labelled_slab(reference) or tuple(slice(0, n) for n in reference.grid.shape)
    found = np.where(left_out, 0, answer.labels).astype(np.uint8)
    for number in np.unique(found):
        if number in SPINE_NUMBERS and not _within(found == number, reference.labels > 0, slab):
            found[found == number] = 0
    confidence = {one.label: one.confidence for one in answer.vertebrae}
    return Deviant(
        case.name,
        model_id,
        how,
        float(dice(answer.mask[slab], spine_voxels(case.reference)[slab])),
        score_vertebrae(case.name, reference.labels, found, answer.sure, confidence),
        answer.trust.level,
    )


def deviation_table(rows: Sequence[Deviant]) -> Table:
    """Make a table of one row a deviation."""
    shown = []
    for row in rows:
        one = row.scores
        shown.append(
            [
                row.name, row.model_id, row.deviation, f"{row.dice:.3f}", f"{one.panoptic_quality:.3f}",
                f"{one.dice:.3f}", f"{one.found}/{one.vertebrae}", one.truth, one.naming,
                f"{one.named_right}/{one.vertebrae}", "yes" if one.sure else "no", row.confidence,
                f"{one.high_right}/{one.high}",
            ]
        )  # fmt: skip
    return Table("Spines and scans that deviate", _HEAD, shown, (*_summary(rows), *MEANINGS, *_NOTES))


_HEAD = (
    "scan", "model", "deviation", "Dice", "PQ", "vertebra Dice", "found", "reference", "named", "names right",
    "names sure", "confidence", "high and right",
)  # fmt: skip
_NOTES = (
    "Dice: of the spine in the labelled slab; PQ at IoU 0.5; all at 1.5 mm; vertebrae beyond the labelled ones, and "
    "those of which the border leaves less than half, are not counted",
)


def _summary(rows: Sequence[Deviant]) -> list[str]:
    scores = [row.scores for row in rows]
    named, total = sum(one.named_right for one in scores), sum(one.vertebrae for one in scores)
    wrong = [f"{row.name}, {row.deviation}" for row in rows if row.scores.wrong_and_sure]
    return [
        f"{named} of {total} names right; {sum(one.sure for one in scores)} of {len(scores)} rows said to be sure; "
        f"wrong and sure: {'; '.join(wrong) if wrong else 'none'}"
    ]


def _phantom(levels: tuple[str, ...]) -> Case:
    phantom = make_phantom(PhantomSpec(levels=levels, lifelike=True))
    return Case(PHANTOM, phantom.volume, phantom.labels)


def _volumes_ml(labels: LabelMap) -> dict[int, float]:
    counts = np.bincount(labels.labels.ravel(), minlength=256)
    return {int(n): float(counts[n]) * labels.grid.voxel_ml for n in np.flatnonzero(counts) if n in SPINE_NUMBERS}


def _without_slivers(labels: LabelMap, whole_ml: dict[int, float]) -> LabelMap:
    """Unlabel the vertebrae that touch the border and are less than half of what they were."""
    array = labels.labels.copy()
    faces = {int(n) for axis in range(3) for n in np.unique(np.take(array, (0, -1), axis=axis))}
    for number, ml in _volumes_ml(labels).items():
        if number in faces and ml < LEAST_LEFT * whole_ml.get(number, ml):
            array[array == number] = 0
    return LabelMap(array, labels.grid, labels.kind)


def _within(mine: NDArray[np.bool_], labelled: NDArray[np.bool_], slab: Sequence[slice]) -> bool:
    """Tell whether a vertebra is one that the reference speaks of: most of it is labelled, or it lies in the slab."""
    if 2 * np.count_nonzero(mine & labelled) > np.count_nonzero(mine):
        return True
    centre = np.argwhere(mine).mean(axis=0)
    return all(side.start <= round(float(c)) < side.stop for side, c in zip(slab, centre, strict=True))
