"""``spineview segment --batch DIR -o DIR``: every scan of a folder, with the model loaded once."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmentation.cli.options.output import check_writable, write_json
from segmentation.cli.options.progress_bar import shown_progress
from segmentation.core.errors import InputError
from segmentation.core.notes import sentences
from segmentation.readers import SUFFIXES, read_volume
from segmentation.writers.mask import write_mask

if TYPE_CHECKING:
    from segmentation.inference.engine import Engine

DONE, SOME_FAILED = 0, 2
_ENDINGS = tuple(sorted({*SUFFIXES, ".zip"}, key=len, reverse=True))
_TOGETHER = ("batch", "output", "model", "device", "mode", "report", "input", "command")
"""Options that go with ``--batch``."""


@dataclass(frozen=True)
class Result:
    """What became of one scan; ``error`` says why there is no mask."""

    input: str
    output: str | None
    seconds: float
    volume_ml: float | None = None
    confidence: dict[str, Any] | None = None
    error: str | None = None


def add_batch_option(command: argparse.ArgumentParser) -> None:
    """Add ``--batch``, and note the defaults of the options that do not go with it."""
    command.add_argument(
        "--batch", metavar="DIR", type=Path, help="segment every scan in this folder; -o names the folder of the masks"
    )
    command.set_defaults(default_of=command.get_default)


def scans_in(folder: Path) -> list[Path]:
    """List what may be a scan in a folder, by name: files that a reader knows, and folders with files in them."""

    def is_scan(path: Path) -> bool:
        if path.name.startswith("."):
            return False
        if path.is_dir():
            return any(each.is_file() for each in path.rglob("*"))
        return path.name.lower().endswith(_ENDINGS)

    return sorted(path for path in folder.iterdir() if is_scan(path))


def mask_names(scans: list[Path]) -> list[str]:
    """Name each scan's mask: its own name with ``.nii.gz``; with its ending too where two would be called the same."""
    stems = [_stem(path) for path in scans]
    return [f"{stem if stems.count(stem) == 1 else path.name}.nii.gz" for path, stem in zip(scans, stems, strict=True)]


def run_batch(options: argparse.Namespace) -> int:
    """Segment all; one that cannot be used is named and left out, and the others go on.

    Returns:
        0, or 2 if there was one that could not be segmented.

    Raises:
        InputError: the folders cannot be used, or an option does not go with ``--batch``.
    """
    scans = _check(options)
    from segmentation.inference.engine import Engine  # takes seconds to import

    engine = Engine(model=options.model, device=options.device)
    results = [
        _segment(engine, path, options.output / name, options.mode, f"[{number}/{len(scans)}]")
        for number, (path, name) in enumerate(zip(scans, mask_names(scans), strict=True), 1)
    ]
    failed = [result for result in results if result.error is not None]
    print(f"{len(results) - len(failed)} of {len(results)} segmented, {len(failed)} failed")
    for result in failed:
        print(f"failed: {result.input}: {result.error}", file=sys.stderr)
    if options.report is not None:
        write_json({"model": engine.model_id, "results": [vars(result) for result in results]}, options.report)
    return SOME_FAILED if failed else DONE


def _check(options: argparse.Namespace) -> list[Path]:
    if options.input is not None:
        raise InputError("cli.batch_input")
    for name, value in vars(options).items():
        if name not in (*_TOGETHER, "default_of") and value != options.default_of(name):
            raise InputError("cli.batch_option", option=name.replace("_", "-"))
    check_writable(options.report, ".json")
    if not options.batch.is_dir():
        raise InputError("cli.batch_no_folder", name=options.batch)
    if options.output.exists() and not options.output.is_dir():
        raise InputError("cli.batch_no_folder", name=options.output)
    scans = [path for path in scans_in(options.batch) if path.resolve() != options.output.resolve()]
    if not scans:
        raise InputError("cli.batch_empty", name=options.batch)
    options.output.mkdir(parents=True, exist_ok=True)
    return scans


def _segment(engine: Engine, path: Path, output: Path, mode: str, place: str) -> Result:
    print(f"{place} {path.name}", file=sys.stderr, flush=True)
    started = time.perf_counter()
    try:
        volume = read_volume(path)
        with shown_progress() as progress:
            label_map = engine.segment(volume, progress=progress, mode=mode)  # type: ignore[arg-type]
        write_mask(label_map, output)
    except InputError as error:
        said = " ".join(f"{error.message} {error.hint}".split())
        print(f"{place} {path.name}: {said}", file=sys.stderr)
        return Result(str(path), None, time.perf_counter() - started, error=said)
    for note in dict.fromkeys((*sentences(volume.notes), *engine.notes)):
        print(f"note: {path.name}: {note}", file=sys.stderr)
    seconds = time.perf_counter() - started
    print(f"{output}: spine of {label_map.volume_ml:.0f} ml in {seconds:.1f} s, confidence {engine.confidence}")
    confidence = None if engine.confidence is None else engine.confidence.to_json()
    return Result(str(path), str(output), seconds, label_map.volume_ml, confidence)


def _stem(path: Path) -> str:
    ending = next((each for each in _ENDINGS if path.is_file() and path.name.lower().endswith(each)), "")
    return path.name[: len(path.name) - len(ending)] if ending else path.name
