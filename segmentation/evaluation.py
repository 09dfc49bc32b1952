"""How good a model is on labelled CTs, beside what a bone threshold reaches on the same voxels.

The spine is C1-L6 and T13 of the reference (VerSe 1-25 and 28); sacrum and coccyx are background.

Every figure is given for two regions. ``scan``: all voxels. ``labelled``: the slab along the voxel axis
nearest to head-foot, from the centroid of the first labelled vertebra to that of the last, both included.
References in the manner of VerSe leave vertebrae that the border cuts, though visible, without a label; there
a correct prediction counts as wrong in ``scan``, and only ``labelled`` is fair. Both masks are cut at the
slab's two planes.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.baseline import DESCRIPTION, bone_threshold
from segmentation.errors import GridMismatch, InputError
from segmentation.geometry import Grid
from segmentation.labels import SPINE_NUMBERS
from segmentation.metrics import (
    Box,
    Mask,
    dice,
    far_false_positives_ml,
    precision,
    recall,
    spine_voxels,
    surface_distances,
)
from segmentation.progress import Cancelled, Progress, ignore, never
from segmentation.readers import read_label_map, read_volume
from segmentation.volume import LabelMap, Volume

CT_FILE, REFERENCE_FILE = "ct.nii.gz", "vert.nii.gz"
REGIONS = ("scan", "labelled")
METHODS = ("model", "threshold")


class Segmenter(Protocol):
    """What is evaluated: whatever turns a CT into a label map, such as ``segmentation.inference.Engine``."""

    @property
    def model_id(self) -> str:
        """Which weights."""

    @property
    def device(self) -> str:
        """Where they run."""

    def segment(
        self, volume: Volume, progress: Progress = ignore, cancelled: Cancelled = never, mode: Any = "patch"
    ) -> LabelMap:
        """A map of kind ``"spine"`` on the CT's grid."""


@dataclass(frozen=True)
class Scores:
    """One mask against one reference; definitions in :mod:`segmentation.metrics`.

    Attributes:
        dice, precision, recall: 0..1.
        hd95_mm: 95th-percentile Hausdorff distance.
        nsd_1mm, nsd_3mm: Surface Dice at 1 and 3 mm.
        volume_ml, reference_ml: Volumes of the mask and of the reference.
        far_ml: Volume of the mask farther than 10 mm from the reference.
    """

    dice: float
    precision: float
    recall: float
    hd95_mm: float
    nsd_1mm: float
    nsd_3mm: float
    volume_ml: float
    reference_ml: float
    far_ml: float


@dataclass(frozen=True)
class CaseReport:
    """One CT: scores by region and method, and the seconds that the model took.

    ``scores[region][method]``; the region ``labelled`` is absent where fewer than two vertebrae are labelled.
    """

    name: str
    seconds: float
    scores: dict[str, dict[str, Scores]]


@dataclass(frozen=True)
class Report:
    """All cases of one model. ``refused`` maps the cases that could not be read to the reason."""

    model_id: str
    model_sha256: str
    device: str
    mode: str
    cases: list[CaseReport]
    refused: dict[str, str]

    def mean(self, region: str, method: str) -> Scores | None:
        """Mean over the cases that have ``region``, figure by figure, without NaN; None if there are none."""
        rows = [asdict(case.scores[region][method]) for case in self.cases if region in case.scores]
        if not rows:
            return None
        return Scores(**{key: _mean([row[key] for row in rows]) for key in rows[0]})

    def to_json(self) -> dict[str, Any]:
        """Plain types for ``json.dumps``; what has no value (NaN) is None."""
        means = {region: {method: self.mean(region, method) for method in METHODS} for region in REGIONS}
        content = {
            "model": {"id": self.model_id, "sha256": self.model_sha256},
            "device": self.device,
            "mode": self.mode,
            "baseline": DESCRIPTION,
            "cases": [asdict(case) for case in self.cases],
            "mean": {
                region: {method: None if mean is None else asdict(mean) for method, mean in by_method.items()}
                for region, by_method in means.items()
            },
            "refused": self.refused,
        }
        return {key: without_nan(value) for key, value in content.items()}


def find_cases(folder: Path) -> list[Path]:
    """Folders in ``folder`` that hold a CT and its reference, sorted.

    Raises:
        InputError: there are none.
    """
    cases = sorted(path.parent for path in folder.glob(f"*/{CT_FILE}") if (path.parent / REFERENCE_FILE).is_file())
    if not cases:
        raise InputError(
            f"{folder} holds no folder with {CT_FILE} and {REFERENCE_FILE}.",
            "Give the folder that the cases' folders lie in; `spineview phantom` makes one.",
        )
    return cases


def evaluate(
    cases: Path, engine: Segmenter, mode: str = "patch", model_sha256: str = "", progress: Progress = ignore
) -> Report:
    """Segment every case of a folder and compare with its reference.

    Args:
        cases: Folder with ``*/ct.nii.gz`` and ``*/vert.nii.gz``.
        engine: The model.
        mode: ``"patch"`` or ``"whole"``.
        model_sha256: Of the model's file, for the report.
        progress: Told after each case.

    Raises:
        InputError: there are no cases.
    """
    folders = find_cases(cases)
    done: list[CaseReport] = []
    refused: dict[str, str] = {}
    for number, folder in enumerate(folders):
        progress(number / len(folders), folder.name)
        try:
            done.append(evaluate_case(folder, engine, mode))
        except InputError as error:
            refused[folder.name] = error.message
    progress(1.0, "done")
    return Report(engine.model_id, model_sha256, engine.device, mode, done, refused)


def evaluate_case(folder: Path, engine: Segmenter, mode: str = "patch") -> CaseReport:
    """Segment one case and score it.

    Raises:
        InputError: the CT or its reference cannot be used, or they do not lie on one grid.
    """
    volume = read_volume(folder / CT_FILE)
    reference = read_label_map(folder / REFERENCE_FILE)
    if not volume.grid.matches(reference.grid):
        raise GridMismatch(f"{CT_FILE} and {REFERENCE_FILE} of {folder.name} do not lie on the same grid.")
    started = time.perf_counter()
    masks = {"model": spine_voxels(engine.segment(volume, mode=mode))}
    seconds = time.perf_counter() - started
    masks["threshold"] = bone_threshold(volume.hu)
    expected = spine_voxels(reference)
    regions: dict[str, Box | None] = {"scan": _everything(volume.grid), "labelled": labelled_slab(reference)}
    scores = {
        region: {method: score(mask[box], expected[box], volume.grid) for method, mask in masks.items()}
        for region, box in regions.items()
        if box is not None
    }
    return CaseReport(folder.name, seconds, scores)


def score(mask: Mask, reference: Mask, grid: Grid) -> Scores:
    """Compare two (I, J, K) masks with the spacing and voxel volume of ``grid``, whole or cut alike."""
    distances = surface_distances(mask, reference, grid.spacing_mm)
    return Scores(
        dice=dice(mask, reference),
        precision=precision(mask, reference),
        recall=recall(mask, reference),
        hd95_mm=distances.hd95_mm(),
        nsd_1mm=distances.surface_dice(1.0),
        nsd_3mm=distances.surface_dice(3.0),
        volume_ml=float(np.count_nonzero(mask)) * grid.voxel_ml,
        reference_ml=float(np.count_nonzero(reference)) * grid.voxel_ml,
        far_ml=far_false_positives_ml(mask, reference, grid.spacing_mm, grid.voxel_ml),
    )


def labelled_slab(reference: LabelMap) -> Box | None:
    """The slices of ``reference`` between the centroids of its first and last vertebra, head to foot.

    None where fewer than two vertebrae are labelled, or the map does not tell vertebrae apart.
    """
    axis = head_foot_axis(reference.grid)
    centroids = _centroids(reference.labels, axis).values()
    if reference.kind != "vertebrae" or len(centroids) < 2:
        return None
    box = list(_everything(reference.grid))
    box[axis] = slice(round(min(centroids)), round(max(centroids)) + 1)
    return (box[0], box[1], box[2])


def head_foot_axis(grid: Grid) -> int:
    """The voxel axis (0, 1 or 2) that runs nearest to the patient's head-foot direction."""
    return next(axis for axis, letter in enumerate(grid.orientation) if letter in "SI")


def _centroids(labels: NDArray[np.uint8], axis: int) -> dict[int, float]:
    """Mean voxel index along ``axis`` of each vertebra in a (I, J, K) label map."""
    found: dict[int, float] = {}
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or number not in SPINE_NUMBERS:
            continue
        inside = np.nonzero(labels[box] == number)[axis]
        found[number] = float(box[axis].start + inside.mean())
    return found


def _everything(grid: Grid) -> Box:
    return (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def without_nan(value: Any) -> Any:
    """``value`` with None for every number that JSON cannot hold, in all its dicts and lists."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
