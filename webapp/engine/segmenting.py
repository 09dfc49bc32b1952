"""One segmentation, from a study's files to masks in staged folders: the same code wherever an executor runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from segmentation.core.progress import CancelCheck
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map, read_volume
from segmentation.vertebrae.named_spine import SegmentedSpine
from webapp.display.volume_files import write_mesh
from webapp.engine.interface import EngineLike, Mode
from webapp.storage.mask_files import with_dice, write_mask, write_names
from webapp.storage.queue.reuse import inputs_of, write_engine_notes
from webapp.storage.tables import Mask

ENGINE_SHARE = (0.05, 0.93)  # of the progress bar; reading comes before, saving after


class Reporting(Protocol):
    """Interface of what a segmentation tells while it runs."""

    @property
    def cancelled(self) -> CancelCheck:
        """Whether it was asked to stop."""
        ...

    def check(self) -> None:
        """Raise OperationCancelled if it was asked to stop."""

    def say(self, line: str) -> None:
        """Add a line to the job's log."""

    def __call__(self, fraction: float, stage: str, check: bool = False) -> None:
        """Note ``fraction`` (0 to 1) of ``stage``; ``check`` first, if asked."""


@dataclass(frozen=True)
class Scan:
    """A study's CT with its reference, both on the CT's grid, and the hash of what a result depends on."""

    study_id: str
    volume: Volume
    reference: LabelMap | None
    inputs: str


def read_scan(
    study_id: str, original: Path, reference: Path | None, engine: EngineLike, mode: Mode, report: Reporting
) -> Scan:
    """Read a study's CT, and its reference if it has one.

    Raises:
        InputError: a file cannot be used.
        OperationCancelled: the job was asked to stop.
    """
    report(0.02, "reading", True)
    volume = read_volume(original)
    label_map = read_label_map(reference) if reference is not None else None
    for remark in volume.notes:
        report.say(remark.sentence)
    report.check()
    return Scan(study_id, volume, label_map, inputs_of(volume, engine.model_id, engine.naming_model_id, mode))


def segment(scan: Scan, engine: EngineLike, mode: Mode, report: Reporting) -> LabelMap:
    """Segment the spine of a CT, on its grid. Raises OperationCancelled: the job was asked to stop."""
    first, last = ENGINE_SHARE
    label_map = engine.segment(
        scan.volume,
        progress=lambda fraction, stage: report(first + (last - first) * fraction, stage),
        cancelled=report.cancelled,
        mode=mode,
    )
    for note in engine.notes:
        report.say(note)
    report(last, "saving", True)
    return label_map


def write_masks(
    scan: Scan, label_map: LabelMap, engine: EngineLike, report: Reporting, stage: Callable[[], Path]
) -> list[tuple[Mask, Path]]:
    """Write the files of a result, each mask into a folder of its own; the model's spine first, then its vertebrae.

    Args:
        scan: What was segmented.
        label_map: On the scan's grid.
        engine: It made ``label_map``, and nothing since.
        report: Of the job.
        stage: Gives an empty folder, whose name becomes the mask's id.

    Raises:
        OperationCancelled: the job was asked to stop.
    """
    folder = stage()
    mask = write_mask(label_map, scan.volume, folder, scan.study_id, "model", engine.model_id, engine.confidence)
    write_engine_notes(engine.notes, folder)
    report.check()
    mask = with_dice(replace(mask, inputs=scan.inputs), label_map, scan.reference)
    _write_meshes(label_map, mask, folder, report)
    if not isinstance(label_map, SegmentedSpine) or label_map.vertebrae is None or not label_map.vertebrae.vertebrae:
        return [(mask, folder)]
    vertebra_map = label_map.vertebra_map
    assert vertebra_map is not None
    beside = stage()
    vertebrae = write_mask(vertebra_map, scan.volume, beside, scan.study_id, "vertebrae", engine.model_id)
    write_names(label_map.vertebrae, beside)
    _write_meshes(vertebra_map, vertebrae, beside, report)
    return [(mask, folder), (replace(vertebrae, inputs=scan.inputs), beside)]


def summary(mask: Mask) -> str:
    """Describe a result in the last line of a job's log."""
    if not mask.labels:
        return "Done: no spine was found"
    agreement = f", Dice {mask.dice:.4f}" if mask.dice is not None else ""
    return f"Done: {mask.volume_ml:.0f} ml of spine{agreement}"


def _write_meshes(label_map: LabelMap, mask: Mask, folder: Path, report: Reporting) -> None:
    for label in mask.labels:
        report.check()
        write_mesh(label_map, label, folder / f"{label}.bin")
