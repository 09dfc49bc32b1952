"""``spineview phantom DIR``."""

from __future__ import annotations

import argparse
from typing import Any

from segmentation.core.volume import Volume
from segmentation.phantom import PhantomSpec, write_phantom


def run(options: argparse.Namespace) -> int:
    """Write ``ct.nii.gz``, ``vert.nii.gz`` and ``truth.json`` into a folder; with ``--dicom`` the CT as DICOM, too."""
    asked: dict[str, Any] = {
        "levels": None if options.levels is None else tuple(options.levels.replace(",", " ").split()),
        "spacing_mm": None if options.spacing is None else (options.spacing,) * 3,
        "orientation": options.orientation,
        "noise_hu": options.noise,
        "seed": options.seed,
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
