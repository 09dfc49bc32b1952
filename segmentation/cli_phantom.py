"""``spineview phantom DIR``."""

from __future__ import annotations

import argparse
from typing import Any

from segmentation.phantom import PhantomSpec, write_phantom


def run(options: argparse.Namespace) -> int:
    """Write ``ct.nii.gz``, ``vert.nii.gz`` and ``truth.json`` into a folder."""
    asked: dict[str, Any] = {
        "levels": None if options.levels is None else tuple(options.levels.replace(",", " ").split()),
        "spacing_mm": None if options.spacing is None else (options.spacing,) * 3,
        "orientation": options.orientation,
        "noise_hu": options.noise,
        "seed": options.seed,
    }
    spec = PhantomSpec(**{key: value for key, value in asked.items() if value is not None})
    options.folder.mkdir(parents=True, exist_ok=True)
    write_phantom(options.folder, spec)
    print(f"{options.folder}: ct.nii.gz, vert.nii.gz, truth.json ({', '.join(spec.levels)})")
    return 0
