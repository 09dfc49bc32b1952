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

    if _names_vertebrae(options.config):
        return _train_names(options.config)
    config = load_config(options.config)
    from segmentation.training.trainer import train  # torch takes seconds to import; a wrong key is reported before

    with shown_progress() as progress:
        train(config, tqdm.write, progress)  # tqdm's print leaves the bar whole
    return 0


def _names_vertebrae(path: Path) -> bool:
    """Tell whether a configuration is of the network that names vertebrae."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (yaml.YAMLError, UnicodeDecodeError):
        return False  # said by the reader of the other kind
    return isinstance(content, dict) and content.get("kind") == "names"


def _train_names(path: Path) -> int:
    from segmentation.training.vertebrae.config import load_names_config, load_names_items

    config = load_names_config(path)
    from segmentation.training.vertebrae.trainer import NameTrainer  # torch takes seconds to import

    items = load_names_items(config)
    print(f"{len(items)} spines")
    print(NameTrainer(config.out, config.minutes, config.rate, config.seed, config.name).run(items))
    return 0
