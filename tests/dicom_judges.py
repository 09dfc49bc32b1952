"""Programs of others that read what we write: dcmqi (from PyPI) and dciodvfy (Debian's dicom3tools)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk


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
