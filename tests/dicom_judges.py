"""Programs of others that read what we write.

dcmqi and rt-utils (from PyPI), dciodvfy (Debian's dicom3tools) and plastimatch (Debian).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

RT_UTILS = Path(__file__).parents[1] / "build" / "rt-utils"
_READ_STRUCTURES = """
import sys, numpy
from rt_utils import RTStructBuilder
series, structures, out = sys.argv[1:]
found = RTStructBuilder.create_from(dicom_series_path=series, rt_struct_path=structures)
numpy.savez(out, **{name: found.get_roi_mask_by_name(name) for name in found.get_roi_names()})
"""


def complaints(path: Path) -> list[str]:
    """Every error and warning of dciodvfy; the test is skipped where it is not installed."""
    judge = shutil.which("dciodvfy")
    if judge is None:
        pytest.skip("dciodvfy is not installed (Debian: apt-get install dicom3tools)")
    answer = subprocess.run([judge, str(path)], capture_output=True, text=True, timeout=120, check=False)
    return [line for line in answer.stderr.splitlines() if line.startswith(("Error", "Warning"))]


def read_with_dcmqi(path: Path, folder: Path) -> list[tuple[str, sitk.Image]]:
    """Label and image of each segment, as dcmqi's ``segimage2itkimage`` places them (LPS); skipped where it is not."""
    program = Path(sys.executable).parent / "segimage2itkimage"
    if not program.exists():
        pytest.skip("dcmqi is not installed (it has no wheel for this machine)")
    command = [str(program), "--inputDICOM", str(path), "--outputDirectory", str(folder), "-t", "nrrd", "-p", "judged"]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    meta = json.loads((folder / "judged-meta.json").read_text())
    found = []
    for number, group in enumerate(meta["segmentAttributes"], start=1):
        [segment] = group
        found.append((segment["SegmentLabel"], sitk.ReadImage(str(folder / f"judged-{number}.nrrd"))))
    return found


def read_with_plastimatch(path: Path, series: Path, folder: Path) -> dict[str, sitk.Image]:
    """Masks of a structure set on the grid of its series, by name, as plastimatch makes them; skipped without it."""
    program = shutil.which("plastimatch")
    if program is None:
        pytest.skip("plastimatch is not installed (Debian: apt-get install plastimatch)")
    command = [program, "convert", "--input", str(path), "--referenced-ct", str(series),
               "--output-prefix", str(folder), "--prefix-format", "nrrd"]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return {found.stem: sitk.ReadImage(str(found)) for found in folder.iterdir()}


def read_with_rt_utils(path: Path, series: Path, folder: Path) -> dict[str, NDArray[Any]]:
    """Masks (row, column, slice) of a structure set, by name, as rt-utils makes them; skipped where it is not.

    It lies in a folder of its own, for it brings a package ``tests`` that would hide these.
    """
    if not RT_UTILS.exists():
        pytest.skip(f"rt-utils is not installed in {RT_UTILS} (scripts/ensure/dicom-tools)")
    out = folder / "rt-utils.npz"
    environment = {**os.environ, "PYTHONPATH": str(RT_UTILS)}
    command = [sys.executable, "-c", _READ_STRUCTURES, str(series), str(path), str(out)]
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, timeout=120, check=True)
    with np.load(out) as masks:
        return dict(masks)
