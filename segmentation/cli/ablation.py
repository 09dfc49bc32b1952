"""The command ``spineview ablation CONFIG.yaml``."""

from __future__ import annotations

import argparse
import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.atomic import write_atomically

if TYPE_CHECKING:
    from segmentation.training.ablation import Result, Run, Variant

# The thesis's Dice in percent, on VerSe, 200 epochs at 128^3. Its "down-sampling step" is preprocessing: whole; that
# the figures without it belong to the distorting resize is how they are read here.
THESIS = {
    "DenseNet3D-resize": 70.2,
    "UNet3D-resize": 76.1,
    "Dense3DUNet-resize": 78.3,
    "Dense3DUNet-whole": 80.7,
}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the configuration file."""
    command.add_argument("config", metavar="CONFIG.yaml", type=Path)


def run(options: argparse.Namespace) -> int:
    """Run what is not finished yet, print the table, and leave it in the runs' folder as CSV and as Markdown."""
    from tqdm import tqdm

    from segmentation.cli.options.progress_bar import shown_progress
    from segmentation.training.ablation import compare, load_ablation  # torch takes seconds to import

    ablation, plan = load_ablation(options.config)

    def keep(results: list[Result]) -> None:
        rows = summarise(plan, results)
        write_atomically(ablation.out / "table.md", "\n".join(markdown(rows, plan, results)) + "\n")
        write_atomically(ablation.out / "table.csv", as_csv(rows))

    with shown_progress() as progress:
        results = compare(ablation, plan, tqdm.write, progress, keep)
    print("\n".join(markdown(summarise(plan, results), plan, results)))
    return 0


@dataclass(frozen=True)
class Row:
    """One row of the table; Dice in percent.

    Attributes:
        deviation: Standard deviation over the seeds (n - 1); NaN for one seed.
        thesis: The thesis's own figure, where it has one.
    """

    variant: Variant
    parameters: int
    minutes: float
    by_seed: dict[int, float]
    mean: float
    deviation: float
    thesis: float | None


def summarise(plan: Sequence[Run], results: Sequence[Result]) -> list[Row]:
    """Summarise each variant, in the order of the plan, over the runs that are finished."""
    rows = []
    for name, variant in {run.variant.name: run.variant for run in plan}.items():
        own = [result for result in results if result.variant == name]
        if not own:
            continue
        dice = {result.seed: 100 * result.mean for result in own}
        deviation = statistics.stdev(dice.values()) if len(dice) > 1 else float("nan")
        minutes = statistics.fmean(result.minutes for result in own)
        mean = statistics.fmean(dice.values())
        rows.append(Row(variant, own[0].parameters, minutes, dice, mean, deviation, THESIS.get(name)))
    return rows


def markdown(rows: Sequence[Row], plan: Sequence[Run], results: Sequence[Result]) -> list[str]:
    """Format the table and its notes as Markdown lines."""
    lines = [
        "| network | scan shown as | parameters | minutes a run | Dice here, % (mean ± SD) | each seed | thesis, % |",
        "|---|---|--:|--:|--:|---|--:|",
    ]
    for row in rows:
        shown = row.variant.preprocessing + (", cut to its bone" if row.variant.crop == "bone" else "")
        seeds = ", ".join(f"{value:.1f}" for value in row.by_seed.values())
        lines.append(
            f"| {row.variant.network.name} | {shown} | {row.parameters:,} | {row.minutes:.1f} "
            f"| {row.mean:.1f} ± {row.deviation:.1f} | {seeds} | {row.thesis or ''} |"
        )
    return [*lines, "", _differences(plan[0], results), "", *order(rows)]


def _differences(run: Run, results: Sequence[Result]) -> str:
    config, one = run.config, results[0]
    steps = sorted({result.steps for result in results})
    budget = f"{steps[0]}" if len(steps) == 1 else f"{steps[0]} to {steps[-1]}"
    seeds = len({result.seed for result in results})
    return (
        "Cases and budget are not the thesis's, so the percentages cannot be compared with its own, only their order: "
        f"here {one.scans} scans and {one.label_maps} label maps to train on, {len(one.dice)} to test on "
        f"({', '.join(one.dice)}), {budget} steps of {config.batch} at {config.window}³ voxels, seeds: {seeds}, "
        "Dice on the scans' own grids; there the VerSe data, 200 epochs at 128³."
    )


def order(rows: Sequence[Row]) -> list[str]:
    """Tell whether the rows that the thesis has stand in its order, and where they do not."""
    known = sorted((row for row in rows if row.thesis is not None), key=lambda row: row.thesis or 0.0)
    if len(known) < 2:
        return ["Of the thesis's rows there are too few for an order."]
    there = " < ".join(f"{row.variant.name} ({row.thesis})" for row in known)
    here = " < ".join(f"{row.variant.name} ({row.mean:.1f})" for row in sorted(known, key=lambda row: row.mean))
    exchanged = [(low, high) for low, high in combinations(known, 2) if low.mean >= high.mean]
    verdict = "The order is the thesis's." if not exchanged else "THE ORDER DIFFERS FROM THE THESIS'S."
    lines = [f"{verdict} Thesis: {there}. Here: {here}."]
    for low, high in exchanged:
        apart, spread = low.mean - high.mean, low.deviation + high.deviation
        judged = "more than" if apart > spread else "not more than"
        pair = f"{low.variant.name} is {apart:.1f} above {high.variant.name}"
        lines.append(f"{pair}, {judged} the sum of their deviations over the seeds.")
    return lines


def as_csv(rows: Sequence[Row]) -> str:
    """Format the table as CSV with one column a seed."""
    seeds = sorted({seed for row in rows for seed in row.by_seed})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["network", "preprocessing", "crop", "parameters", "minutes", "dice_mean", "dice_sd"]
    writer.writerow([*heads, *(f"dice_seed_{seed}" for seed in seeds), "thesis"])
    for row in rows:
        figures = [row.minutes, row.mean, row.deviation, *(row.by_seed.get(seed, float("nan")) for seed in seeds)]
        shown = [row.variant.network.name, row.variant.preprocessing, row.variant.crop, row.parameters]
        writer.writerow([*shown, *(f"{figure:.3f}" for figure in figures), row.thesis or ""])
    return text.getvalue()
