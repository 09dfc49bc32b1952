"""Configuration of a run of the naming network, and the spines that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from segmentation.core.errors import BadConfiguration
from segmentation.readers import read_label_map
from segmentation.training.config import read_yaml
from segmentation.training.config_network import Frozen
from segmentation.training.vertebrae.anatomy import Anatomy, read_anatomy, resampled_labels, with_bones
from segmentation.training.vertebrae.sampling import Item

SUFFIX = ".nii.gz"


class NamesConfig(Frozen):
    """Configuration of ``spineview train`` for the network that names vertebrae; paths are relative to its folder.

    Attributes:
        kind: Tells this configuration from that of the spine's networks.
        out: Folder of the run.
        label_maps: Folder of label maps without a CT; ``*_subreg`` and ``*_bones`` beside one belong to it.
        exclude: Beginnings of the names of label maps and cases that are left out.
        bones: Name of the label map with ``*_bones`` whose ribs and sacrum the others get.
        labelled: Folders with ``ct.nii.gz``, ``vert.nii.gz`` and, where known, ``bones.nii.gz``.
        labelled_weight: How often a labelled CT is drawn, beside 1 for a label map.
        minutes, rate, seed: Length of the run, learning rate and source of chance.
    """

    kind: Literal["names"]
    name: str
    out: Path
    label_maps: Path
    bones: str
    exclude: tuple[str, ...] = ()
    labelled: tuple[Path, ...] = ()
    labelled_weight: float = Field(3.0, gt=0)
    minutes: float = Field(60, gt=0)
    rate: float = Field(2e-3, gt=0)
    seed: int = 1


def load_names_config(path: Path) -> NamesConfig:
    """Read a YAML configuration; raises BadConfiguration as ``segmentation.training.config.load_config`` does."""
    config, base = read_yaml(path, NamesConfig), path.parent.resolve()
    places = {key: base / getattr(config, key) for key in ("out", "label_maps")}
    return config.model_copy(update={**places, "labelled": tuple(base / folder for folder in config.labelled)})


def load_names_items(config: NamesConfig) -> list[Item]:
    """Read everything that the configuration names.

    Raises:
        BadConfiguration: there is nothing to train on.
        InputError: a file cannot be read.
    """
    source, numbers = _with_all_bones(config)
    items = [Item(source), *_of_maps(config, source, numbers, held_out=False)]
    items += [Item(_labelled(folder), config.labelled_weight) for folder in config.labelled]
    return _usable(items)


def load_held_out_items(config: NamesConfig) -> list[Item]:
    """Read the label maps that the configuration leaves out of training; raises as ``load_names_items`` does."""
    return _usable(_of_maps(config, *_with_all_bones(config), held_out=True))


def _with_all_bones(config: NamesConfig) -> tuple[Anatomy, NDArray[np.uint8]]:
    """Read the map whose ribs and sacrum the others get, and its own numbers of all bones."""
    bones = config.label_maps / f"{config.bones}_bones{SUFFIX}"
    full = read_label_map(bones)
    source = read_anatomy(config.label_maps / f"{config.bones}_vert{SUFFIX}", bones)
    return source, resampled_labels(full.labels, full.grid)


def _of_maps(config: NamesConfig, source: Anatomy, numbers: NDArray[np.uint8], held_out: bool) -> list[Item]:
    items = []
    for path in sorted(config.label_maps.glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        if name.endswith(("_subreg", "_bones")) or name.startswith(config.bones):
            continue
        if name.startswith(config.exclude) is not held_out:
            continue
        regions = path.with_name(path.name.replace("_vert", "_subreg"))
        known = regions if regions != path and regions.is_file() else None
        items.append(Item(with_bones(read_anatomy(path, subreg=known), source, numbers)))
    return items


def _usable(items: list[Item]) -> list[Item]:
    items = [item for item in items if len(item.numbers) > 1]
    if not items:
        raise BadConfiguration("training.no_data")
    return items


def _labelled(folder: Path) -> Anatomy:
    bones = folder / f"bones{SUFFIX}"
    return read_anatomy(folder / f"vert{SUFFIX}", bones if bones.is_file() else None, ct=folder / f"ct{SUFFIX}")
