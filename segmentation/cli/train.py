"""The command ``spineview train CONFIG.yaml``."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the configuration file."""
    command.add_argument("config", metavar="CONFIG.yaml", type=Path)


def run(options: argparse.Namespace) -> int:
    """Train, or go on where the run of this configuration stopped."""
    from tqdm import tqdm

    from segmentation.cli.options.progress_bar import shown_progress
    from segmentation.training.config import load_config

    config = load_config(options.config)
    from segmentation.training.trainer import train  # torch takes seconds to import; a wrong key is reported before

    with shown_progress() as progress:
        train(config, tqdm.write, progress)  # tqdm's print leaves the bar whole
    return 0
