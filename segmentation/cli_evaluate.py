"""``spineview evaluate --cases DIR``."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import asdict

from segmentation.baseline import DESCRIPTION
from segmentation.cli_output import check_writable, write_json
from segmentation.cli_progress import shown_progress
from segmentation.evaluation import METHODS, REGIONS, Report, Scores, evaluate, find_cases

COLUMNS = {
    "dice": ("Dice", "{:.3f}"),
    "precision": ("prec", "{:.3f}"),
    "recall": ("recall", "{:.3f}"),
    "hd95_mm": ("HD95mm", "{:.1f}"),
    "nsd_1mm": ("NSD1", "{:.3f}"),
    "nsd_3mm": ("NSD3", "{:.3f}"),
    "volume_ml": ("ml", "{:.0f}"),
    "reference_ml": ("ref ml", "{:.0f}"),
    "far_ml": ("far ml", "{:.1f}"),
}
MEANINGS = {
    "scan": "scan: all voxels",
    "labelled": "labelled: between the centroids of the first and the last labelled vertebra, head to foot",
}


def run(options: argparse.Namespace) -> int:
    """Print a table of every case and the mean; exit 2 if no case could be used."""
    check_writable(options.output, ".json")
    find_cases(options.cases)
    # Only now the import that takes seconds.
    from segmentation.inference import Engine

    engine = Engine(model=options.model, device=options.device)
    with shown_progress() as progress:
        report = evaluate(options.cases, engine, options.mode, engine.model.sha256, progress)
    print("\n".join(table(report)))
    if options.output is not None:
        write_json(report.to_json(), options.output)
    for name, reason in report.refused.items():
        print(f"spineview: {name} left out: {reason}", file=sys.stderr)
    return 0 if report.cases else 2


def table(report: Report) -> list[str]:
    """The report for a person: for each region one row a case and method, then the means."""
    width = max([len(case.name) for case in report.cases] + [4])
    lines = [f"model      {report.model_id} on {report.device}, mode {report.mode}"]
    lines += [f"threshold  {DESCRIPTION}", "far ml     predicted farther than 10 mm from the reference"]
    for region in REGIONS:
        cases = [case for case in report.cases if region in case.scores]
        if not cases:
            continue
        heads = "".join(f"{head:>8}" for head, _ in COLUMNS.values())
        lines += ["", MEANINGS[region], f"{'case':<{width}}  {'method':<9}{heads}{'s':>8}"]
        for case in cases:
            for method in METHODS:
                seconds = f"{case.seconds:8.1f}" if method == "model" else ""
                lines.append(f"{case.name:<{width}}  {method:<9}{_cells(case.scores[region][method])}{seconds}")
        for method in METHODS:
            mean = report.mean(region, method)
            if mean is not None:
                lines.append(f"{'mean':<{width}}  {method:<9}{_cells(mean)}")
    return lines


def _cells(scores: Scores) -> str:
    values = asdict(scores)
    return "".join(
        f"{'-' if math.isnan(values[key]) else form.format(values[key]):>8}" for key, (_, form) in COLUMNS.items()
    )
