"""Distant false positives: the part of a mask away from the spine, and all of it in scans without one.

Of a CT without labels, but with the centres of its vertebral bodies as a centreline, it is known where a vertebra
can be at most: ``segmentation.core.centreline.near_centreline``, at a height between the line's ends and
35 mm beyond them, is up to 50 mm to either side of the line (level with a body and in front of it only 32 mm), 85 mm
behind it and 26 mm in front of it. A voxel of the mask is *distant* (``far`` in reports) if it lies more than 10 mm
outside this zone. The zone is wider than the vertebrae, so what is distant is certainly wrong, but ribs within it are
not counted.

Of a labelled CT, distant is more than 10 mm from the reference; in the scan as a whole that also counts unlabelled
vertebrae that the border cuts, so only the labelled slab decides. Of a CT without a spine all is distant.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.boxes import bounding_box
from segmentation.core.centreline import near_centreline, read_centrelines
from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.evaluation.cases import Segmenter
from segmentation.evaluation.metrics import Mask, farther, surface_voxels, voxels
from segmentation.evaluation.regions import SLABS
from segmentation.evaluation.report import CaseReport, without_nan
from segmentation.evaluation.scores import DISTANT_MM
from segmentation.evaluation.tables import Table, number
from segmentation.readers import SUFFIXES, read_volume

SHARE_GOAL = 0.02  # of the mask, on every CT with a spine
NEGATIVE_GOAL_ML = 1.0  # in a CT without
BLOCK = 64  # slices at a time


@dataclass(frozen=True)
class DistantRow:
    """Distant false positives of one CT.

    Attributes:
        name: Of the scan.
        model_id: Which weights.
        against: What tells the spine: ``centreline``, ``reference, labelled``, ``reference, scan``, ``no spine``.
        volume_ml: Of the mask.
        far_ml: Of its part away from the spine.
        passed: Whether the goal is met; None where it cannot be judged.
    """

    name: str
    model_id: str
    against: str
    volume_ml: float
    far_ml: float
    passed: bool | None

    @property
    def share(self) -> float:
        """Distant part of the mask, 0..1; NaN of an empty mask."""
        return self.far_ml / self.volume_ml if self.volume_ml else math.nan


@dataclass(frozen=True)
class DistantReport:
    """Distant false positives of every CT of a folder; ``refused`` maps those that could not be used to the reason."""

    rows: list[DistantRow]
    refused: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for ``json.dumps``."""
        rows = [{**asdict(row), "share": row.share} for row in self.rows]
        return {"rows": without_nan(rows), "refused": self.refused}


def evaluate_distant(
    folder: Path, centrelines: Path, engine: Segmenter, mode: str = "patch", progress: Progress = ignore
) -> DistantReport:
    """Segment every CT of a folder and measure the part of the mask that is away from its centreline.

    Args:
        folder: CTs without labels.
        centrelines: JSON, ``{name: {"points_mm": [[x, y, z], ...]}}``: centres of vertebral bodies from head to
            foot in RAS+ mm; the name is the CT's without its ending. CTs without a line are named as refused.
        engine: The model.
        mode: ``"patch"`` or ``"whole"``.
        progress: Called before each CT.

    Raises:
        InputError: there are no CTs, or the centrelines cannot be read.
    """
    try:
        lines = read_centrelines(centrelines)
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise InputError("centrelines.unreadable", path=centrelines, detail=error) from error

    def measure(name: str, mask: Mask, grid: Grid) -> DistantRow:
        if name not in lines:
            raise InputError("centrelines.missing", name=centrelines.name)
        far_ml = distant_from_centreline_ml(mask, grid, np.array(lines[name]["points_mm"], dtype=np.float64))
        ml = float(np.count_nonzero(mask)) * grid.voxel_ml
        # A mask that is empty has nothing far away, but has missed a spine that is there.
        return DistantRow(name, engine.model_id, "centreline", ml, far_ml, ml > 0 and far_ml < SHARE_GOAL * ml)

    return _evaluate(folder, measure, engine, mode, progress)


def evaluate_negatives(
    folder: Path, engine: Segmenter, mode: str = "patch", progress: Progress = ignore
) -> DistantReport:
    """Segment every CT of a folder that shows no spine, limbs for instance.

    Raises:
        InputError: there are no CTs.
    """

    def measure(name: str, mask: Mask, grid: Grid) -> DistantRow:
        ml = float(np.count_nonzero(mask)) * grid.voxel_ml
        return DistantRow(name, engine.model_id, "no spine", ml, ml, ml < NEGATIVE_GOAL_ML)

    return _evaluate(folder, measure, engine, mode, progress)


def labelled_rows(cases: Iterable[CaseReport]) -> list[DistantRow]:
    """List the distant false positives of labelled CTs that have been scored already."""
    rows: list[DistantRow] = []
    for case in cases:
        for region in SLABS:
            if region in case.scores:
                found = case.scores[region]["model"]
                good = found.volume_ml > 0 and found.far_ml < SHARE_GOAL * found.volume_ml
                passed = good if region == "labelled" else None
                rows.append(
                    DistantRow(case.name, case.model_id, f"reference, {region}", found.volume_ml, found.far_ml, passed)
                )
    return rows


def distant_from_centreline_ml(mask: Mask, grid: Grid, points_mm: NDArray[np.float64]) -> float:
    """Measure the volume of an (I, J, K) mask more than 10 mm outside the zone that a vertebra can reach.

    Args:
        mask: On ``grid``.
        grid: Where the mask lies.
        points_mm: (N, 3) centres of vertebral bodies, RAS+ mm, two at least.
    """
    # Block by block: coordinates of a whole trunk at once would take gigabytes.
    blocks = range(0, mask.shape[2], BLOCK)
    far = sum(_distant_voxels(mask[:, :, start : start + BLOCK], start, grid, points_mm) for start in blocks)
    return far * grid.voxel_ml


def _distant_voxels(mask: Mask, start: int, grid: Grid, points_mm: NDArray[np.float64]) -> int:
    """Count distant voxels among those of an (I, J, n) block of slices that begins at k = ``start``."""
    box = bounding_box(mask)
    if box is None:
        return 0
    # The zone within 10 mm of the mask decides, so the mask's own box and that margin are enough of the scan.
    margins = [math.ceil(DISTANT_MM / spacing) + 1 for spacing in grid.spacing_mm]
    corner = np.array([part.start - margin for part, margin in zip(box, margins, strict=True)])
    i, j, k = (part.stop - part.start + 2 * margin for part, margin in zip(box, margins, strict=True))
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_mm(corner + np.array([0.0, 0.0, start]))
    near, _ = near_centreline(Grid((i, j, k), affine), points_mm)
    found = np.pad(mask[box], [(margin, margin) for margin in margins])
    far = farther(voxels(found & ~near), surface_voxels(near), grid.spacing_mm, DISTANT_MM)
    return int(np.count_nonzero(far))


def distant_table(rows: Sequence[DistantRow]) -> Table:
    """Make a table of one row a CT, with the goal met or not."""
    marks = {True: "pass", False: "FAIL", None: "-"}
    cells = [
        [
            r.name,
            r.model_id,
            r.against,
            f"{r.volume_ml:.1f}",
            f"{r.far_ml:.2f}",
            number(100 * r.share, ".2f"),
            marks[r.passed],
        ]
        for r in rows
    ]
    notes = (
        f"far: more than {DISTANT_MM:g} mm outside what a vertebra can reach from the centreline, or from the "
        "reference; without a spine, everything",
        f"goal: under {SHARE_GOAL:.0%} of the mask, and a mask; without a spine, under {NEGATIVE_GOAL_ML:g} ml. "
        "A whole scan is not judged by a reference that may leave out vertebrae cut by the border",
    )
    return Table(
        "The mask away from the spine", ["scan", "model", "spine by", "ml", "far ml", "far %", "goal"], cells, notes
    )


def _evaluate(
    folder: Path, measure: Callable[[str, Mask, Grid], DistantRow], engine: Segmenter, mode: str, progress: Progress
) -> DistantReport:
    paths = sorted(path for path in folder.glob("*") if path.name.lower().endswith(SUFFIXES))
    if not paths:
        raise InputError("centrelines.no_ct", folder=folder, suffixes=SUFFIXES)
    rows: list[DistantRow] = []
    refused: dict[str, str] = {}
    for position, path in enumerate(paths):
        progress(position / len(paths), path.name)
        name = path.name[: -len(next(s for s in SUFFIXES if path.name.lower().endswith(s)))]
        try:
            volume = read_volume(path)
            rows.append(measure(name, spine_voxels(engine.segment(volume, mode=mode)), volume.grid))
        except InputError as error:
            refused[name] = error.message
    progress(1.0, "done")
    return DistantReport(rows, refused)
