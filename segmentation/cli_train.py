"""``spineview train CONFIG.yaml``."""

from __future__ import annotations

import argparse

from segmentation.config import load_config


def run(options: argparse.Namespace) -> int:
    """Train, or go on where the run of this configuration stopped."""
    config = load_config(options.config)
    from segmentation.training import train  # torch takes seconds to import; a wrong key is said before

    train(config)
    return 0
