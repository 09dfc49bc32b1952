"""Load the data that a configuration names: what a run trains on and is validated on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from segmentation.core.centreline import read_centrelines
from segmentation.core.errors import BadConfiguration, InputError
from segmentation.training.config import TrainingConfig
from segmentation.training.dataset import (
    Item,
    centreline_item,
    label_map_item,
    labelled_item,
    negative_item,
    scan_item,
)
from segmentation.training.verse import Scan, find_verse

Say = Callable[[str], None]


class Items(NamedTuple):
    """Training scans, label maps without a scan, and validation scans."""

    real: list[Item]
    label_maps: list[Item]
    validation: list[Item]


def load_items(config: TrainingConfig, say: Say = print) -> Items:
    """Read and prepare everything that the configuration names, in memory.

    ``say`` is called with a sentence for each scan of a VerSe release that cannot be used.

    Raises:
        BadConfiguration: no training data.
        InputError: a file that was named by itself cannot be read.
    """
    spec, stage, data = config.input(), config.stage, config.data
    real = [labelled_item(c.folder, spec, stage, c.partial, c.weight) for c in data.labelled]
    validation = [labelled_item(c.folder, spec, stage, c.partial) for c in data.validation]
    if data.verse:
        release = find_verse(data.verse)
        for sentence in release.left_out:
            say(sentence)
        real += _verse_items(release.training, config, say)
        validation += _verse_items(release.validation, config, say)
    if data.negatives:
        real += [negative_item(p, spec, data.negatives_weight) for p in sorted(data.negatives.glob("*.nii.gz"))]
    if data.unlabelled and data.centrelines:
        for name, line in sorted(read_centrelines(data.centrelines).items()):
            path = data.unlabelled / f"{name}.nii.gz"
            pseudo = data.pseudo_labels / path.name if data.pseudo_labels else None
            marked = data.junction_weight and not {"sacrum_below_mm", "skull_above_mm"}.isdisjoint(line)
            weight = data.junction_weight if marked else data.unlabelled_weight
            real.append(centreline_item(path, line, spec, stage, pseudo=pseudo, weight=weight or 1.0))
    maps = sorted(data.label_maps.glob("*.nii.gz")) if data.label_maps else []
    synthetic = [
        label_map_item(path, spec, _weight_of(path.name, data.label_maps_weight))
        for path in maps
        if not any(part in path.name for part in data.label_maps_exclude)
    ]
    if not real and not synthetic:
        raise BadConfiguration("training.no_data")
    return Items(real, synthetic, validation)


def _weight_of(name: str, weights: dict[str, float]) -> float:
    return next((weight for part, weight in weights.items() if part in name), 1.0)


def _verse_items(scans: list[Scan], config: TrainingConfig, say: Say) -> list[Item]:
    items = []
    for scan in scans:
        try:
            # VerSe leaves vertebrae that the border cuts, though visible, without a label.
            items.append(scan_item(scan.name, scan.ct, scan.mask, config.input(), config.stage, partial=True))
        except InputError as error:
            say(f"{scan.name} is left out: {error.message}")
    return items
