"""Tables of figures, as text for a terminal and as Markdown for documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from segmentation.evaluation.baseline import DESCRIPTION
from segmentation.evaluation.intervals import Mean
from segmentation.evaluation.regions import LEVELS, SLABS
from segmentation.evaluation.report import METHODS, CaseReport, Report, mean_scores
from segmentation.evaluation.scores import Scores

NOTHING = "-"
MEANINGS = {
    "scan": "scan: all voxels",
    "labelled": "labelled: between the centroids of the first and the last labelled vertebra, head to foot",
}
COLUMNS = {
    "dice": ("Dice", ".3f"),
    "precision": ("prec", ".3f"),
    "recall": ("recall", ".3f"),
    "hd95_mm": ("HD95 mm", ".1f"),
    "nsd_1mm": ("NSD 1 mm", ".3f"),
    "nsd_3mm": ("NSD 3 mm", ".3f"),
    "volume_ml": ("ml", ".1f"),
    "error_ml": ("error ml", "+.1f"),
    "far_ml": ("far ml", ".1f"),
}
HEADS = tuple(head for head, _ in COLUMNS.values())
ABOUT_FIGURES = "far ml: predicted farther than 10 mm from the reference; error ml: volume less the reference's"


@dataclass(frozen=True)
class Table:
    """Cells as they are shown. Columns of numbers stand right-aligned; the first column is a name."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())

    def text(self) -> str:
        """Pad columns with blanks, for a terminal."""
        columns = list(zip(self.head, *self.rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        sides = ["<" if self._of_words(column) else ">" for column in range(len(columns))]
        lines = [self.title]
        for row in (self.head, *self.rows):
            padded = [f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)]
            lines.append("  ".join(padded).rstrip())
        return "\n".join([*lines, *self.notes])

    def markdown(self) -> str:
        """Format a heading and a pipe table, for a document."""
        ruler = ["---" if self._of_words(column) else "---:" for column in range(len(self.head))]
        lines = ["| " + " | ".join(row) + " |" for row in (self.head, ruler, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, *(f"\n{note}" for note in self.notes), ""])

    def _of_words(self, column: int) -> bool:
        return column == 0 or any(row[column][:1].isalpha() for row in self.rows)


def case_tables(report: Report) -> list[Table]:
    """Make tables of scan, labelled slab, regions and sacrum, each with its means and 95 % intervals."""
    notes = (
        f"model: {report.model_id} on {report.device}, mode {report.mode}; threshold: {DESCRIPTION}",
        ABOUT_FIGURES,
    )
    scan, labelled = (_slab_table(report.cases, region) for region in SLABS)
    tables = [replace(scan, notes=notes), labelled, _level_table(report.cases), _sacrum_table(report.cases)]
    return [table for table in tables if table.rows]


def cells(scores: Scores) -> list[str]:
    """Format the columns of ``HEADS``."""
    return [number(getattr(scores, key), form) for key, (_, form) in COLUMNS.items()]


def mean_rows(label: Sequence[str], means: dict[str, Mean]) -> list[list[str]]:
    """Format the mean and, of two cases or more, its interval below it; ``label`` fills the leading columns."""
    if not means:
        return []
    name, *rest = label
    n = means["dice"].n
    middle = [number(means[key].mean, form) for key, (_, form) in COLUMNS.items()]
    ends = [interval(means[key], form) for key, (_, form) in COLUMNS.items()]
    rows = [[f"mean{name} (n={n})", *rest, *middle], [f"95 %{name} (n={n})", *rest, *ends]]
    return rows if n > 1 else rows[:1]


def number(value: float, form: str) -> str:
    """Format a figure, or a dash where it has no value."""
    return format(value, form) if math.isfinite(value) else NOTHING


def interval(mean: Mean, form: str) -> str:
    """Format both ends of an interval, or a dash for fewer than two cases."""
    return f"{mean.low:{form}} to {mean.high:{form}}" if math.isfinite(mean.low) else NOTHING


def _slab_table(cases: Sequence[CaseReport], region: str) -> Table:
    rows: list[list[str]] = []
    for case in cases:
        for method, scores in case.scores.get(region, {}).items():
            seconds = f"{case.seconds:.1f}" if method == "model" else ""
            rows.append([case.name, method, *cells(scores), seconds])
    for method in METHODS:
        rows += [[*row, ""] for row in mean_rows(["", method], mean_scores(cases, region, method))]
    return Table(MEANINGS[region], ["case", "method", *HEADS, "s"], rows)


def _level_table(cases: Sequence[CaseReport]) -> Table:
    rows: list[list[str]] = []
    for level in LEVELS:
        rows += [[case.name, level, *cells(case.scores[level]["model"])] for case in cases if level in case.scores]
        rows += mean_rows(["", level], mean_scores(cases, level, "model"))
    title = "Regions of the labelled slab: each voxel belongs to the vertebra nearest to it"
    return Table(title, ["case", "region", *HEADS], rows)


def _sacrum_table(cases: Sequence[CaseReport]) -> Table:
    rows = []
    for case in cases:
        if case.sacrum is not None:
            of_sacrum = case.sacrum.claimed_ml / case.sacrum.sacrum_ml
            of_mask = case.sacrum.claimed_ml / case.sacrum.mask_ml if case.sacrum.mask_ml else math.nan
            rows.append(
                [case.name, f"{case.sacrum.claimed_ml:.1f}", f"{of_sacrum:.1%}", number(of_mask, ".1%")],
            )
    return Table("Sacrum taken for spine", ["case", "ml", "of the sacrum", "of the mask"], rows)
