"""Learning curves: loss and validation Dice of a training run as a picture."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from matplotlib.figure import Figure

from segmentation.core.atomic import atomic_path

LOSS_COLOUR, DICE_COLOUR = "#b45309", "#0f766e"


def draw_curves(log: Path, picture: Path, title: str = "") -> None:
    """Draw ``log`` (a run's log.csv) into ``picture`` (PNG); the Dice only where there is a validation scan."""
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    scores = [float(row["validation_dice"]) for row in rows]
    figure = Figure(figsize=(8, 4.5), dpi=100, layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="step", ylim=(0, 1.0))
    axes.plot(steps, [float(row["loss"]) for row in rows], ".-", color=LOSS_COLOUR, label="loss")
    if any(not math.isnan(score) for score in scores):
        best = max(score for score in scores if not math.isnan(score))
        axes.plot(steps, scores, ".-", color=DICE_COLOUR, label=f"validation Dice (best {best:.3f})")
    axes.grid(alpha=0.3)
    axes.legend(loc="center right")
    with atomic_path(picture) as partial:
        figure.savefig(partial, format="png")
