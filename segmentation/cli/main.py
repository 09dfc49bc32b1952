"""The command line: ``spineview serve | segment | evaluate | train | ablation | info | phantom``.

Exit 0: done. 2: bad input, with one plain line on stderr. 1: a bug, with its traceback. 130: Ctrl+C.
Each command lives in a module that is imported when it is asked for, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

from segmentation.cli.dicom_options import add_dicom_options
from segmentation.cli.mesh_options import add_mesh_options
from segmentation.core.errors import InputError

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130

# Command to the module that holds its ``run(options) -> int``.
MODULES = {
    "serve": "segmentation.cli.serve",
    "segment": "segmentation.cli.segment",
    "evaluate": "segmentation.cli.evaluate",
    "train": "segmentation.cli.train",
    "ablation": "segmentation.cli.ablation",
    "info": "segmentation.cli.info",
    "phantom": "segmentation.cli.phantom",
}


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A bug is raised, which Python ends with 1."""
    options = build_parser().parse_args(arguments)
    try:
        code: int = import_module(MODULES[options.command]).run(options)
    except InputError as error:
        print(" ".join(f"spineview: {error.message} {error.hint}".split()), file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        # A full disk, a folder that may not be written: the person's to mend, not a bug of ours.
        print(f"spineview: {error.strerror or error}: {error.filename or 'a file'}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("spineview: stopped", file=sys.stderr)
        return INTERRUPTED
    return code


def build_parser() -> argparse.ArgumentParser:
    """Every command and option; ``options.command`` names the command."""
    parser = Parser(prog="spineview", description="Finds the spine in a CT. For research use only.")
    parser.add_argument("--version", action="version", version=f"spineview {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _add_serve(commands)
    _add_segment(commands)
    _add_evaluate(commands)
    train = commands.add_parser("train", help="train a model as a configuration file says; goes on where it stopped")
    train.add_argument("config", metavar="CONFIG.yaml", type=Path)
    ablation = commands.add_parser("ablation", help="train and measure networks and preprocessings side by side")
    ablation.add_argument("config", metavar="CONFIG.yaml", type=Path)
    info = commands.add_parser("info", help="geometry and HU range of a scan, and why it would be refused")
    info.add_argument("input", metavar="INPUT", type=Path, help=INPUT_HELP)
    info.add_argument("--series", metavar="UID", default="", help=SERIES_HELP)
    _add_phantom(commands)
    return parser


INPUT_HELP = "a CT: .nii, .nii.gz, .nrrd or .mha; a DICOM folder, DICOMDIR, or a zip of one"
SERIES_HELP = "of DICOM: a series by UID or number (the one that info proposes)"
_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _add_serve(commands: _Commands[Parser]) -> None:
    serve = commands.add_parser("serve", help="start the web application")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (8000)")
    serve.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")


def _add_segment(commands: _Commands[Parser]) -> None:
    segment = commands.add_parser("segment", help="write the spine mask of a CT")
    segment.add_argument("input", metavar="INPUT", type=Path, help=INPUT_HELP)
    segment.add_argument("-o", "--output", metavar="MASK.nii.gz", type=Path, required=True, help="or .nii, .nrrd")
    segment.add_argument("--label-table", metavar="FILE.txt", type=Path, help="names and colours of the mask's labels")
    segment.add_argument("--series", metavar="UID", default="", help=SERIES_HELP)
    _add_model(segment)
    segment.add_argument("--reference", metavar="MASK", type=Path, help="print the Dice against this mask")
    add_mesh_options(segment)
    add_dicom_options(segment)
    segment.add_argument("--slices", metavar="DIR", type=Path, help="write comparison pictures")
    segment.add_argument("--feature-maps", metavar="DIR", type=Path, help="write each level's feature maps")
    segment.add_argument("--report", metavar="FILE.json", type=Path, help="write what was done and measured")


def _add_evaluate(commands: _Commands[Parser]) -> None:
    evaluate = commands.add_parser("evaluate", help="measure a model on scans; prints a table for each option")
    evaluate.add_argument("--cases", metavar="DIR", type=Path, help="holds */ct.nii.gz and */vert.nii.gz")
    evaluate.add_argument("--folds", metavar="FILE.yaml", type=Path, help="cases, each with weights that never saw it")
    evaluate.add_argument("--far", metavar="DIR", type=Path, help="CTs without labels: the mask away from the spine")
    evaluate.add_argument("--centrelines", metavar="FILE.json", type=Path, help="where the spine of each of them runs")
    evaluate.add_argument("--negatives", metavar="DIR", type=Path, help="CTs without a spine: what is claimed there")
    evaluate.add_argument("--robustness", action="store_true", help="the labelled scans again, each perturbed")
    _add_model(evaluate)
    evaluate.add_argument("-o", "--output", metavar="REPORT.json", type=Path)
    evaluate.add_argument("--markdown", metavar="FILE.md", type=Path, help="the tables, to paste into a document")


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    command.add_argument("--model", metavar="FILE", type=Path, help="a model file (the packaged one)")
    command.add_argument(
        "--mode",
        choices=["patch", "whole"],
        default="patch",
        help="windows at full detail, or the scan at once",
    )


def _add_phantom(commands: _Commands[Parser]) -> None:
    phantom = commands.add_parser("phantom", help="write a synthetic spine CT whose geometry is known")
    phantom.add_argument("folder", metavar="DIR", type=Path)
    phantom.add_argument("--levels", help="vertebrae from head to foot, for instance T12,L1,L2")
    phantom.add_argument("--spacing", metavar="MM", type=float, help="edge of a voxel")
    phantom.add_argument("--orientation", metavar="AXES", help="three letters, for instance LPS")
    phantom.add_argument("--noise", metavar="HU", type=float, help="standard deviation of the noise")
    phantom.add_argument("--seed", type=int, help="of everything random")
    phantom.add_argument("--dicom", metavar="SYNTAX", nargs="?", const="explicit", help="write DIR/dicom, too")
    phantom.add_argument("--multiframe", action="store_true", help="that DICOM as one enhanced CT file")
    phantom.add_argument("--tilt", metavar="DEGREES", type=float, default=0.0, help="its gantry tilt")


def _version() -> str:
    try:
        return version("spineview")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
