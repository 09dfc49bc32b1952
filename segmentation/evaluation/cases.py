"""Labelled CTs on disk, and the interface of what segments them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.progress import CancelCheck, Progress, ignore, never
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map, read_volume

CT_FILE, REFERENCE_FILE = "ct.nii.gz", "vert.nii.gz"


class Segmenter(Protocol):
    """Interface of what turns a CT into a label map, such as ``segmentation.inference.engine.Engine``."""

    @property
    def model_id(self) -> str:
        """Identifier of the weights."""

    @property
    def device(self) -> str:
        """Device on which they run."""

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: CancelCheck = never, mode: Any = "patch"
    ) -> LabelMap:
        """Segment a CT into a map of kind ``"spine"`` on its grid."""


@dataclass(frozen=True, eq=False)
class Case:
    """A CT and the reference on its grid."""

    name: str
    volume: Volume
    reference: LabelMap


def find_cases(folder: Path) -> list[Path]:
    """List the folders in ``folder`` that hold a CT and its reference, sorted.

    Raises:
        InputError: there are none.
    """
    cases = sorted(path.parent for path in folder.glob(f"*/{CT_FILE}") if (path.parent / REFERENCE_FILE).is_file())
    if not cases:
        raise InputError("cases.none", folder=folder, ct=CT_FILE, reference=REFERENCE_FILE)
    return cases


def read_case(folder: Path) -> Case:
    """Read one folder: ``read_pair`` of the two files in it."""
    return read_pair(folder.name, folder / CT_FILE, folder / REFERENCE_FILE)


def read_pair(name: str, ct: Path, reference: Path) -> Case:
    """Read a CT and its reference.

    Raises:
        InputError: the CT or its reference cannot be used, or they do not lie on one grid.
    """
    volume, labels = read_volume(ct), read_label_map(reference)
    if not volume.grid.matches(labels.grid):
        raise GridMismatch("cases.grids_differ", ct=ct.name, reference=reference.name, case=name)
    return Case(name, volume, labels)
