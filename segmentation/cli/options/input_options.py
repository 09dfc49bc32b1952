"""Options that several commands share: the scan to read and the model to run."""

from __future__ import annotations

import argparse
from pathlib import Path

_INPUT_HELP = "a CT: .nii, .nii.gz, .nrrd or .mha; a DICOM folder, DICOMDIR, or a zip of one"
_SERIES_HELP = "of DICOM: a series by UID or number (the one that info proposes)"


def add_scan_input(command: argparse.ArgumentParser, required: bool = True) -> None:
    """Add ``INPUT``; None if it is not ``required`` and not given."""
    command.add_argument("input", metavar="INPUT", type=Path, nargs=None if required else "?", help=_INPUT_HELP)


def add_series_option(command: argparse.ArgumentParser) -> None:
    """Add ``--series``."""
    command.add_argument("--series", metavar="UID", default="", help=_SERIES_HELP)


def add_model_options(command: argparse.ArgumentParser) -> None:
    """Add ``--device``, ``--model`` and ``--mode``."""
    command.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    command.add_argument("--model", metavar="FILE", type=Path, help="a model file (the packaged one)")
    command.add_argument(
        "--mode",
        choices=["patch", "whole"],
        default="patch",
        help="windows at full detail, or the scan at once",
    )
