"""The command ``spineview segment INPUT -o MASK.nii.gz``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation.cli.options.dicom_options import (
    add_dicom_options,
    check_dicom_options,
    wants_probability,
    write_dicom_results,
)
from segmentation.cli.options.input_options import add_model_options, add_scan_input, add_series_option
from segmentation.cli.options.mesh_options import add_mesh_options, check_mesh_options, write_meshes
from segmentation.cli.options.output import check_writable, write_json
from segmentation.cli.options.progress_bar import shown_progress
from segmentation.cli.options.vertebra_output import named_of, write_vertebrae
from segmentation.cli.segment_batch import add_batch_option, run_batch
from segmentation.core.atomic import write_atomically
from segmentation.core.errors import GridMismatch, InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.messages import Message
from segmentation.core.notes import sentences
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read_label_map, read_volume
from segmentation.writers.mask import SUFFIXES as MASK_SUFFIXES
from segmentation.writers.mask import write_mask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segmentation.core.progress import Progress
    from segmentation.evaluation.scores import Scores
    from segmentation.inference.engine import Engine


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the scan, the mask, the model, and everything else that may be written."""
    add_scan_input(command, required=False)
    add_batch_option(command)
    command.add_argument(
        "-o", "--output", metavar="MASK.nii.gz", type=Path, required=True, help="or .nii, .nrrd; of --batch a folder"
    )
    command.add_argument("--vertebrae", metavar="VERT.nii.gz", type=Path, help="write vertebrae by their VerSe numbers")
    command.add_argument("--label-table", metavar="FILE.txt", type=Path, help="names and colours of the mask's labels")
    add_series_option(command)
    add_model_options(command)
    command.add_argument("--reference", metavar="MASK", type=Path, help="print the Dice against this mask")
    add_mesh_options(command)
    add_dicom_options(command)
    command.add_argument("--slices", metavar="DIR", type=Path, help="write comparison pictures")
    command.add_argument("--feature-maps", metavar="DIR", type=Path, help="write each level's feature maps")
    command.add_argument("--report", metavar="FILE.json", type=Path, help="write what was done and measured")


def run(options: argparse.Namespace) -> int:
    """Segment one CT; everything that can be refused is refused before the model is loaded."""
    if options.batch is not None:
        return run_batch(options)
    if options.input is None:
        raise InputError("cli.no_input")
    check_writable(options.output, *MASK_SUFFIXES)
    check_writable(options.vertebrae, *MASK_SUFFIXES)
    check_writable(options.report, ".json")
    check_writable(options.label_table, ".txt")
    check_mesh_options(options)
    check_dicom_options(options)
    volume = read_volume(options.input, series=options.series)
    reference = _read_reference(options.reference, volume)
    for remark in sentences(dict.fromkeys((*volume.notes, *(reference.notes if reference else ())))):
        print(f"note: {remark}", file=sys.stderr)
    # Only now the import that takes seconds.
    from segmentation.inference.engine import Engine
    from segmentation.inference.name_vertebrae import NAMES_MODEL

    names = NAMES_MODEL if options.vertebrae is not None else None
    engine = Engine(model=options.model, device=options.device, names=names)
    started = time.perf_counter()
    with shown_progress() as progress:
        label_map, probability = _segment(engine, volume, options, progress)
    seconds = time.perf_counter() - started
    write_mask(label_map, options.output)
    print(f"{options.output}: spine of {label_map.volume_ml:.0f} ml in {seconds:.1f} s on {engine.device}")
    if engine.confidence is not None:
        print(f"confidence {engine.confidence}")
    for note in engine.notes:
        print(f"note: {note}", file=sys.stderr)
    shown = write_vertebrae(label_map, options.vertebrae)
    scores = _compare(label_map, reference)
    _write_extras(options, volume, shown, reference, engine)
    write_dicom_results(
        options, volume, label_map if probability is not None else shown, reference, probability, engine.model_id
    )
    if options.report is not None:
        write_json(_report(options, volume, label_map, engine, seconds, scores), options.report)
    return 0


def _segment(
    engine: Engine, volume: Volume, options: argparse.Namespace, progress: Progress
) -> tuple[LabelMap, NDArray[np.float32] | None]:
    """Compute the mask, and the probabilities where they are to be written."""
    if wants_probability(options):
        return engine.segment_with_probabilities(volume, progress=progress, mode=options.mode)
    return engine.segment(volume, progress=progress, mode=options.mode), None


def _read_reference(path: Path | None, volume: Volume) -> LabelMap | None:
    if path is None:
        return None
    reference = read_label_map(path)
    if not volume.grid.matches(reference.grid):
        size, other = (
            Message.of("grid.size", shape=grid.shape, spacing=grid.spacing_mm) for grid in (volume.grid, reference.grid)
        )
        raise GridMismatch("cli.reference_grid", name=path.name, reference=other, ct=size)
    return reference


def _compare(label_map: LabelMap, reference: LabelMap | None) -> Scores | None:
    if reference is None:
        return None
    from segmentation.evaluation.scores import score

    scores = score(spine_voxels(label_map), spine_voxels(reference), label_map.grid)
    print(
        f"Dice {scores.dice:.4f}  precision {scores.precision:.4f}  recall {scores.recall:.4f}  "
        f"HD95 {scores.hd95_mm:.1f} mm  reference {scores.reference_ml:.0f} ml"
    )
    return scores


def _write_extras(
    options: argparse.Namespace,
    volume: Volume,
    label_map: LabelMap,
    reference: LabelMap | None,
    engine: Engine,
) -> None:
    """Write label table, meshes, pictures and feature maps, where they were asked for."""
    if options.label_table is not None:
        from segmentation.writers.label_table import label_table

        write_atomically(options.label_table, label_table(label_map))
    if options.meshes is not None:
        for path in write_meshes(label_map, options):
            print(f"{path}: surface in mm, {options.mesh_axes.upper()}+")
    if options.slices is not None:
        from segmentation.analysis.pictures import write_pictures

        expected = None if reference is None else spine_voxels(reference)
        write_pictures(volume, spine_voxels(label_map), expected, options.slices)
    if options.feature_maps is not None:
        _write_feature_maps(engine, volume, options.feature_maps)


def _write_feature_maps(engine: Engine, volume: Volume, folder: Path) -> None:
    """Write for each level ``LEVEL.npy``, its (C, I, J, K) maps of one window, and ``LEVEL.png`` to look at."""
    import numpy as np

    from segmentation.analysis.pictures import write_montage

    folder.mkdir(parents=True, exist_ok=True)
    for level, maps in engine.feature_maps(volume).items():
        np.save(folder / f"{level}.npy", maps)
        write_montage(maps, folder / f"{level}.png")
        print(f"{folder / level}.npy: {maps.shape[0]} maps of {maps.shape[1:]}")


def _report(
    options: argparse.Namespace,
    volume: Volume,
    label_map: LabelMap,
    engine: Engine,
    seconds: float,
    scores: Scores | None,
) -> dict[str, Any]:
    from dataclasses import asdict

    from segmentation.evaluation.report import without_nan

    confidence = None if engine.confidence is None else engine.confidence.to_json()
    named = named_of(label_map)
    content = {
        "input": str(options.input),
        "output": str(options.output),
        "model": engine.model_id,
        "device": engine.device,
        "mode": options.mode,
        "seconds": seconds,
        "shape": list(volume.grid.shape),
        "spacing_mm": list(volume.grid.spacing_mm),
        "orientation": volume.grid.orientation,
        "volume_ml": label_map.volume_ml,
        "confidence": confidence,
        "evidence": None if engine.features is None else asdict(engine.features),
        **({} if named is None else named.to_json()),
        "against_reference": None if scores is None else asdict(scores),
        "notes": [*sentences(volume.notes), *engine.notes],
    }
    return {key: without_nan(value) for key, value in content.items()}
