"""Small series of DICOM files, and a reader without its process where the process is not the point."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom import sandbox, worker
from segmentation.readers.dicom.listing import Listing
from segmentation.readers.dicom.reader import list_series

SHAPE = (36, 34, 22)
Writer = Callable[..., Path]


@pytest.fixture(scope="session")
def oblique() -> Volume:
    """A smooth block, 36 x 34 x 22 voxels of 1.5 x 2 x 2.5 mm, turned by a few degrees."""
    i, j, k = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
    hu = 300 * np.sin(i / 5) * np.cos(j / 6) + 20 * k - 200 + 700 * np.exp(-((i - 17) ** 2 + (j - 16) ** 2) / 60)
    hu[:3] = -1000
    angle = np.radians(6)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.5, -2.0, 2.5])
    affine[:3, 3] = (20, 25, -300)
    return Volume(np.rint(hu).astype(np.int16), Grid(SHAPE, affine))


@pytest.fixture
def written(oblique: Volume, tmp_path: Path) -> Writer:
    """Write the block as DICOM, as told, and answer the folder."""

    def write(folder: str = "series", **spec: Any) -> Path:
        write_dicom(oblique, tmp_path / folder, DicomSpec(**spec))
        return tmp_path / folder

    return write


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's tasks in this process: quicker, and a fault shows its traceback."""

    def run(task: str, request: dict[str, Any], limits: Any) -> dict[str, Any]:
        reply = worker.respond({**json.loads(json.dumps(request)), "task": task, "limits": vars(limits)})
        if "error" in reply:
            raise InputError.from_json(reply["error"])
        answer: dict[str, Any] = json.loads(json.dumps(reply["ok"]))
        return answer

    monkeypatch.setattr(sandbox, "run", run)


def listed(path: Path, **options: Any) -> Listing:
    return list_series(path, DEFAULT_LIMITS, **options)


def edit(folder: Path, change: Callable[[Dataset, int], None]) -> None:
    """Change every file's header; it is told the number of the slice, by position."""
    along = sorted((float(pydicom.dcmread(path).ImagePositionPatient[2]), path) for path in folder.iterdir())
    for number, (_, path) in enumerate(along):
        dataset = pydicom.dcmread(path)
        change(dataset, number)
        dataset.save_as(path)


def by_position(folder: Path) -> list[Path]:
    """The files of single images."""
    return sorted(folder.iterdir(), key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]))


def refusal(folder: Path) -> InputError:
    """Why the folder is no volume."""
    with pytest.raises(InputError) as caught:
        read_volume(folder)
    return caught.value
