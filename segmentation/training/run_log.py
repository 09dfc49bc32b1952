"""Record of a training run in its folder: log.csv, curves.png, run.json."""

from __future__ import annotations

import csv
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from segmentation.core.atomic import atomic_path, write_atomically
from segmentation.training.config import TrainingConfig
from segmentation.training.curves import draw_curves

COLUMNS = ["step", "seconds", "loss", "validation_dice", "learning_rate"]


def append(out: Path, step: int, seconds: float, loss: float, dice: float, rate: float) -> None:
    """Append one line to log.csv."""
    path = out / "log.csv"
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerow([step, round(seconds), f"{loss:.5f}", f"{dice:.5f}", f"{rate:.3e}"])


def forget_after(out: Path, step: int) -> None:
    """Drop the lines after ``step``: a run that was killed is about to write them again."""
    path = out / "log.csv"
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row[0] == "step" or int(row[0]) <= step]
    with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def draw(out: Path, title: str) -> None:
    """Draw curves.png from log.csv, where there is one."""
    if (out / "log.csv").exists():
        draw_curves(out / "log.csv", out / "curves.png", title)


def describe(config: TrainingConfig, parameters: int, device: str, threads: int) -> None:
    """Write run.json: the configuration with its seed, the size of the network and the environment."""
    environment = {
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "monai", "numpy")},
        "device": device,
        "threads": threads,
    }
    content: dict[str, Any] = {
        "configuration": config.model_dump(mode="json"),
        "parameters": parameters,
        "environment": environment,
    }
    write_atomically(config.out / "run.json", json.dumps(content, indent=2))


def configuration(out: Path) -> dict[str, Any]:
    """Read the configuration in run.json, as plain types."""
    content: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))["configuration"]
    return content


def last(out: Path) -> tuple[int, float]:
    """Read step and seconds of the last line of log.csv."""
    with (out / "log.csv").open(newline="", encoding="utf-8") as file:
        row = list(csv.DictReader(file))[-1]
    return int(row["step"]), float(row["seconds"])
