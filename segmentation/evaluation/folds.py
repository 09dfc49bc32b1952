"""Cross-validation: each case is segmented by weights that were not trained on its source, all in one table.

Which weights those are, nobody can read off a model file: the fold file says it, and the table names each
model by its checksum, so that the claim can be checked against the training runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segmentation.core.errors import BadConfiguration, InputError
from segmentation.core.progress import Progress, ignore
from segmentation.evaluation.cases import CT_FILE, REFERENCE_FILE, Segmenter
from segmentation.evaluation.regions import SLABS
from segmentation.evaluation.report import CaseReport, evaluate_case, mean_scores, without_nan
from segmentation.evaluation.tables import ABOUT_FIGURES, HEADS, MEANINGS, Table, cells, mean_rows

Loader = Callable[[Path], Segmenter]


class Folds(BaseModel):
    """Content of a fold file, paths resolved against the folder it lies in.

    Attributes:
        cases: Folder of a case (``ct.nii.gz``, ``vert.nii.gz``) to the weights of the fold that did not see it.
        crops: The same for scans too small to be compared with whole ones; never part of a mean.
        training_only: Name of a case that is never tested, to the reason.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    cases: dict[Path, Path] = Field(min_length=1)
    crops: dict[Path, Path] = {}
    training_only: dict[str, str] = {}


@dataclass(frozen=True)
class FoldCase:
    """One case, and the weights that segment it."""

    crop: bool
    folder: Path
    weights: Path
    report: CaseReport


@dataclass(frozen=True)
class FoldsReport:
    """Scores of every case of a fold file.

    ``excluded`` maps training-only cases, ``refused`` unreadable ones, to the reason.
    """

    cases: list[FoldCase]
    excluded: dict[str, str]
    refused: dict[str, str]

    def whole(self) -> list[CaseReport]:
        """Cases that means are taken over: all but the crops."""
        return [case.report for case in self.cases if not case.crop]

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for ``json.dumps``."""
        means = {
            region: {name: asdict(mean) for name, mean in mean_scores(self.whole(), region, "model").items()}
            for region in SLABS
        }
        cases = [{"weights": case.weights.name, "crop": case.crop, **asdict(case.report)} for case in self.cases]
        content = {"cases": cases, "mean": means, "excluded": self.excluded, "refused": self.refused}
        return {key: without_nan(value) for key, value in content.items()}


def read_folds(path: Path) -> Folds:
    """Read a fold file.

    Raises:
        BadConfiguration: it is missing, not YAML, has an unknown key, names a folder or weights that are not
            there, or tests a case that it says is for training only.
    """
    if not path.is_file():
        raise BadConfiguration("folds.no_file", path=path)
    try:
        folds = Folds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadConfiguration("yaml.unreadable", name=path.name, detail=error) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadConfiguration(
            "folds.invalid", name=path.name, where=where, detail=first["msg"], keys=Folds.model_fields
        ) from error
    base = path.parent.resolve()
    resolved = {
        key: {base / folder: base / weights for folder, weights in getattr(folds, key).items()}
        for key in ("cases", "crops")
    }
    for folder, weights in (pair for pairs in resolved.values() for pair in pairs.items()):
        _check(folder, weights, folds.training_only)
    return folds.model_copy(update=resolved)


def evaluate_folds(folds: Folds, load: Loader, mode: str = "patch", progress: Progress = ignore) -> FoldsReport:
    """Segment and score every case with the weights of its fold.

    Args:
        folds: From ``read_folds``.
        load: Weights to a model; called for each case, so it should remember the last.
        mode: ``"patch"`` or ``"whole"``.
        progress: Told before each case.

    Raises:
        InputError: a model file cannot be used.
    """
    todo = [(*pair, False) for pair in folds.cases.items()] + [(*pair, True) for pair in folds.crops.items()]
    done: list[FoldCase] = []
    refused: dict[str, str] = {}
    for position, (folder, weights, crop) in enumerate(todo):
        progress(position / len(todo), folder.name)
        engine = load(weights)
        try:
            report = evaluate_case(folder, engine, mode, threshold=False)
        except InputError as error:
            refused[folder.name] = error.message
        else:
            done.append(FoldCase(crop, folder, weights, report))
    progress(1.0, "done")
    return FoldsReport(done, dict(folds.training_only), refused)


def folds_table(report: FoldsReport) -> Table:
    """Make a table of scan and labelled slab of each case.

    Means are over whole scans; the crops stand apart, and what is left out is named.
    """
    whole = [case for case in report.cases if not case.crop]
    rows = [row for case in whole for row in _rows(case, case.report.name)]
    for region in SLABS:
        rows += mean_rows(["", region, ""], mean_scores(report.whole(), region, "model"))
    rows += [row for case in report.cases if case.crop for row in _rows(case, f"crop: {case.report.name}")]
    notes = [ABOUT_FIGURES, *MEANINGS.values(), "crop: too small to be a scan; no part of the mean"]
    notes += [f"never tested: {name} ({reason})" for name, reason in report.excluded.items()]
    title = "Each case by weights that never saw its source"
    return Table(title, ["case", "region", "model", *HEADS], rows, notes)


def _rows(case: FoldCase, name: str) -> list[list[str]]:
    return [
        [name, region, case.report.model_id, *cells(case.report.scores[region]["model"])]
        for region in SLABS
        if region in case.report.scores
    ]


def _check(folder: Path, weights: Path, training_only: dict[str, str]) -> None:
    if folder.name in training_only:
        raise BadConfiguration("folds.training_only", case=folder.name)
    for file in (folder / CT_FILE, folder / REFERENCE_FILE, weights):
        if not file.is_file():
            raise BadConfiguration("folds.file_missing", path=file)
