"""Report of a model's quality on labelled CTs, with a bone threshold on the same voxels for comparison.

The spine is C1-L6 and T13 of the reference (VerSe 1-25 and 28); sacrum and coccyx are background. Everything is
measured at native resolution, on the grid of the CT. Regions: ``segmentation.evaluation.regions``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from segmentation.core.errors import InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.evaluation.baseline import DESCRIPTION, bone_threshold
from segmentation.evaluation.cases import Segmenter, find_cases, read_case
from segmentation.evaluation.intervals import Mean, mean_with_interval
from segmentation.evaluation.regions import LEVELS, SLABS
from segmentation.evaluation.scores import SacrumScores, Scores, score_regions, score_sacrum

REGIONS = (*SLABS, *LEVELS)
METHODS = ("model", "threshold")
FIGURES = tuple(field.name for field in fields(Scores))


@dataclass(frozen=True)
class CaseReport:
    """Scores of one CT by region and method, the model, and the seconds that it took.

    ``scores[region][method]``. ``scan`` is always there; ``labelled`` where two vertebrae are labelled; ``C``,
    ``T`` and ``L``, for the model alone, where the reference has such vertebrae. ``sacrum`` is None without one.
    """

    name: str
    model_id: str
    seconds: float
    scores: dict[str, dict[str, Scores]]
    sacrum: SacrumScores | None = None


@dataclass(frozen=True)
class Report:
    """Scores of all cases by one model. ``refused`` maps the cases that could not be read to the reason."""

    model_id: str
    model_sha256: str
    device: str
    mode: str
    cases: list[CaseReport]
    refused: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for ``json.dumps``; what has no value (NaN) is None."""
        content = {
            "model": {"id": self.model_id, "sha256": self.model_sha256},
            "device": self.device,
            "mode": self.mode,
            "baseline": DESCRIPTION,
            "cases": [asdict(case) for case in self.cases],
            "mean": {
                region: {
                    method: {figure: asdict(mean) for figure, mean in means.items()}
                    for method in METHODS
                    if (means := mean_scores(self.cases, region, method))
                }
                for region in REGIONS
            },
            "refused": self.refused,
        }
        return {key: without_nan(value) for key, value in content.items()}


def mean_scores(cases: Sequence[CaseReport], region: str, method: str) -> dict[str, Mean]:
    """Compute mean and interval of each figure over the cases that have ``region`` by ``method``; empty if none has."""
    found = [case.scores[region][method] for case in cases if method in case.scores.get(region, {})]
    return {name: mean_with_interval([getattr(row, name) for row in found]) for name in FIGURES} if found else {}


def evaluate(
    cases: Path, engine: Segmenter, mode: str = "patch", model_sha256: str = "", progress: Progress = ignore
) -> Report:
    """Segment every case of a folder and compare with its reference.

    Args:
        cases: Folder with ``*/ct.nii.gz`` and ``*/vert.nii.gz``.
        engine: The model.
        mode: ``"patch"`` or ``"whole"``.
        model_sha256: Of the model's file, for the report.
        progress: Told after each case.

    Raises:
        InputError: there are no cases.
    """
    folders = find_cases(cases)
    done: list[CaseReport] = []
    refused: dict[str, str] = {}
    for number, folder in enumerate(folders):
        progress(number / len(folders), folder.name)
        try:
            done.append(evaluate_case(folder, engine, mode))
        except InputError as error:
            refused[folder.name] = error.message
    progress(1.0, "done")
    return Report(engine.model_id, model_sha256, engine.device, mode, done, refused)


def evaluate_case(folder: Path, engine: Segmenter, mode: str = "patch", threshold: bool = True) -> CaseReport:
    """Segment one case and score it, with or without the bone threshold for comparison.

    Raises:
        InputError: the CT or its reference cannot be used, or they do not lie on one grid.
    """
    case = read_case(folder)
    started = time.perf_counter()
    mask = spine_voxels(engine.segment(case.volume, mode=mode))
    seconds = time.perf_counter() - started
    scores = {region: {"model": found} for region, found in score_regions(mask, case.reference).items()}
    sacrum = score_sacrum(mask, case.reference)
    if threshold:
        baseline = score_regions(bone_threshold(case.volume.hu), case.reference, levels=False)
        for region, found in baseline.items():
            scores[region]["threshold"] = found
    return CaseReport(folder.name, engine.model_id, seconds, scores, sacrum)


def without_nan(value: Any) -> Any:
    """Replace every number that JSON cannot hold by None, in all dicts and lists of ``value``."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
