"""The command ``spineview phantom DIR``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segmentation.core.volume import Volume


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the folder, and what the synthetic spine shall be like."""
    command.add_argument("folder", metavar="DIR", type=Path)
    command.add_argument("--levels", help="vertebrae from head to foot, for instance T12,L1,L2")
    command.add_argument("--spacing", metavar="MM", type=float, help="edge of a voxel")
    command.add_argument("--orientation", metavar="AXES", help="three letters, for instance LPS")
    command.add_argument("--noise", metavar="HU", type=float, help="standard deviation of the noise")
    command.add_argument("--seed", type=int, help="of everything random")
    command.add_argument("--lifelike", action="store_true", default=None, help="bone more as a scanner shows it")
    command.add_argument("--dicom", metavar="SYNTAX", nargs="?", const="explicit", help="write DIR/dicom, too")
    command.add_argument("--multiframe", action="store_true", help="that DICOM as one enhanced CT file")
    command.add_argument("--tilt", metavar="DEGREES", type=float, default=0.0, help="its gantry tilt")


def run(options: argparse.Namespace) -> int:
    """Write ``ct.nii.gz``, ``vert.nii.gz`` and ``truth.json`` into a folder; with ``--dicom`` the CT as DICOM, too."""
    from segmentation.phantom import PhantomSpec, write_phantom

    asked: dict[str, Any] = {
        "levels": None if options.levels is None else tuple(options.levels.replace(",", " ").split()),
        "spacing_mm": None if options.spacing is None else (options.spacing,) * 3,
        "orientation": options.orientation,
        "noise_hu": options.noise,
        "seed": options.seed,
        "lifelike": options.lifelike,
    }
    spec = PhantomSpec(**{key: value for key, value in asked.items() if value is not None})
    options.folder.mkdir(parents=True, exist_ok=True)
    phantom = write_phantom(options.folder, spec)
    print(f"{options.folder}: ct.nii.gz, vert.nii.gz, truth.json ({', '.join(spec.levels)})")
    if options.dicom is not None:
        _write_dicom(phantom.volume, options)
    return 0


def _write_dicom(volume: Volume, options: argparse.Namespace) -> None:
    from segmentation.phantom.dicom import DicomSpec, write_dicom

    spec = DicomSpec(options.dicom, multiframe=options.multiframe, tilt_deg=options.tilt)
    files = write_dicom(volume, options.folder / "dicom", spec)
    print(f"{options.folder / 'dicom'}: {len(files)} DICOM file{'s' if len(files) != 1 else ''} ({spec.syntax})")
