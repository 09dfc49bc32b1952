"""Robustness of a model: the Dice of a scan under each perturbation, compared with the scan as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segmentation.core.errors import InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.evaluation.cases import Segmenter, read_case
from segmentation.evaluation.perturbations import NOISE_HU, PERTURBATIONS, SLICE_MM, TURN_DEG
from segmentation.evaluation.report import CaseReport, without_nan
from segmentation.evaluation.scores import Scores, score_regions
from segmentation.evaluation.tables import HEADS, NOTHING, Table, cells

UNPERTURBED = "as it is"
INVARIANT = "stored otherwise"
SAME_DICE = 0.001


@dataclass(frozen=True)
class RobustnessRow:
    """Scores of one scan under one perturbation.

    Attributes:
        name: Of the case.
        model_id: Which weights.
        perturbation: Key of ``PERTURBATIONS``, or ``"as it is"``.
        region: Where it was scored: ``labelled`` if the scan has two labelled vertebrae, else ``scan``.
        scores: None where the perturbation does not apply.
        change: Dice less that of the scan as it is.
        reason: Why it does not apply.
    """

    name: str
    model_id: str
    perturbation: str
    region: str
    scores: Scores | None
    change: float
    reason: str = ""


def robustness(
    folder: Path, engine: Segmenter, before: CaseReport, mode: str = "patch", progress: Progress = ignore
) -> list[RobustnessRow]:
    """Perturb a case in every way, one at a time, segment and score it.

    Args:
        folder: The case.
        engine: The model.
        before: What ``segmentation.evaluation.evaluate_case`` found of the case as it is, by the same model.
        mode: ``"patch"`` or ``"whole"``.
        progress: Told before each perturbation.

    Raises:
        InputError: the case cannot be read.
    """
    case = read_case(folder)
    region = "labelled" if "labelled" in before.scores else "scan"
    plain = before.scores[region]["model"]
    rows = [RobustnessRow(case.name, before.model_id, UNPERTURBED, region, plain, 0.0)]
    for position, (name, perturb) in enumerate(PERTURBATIONS.items()):
        progress(position / len(PERTURBATIONS), f"{case.name}, {name}")
        try:
            volume, reference = perturb(case.volume, case.reference)
        except InputError as error:
            rows.append(RobustnessRow(case.name, before.model_id, name, region, None, 0.0, error.message))
            continue
        mask = spine_voxels(engine.segment(volume, mode=mode))
        # A perturbed scan may lose its slab with its vertebrae; then all of it is scored.
        found = score_regions(mask, reference, levels=False)
        where = region if region in found else "scan"
        rows.append(
            RobustnessRow(case.name, before.model_id, name, where, found[where], found[where].dice - plain.dice)
        )
    progress(1.0, "done")
    return rows


def robustness_table(rows: Sequence[RobustnessRow]) -> Table:
    """Make a table of one row a perturbation, with the change of Dice and a mark where it must not change."""
    shown = []
    for row in rows:
        figures = [NOTHING] * len(HEADS) if row.scores is None else cells(row.scores)
        shown.append([row.name, row.model_id, row.perturbation, row.region, figures[0], _change(row), *figures[1:]])
    notes = [
        f"5 mm slices: re-sampled to {SLICE_MM:g} mm; rotated: the patient leans {TURN_DEG:g} degrees to the side; "
        f"three vertebrae: cropped to the middle three; noise: {NOISE_HU:g} HU on top",
        "metal screw: a pedicle screw, which is no spine; header upside down: it claims head where the feet are",
        f"stored otherwise: same anatomy, other axis order and directions; goal: Dice within {SAME_DICE:g}",
        "labelled: between the centroids of the first and the last labelled vertebra; far ml: more than 10 mm away",
    ]
    notes += [f"{row.name}, {row.perturbation}: not done, {row.reason}" for row in rows if row.scores is None]
    head = ["case", "model", "scan", "region", HEADS[0], "change", *HEADS[1:]]
    return Table("The same scan, perturbed", head, shown, notes)


def rows_to_json(rows: Sequence[RobustnessRow]) -> list[dict[str, Any]]:
    """Convert to plain types for ``json.dumps``."""
    plain: list[dict[str, Any]] = without_nan([asdict(row) for row in rows])
    return plain


def _change(row: RobustnessRow) -> str:
    if row.scores is None or row.perturbation == UNPERTURBED:
        return NOTHING
    change = f"{row.change:+.3f}"
    if row.perturbation == INVARIANT:
        change += " pass" if abs(row.change) <= SAME_DICE else " FAIL"
    return change
