"""Comparison of networks and preprocessings: the same cases, the same budget, several seeds, one table.

Every run lives in its own folder and leaves a ``result.json``; a finished run is not run again, and one that was
killed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationError

from segmentation.core.atomic import write_atomically
from segmentation.core.errors import BadConfiguration, GridMismatch
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress, ignore
from segmentation.evaluation.cases import CT_FILE, REFERENCE_FILE
from segmentation.evaluation.metrics import dice
from segmentation.evaluation.regions import labelled_slab
from segmentation.inference.engine import Engine
from segmentation.readers import read_label_map, read_volume
from segmentation.training import run_log
from segmentation.training.config import Case, TrainingConfig, first_problem, read_yaml, resolved
from segmentation.training.config_network import Frozen, Network
from segmentation.training.load_cases import Items, Say, load_items
from segmentation.training.trainer import train
from segmentation.training.verse import Scan, find_verse

OURS = {"name", "out", "network", "preprocessing", "crop", "seed"}  # what rows and seeds decide


class Variant(Frozen):
    """One row of the table: a network, and what it is shown of a scan."""

    network: Network
    preprocessing: Literal["patch", "whole", "resize"] = "resize"
    crop: Literal["none", "bone"] = "none"

    @property
    def name(self) -> str:
        """Name of the variant's folder, such as ``Dense3DUNet-whole-bone``."""
        parts = [self.network.name, self.preprocessing, *([self.crop] if self.crop != "none" else [])]
        return "-".join(parts)


class Ablation(Frozen):
    """Configuration of a comparison.

    Attributes:
        out: Folder of the runs and the table.
        seeds: Each row is trained once with each of them.
        rows: What differs.
        test: Labelled scans to measure on, which must not be trained on.
        training: What does not differ: any key of a training configuration but those that rows and seeds decide.
    """

    out: Path
    seeds: tuple[int, ...] = Field((1, 2, 3), min_length=1)
    rows: tuple[Variant, ...] = Field(min_length=1)
    test: tuple[Case, ...] = ()
    training: dict[str, Any]


class Test(NamedTuple):
    """One scan to measure on; ``partial``: as in a training case."""

    scan: Scan
    partial: bool


@dataclass(frozen=True)
class Run:
    """One training run: a network, a preprocessing and a seed."""

    variant: Variant
    config: TrainingConfig


@dataclass(frozen=True)
class Result:
    """Figures of a finished run.

    Attributes:
        variant: Name of the row.
        dice: By test scan, 0..1, on the scan's own grid; of a partly labelled scan between the centroids of its
            first and last labelled vertebra.
        scans, label_maps: How many it was trained on.
        parameters: Weights of the network.
        steps, minutes: Of training.
    """

    variant: str
    seed: int
    dice: dict[str, float]
    scans: int
    label_maps: int
    parameters: int
    steps: int
    minutes: float

    @property
    def mean(self) -> float:
        """Mean Dice over the test scans."""
        return float(np.mean(list(self.dice.values())))


def load_ablation(path: Path) -> tuple[Ablation, list[Run]]:
    """Read a YAML file and check every run that it asks for; paths in it are relative to its folder.

    Raises:
        BadConfiguration: as ``segmentation.training.config.load_config``, or two rows are the same.
    """
    ablation = read_yaml(path, Ablation)
    base = path.parent.resolve()
    for key in OURS & ablation.training.keys():
        raise BadConfiguration("ablation.key_decided", name=path.name, key=key)
    names = [variant.name for variant in ablation.rows]
    for name in names:
        if names.count(name) > 1:
            raise BadConfiguration("ablation.same_rows", name=path.name, row=name)
    plan = [
        Run(variant, _config(path, ablation, variant, seed, base))
        for variant in ablation.rows
        for seed in ablation.seeds
    ]
    test = tuple(case.model_copy(update={"folder": base / case.folder}) for case in ablation.test)
    return ablation.model_copy(update={"out": base / ablation.out, "test": test}), plan


def _config(path: Path, ablation: Ablation, variant: Variant, seed: int, base: Path) -> TrainingConfig:
    content = ablation.training | {
        "name": variant.name,
        "out": ablation.out / variant.name / f"seed-{seed}",
        "network": variant.network,
        "preprocessing": variant.preprocessing,
        "crop": variant.crop,
        "seed": seed,
    }
    try:
        return resolved(TrainingConfig.model_validate(content), base)
    except ValidationError as error:
        raise BadConfiguration(
            "ablation.row_invalid", name=path.name, row=variant.name, detail=first_problem(error, TrainingConfig)
        ) from error


def compare(
    ablation: Ablation,
    plan: list[Run],
    say: Say = print,
    progress: Progress = ignore,
    finished: Callable[[list[Result]], None] = lambda _: None,
) -> list[Result]:
    """Train and measure what is not finished yet; ``finished`` is called after every run, so that a table exists early.

    Raises:
        BadConfiguration: no test scan, a test scan that is trained on, or a folder with a run of something else.
        InputError: a file cannot be read.
    """
    tests = _test_scans(ablation, plan[0].config)
    results: list[Result] = []
    loaded: dict[tuple[str, str], Items] = {}
    for number, run in enumerate(plan):
        result = _finished(run, tests)
        if result is None:
            seen = (run.variant.preprocessing, run.variant.crop)
            if seen not in loaded:
                loaded[seen] = load_items(run.config, say)

            def within(fraction: float, _: str, number: int = number, name: str = run.variant.name) -> None:
                progress((number + fraction) / len(plan), name)

            result = _run(run, loaded[seen], tests, within)
            say(f"{result.variant}, seed {result.seed}: Dice {result.mean:.3f}, {result.minutes:.1f} min")
        results.append(result)
        finished(results)
    progress(1.0, "done")
    return results


def _run(run: Run, items: Items, tests: list[Test], progress: Progress) -> Result:
    out = run.config.out
    if (out / "run.json").is_file() and run_log.configuration(out) != run.config.model_dump(mode="json"):
        raise _another(run)
    engine = Engine(train(run.config, _silent, progress, items), run.config.device)
    steps, seconds = run_log.last(out)
    result = Result(
        variant=run.variant.name,
        seed=run.config.seed,
        dice={test.scan.name: native_dice(engine, test) for test in tests},
        scans=len(items.real),
        label_maps=len(items.label_maps),
        parameters=sum(p.numel() for p in engine.model.stages["segment"].network.parameters()),
        steps=steps,
        minutes=seconds / 60,
    )
    content = {"configuration": run.config.model_dump(mode="json"), "result": asdict(result)}
    write_atomically(out / "result.json", json.dumps(content, indent=2))
    return result


def native_dice(engine: Engine, test: Test) -> float:
    """Compute Dice on the scan's own grid; of a partly labelled scan in its labelled slab alone."""
    volume, reference = read_volume(test.scan.ct), read_label_map(test.scan.mask)
    if not volume.grid.matches(reference.grid):
        raise GridMismatch("ablation.grids_differ", scan=test.scan.name)
    found, expected = spine_voxels(engine.segment(volume)), spine_voxels(reference)
    slab = labelled_slab(reference) if test.partial else None
    return dice(found, expected) if slab is None else dice(found[slab], expected[slab])


def _finished(run: Run, tests: list[Test]) -> Result | None:
    path = run.config.out / "result.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    result = Result(**content["result"])
    names = [test.scan.name for test in tests]
    if content["configuration"] != run.config.model_dump(mode="json") or list(result.dice) != names:
        raise _another(run)
    return result


def _another(run: Run) -> BadConfiguration:
    return BadConfiguration("ablation.other_run", folder=run.config.out)


def _test_scans(ablation: Ablation, config: TrainingConfig) -> list[Test]:
    """List the scans that the file names, and the test split of a VerSe release."""
    trained = {case.folder.resolve() for case in (*config.data.labelled, *config.data.validation)}
    tests = []
    for case in ablation.test:
        folder = case.folder.resolve()
        if folder in trained:
            raise BadConfiguration("ablation.test_scan_trained", scan=folder.name)
        tests.append(Test(Scan(folder.name, folder / CT_FILE, folder / REFERENCE_FILE), case.partial))
    if config.data.verse:
        tests += [Test(scan, partial=True) for scan in find_verse(config.data.verse).test]
    if not tests:
        raise BadConfiguration("ablation.no_test_scan")
    return tests


def _silent(_: str) -> None:
    """Discard what a run reports: it is in the run's folder too."""
