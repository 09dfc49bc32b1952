"""Tables of ``spineview evaluate --vertebrae``, ``--label-maps`` and ``--views``: instances, names and confidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import find_cases, read_case
from segmentation.evaluation.vertebra_scores import VertebraScores, score_vertebrae
from segmentation.readers import read_label_map
from segmentation.vertebrae.fields import LEVELS, VOXEL_MM
from segmentation.vertebrae.votes import LEAST_SHARE, VOLUME_ML

if TYPE_CHECKING:
    from segmentation.inference.engine import Engine
    from segmentation.inference.name_vertebrae import Namer
    from segmentation.vertebrae.named_spine import NamedSpine

VIEWS, VIEWS_SEED = 60, 1
LEAST_OF_VERTEBRA = 0.35


def named_cases(
    folder: Path, engine: Engine, namer: Namer, progress: Progress, true_masks: bool
) -> list[VertebraScores]:
    """Segment and name labelled CTs.

    ``true_masks``: name the reference's own spine mask instead of the one segmented, to tell the two steps apart.
    """
    scores = []
    paths = find_cases(folder)
    for number, path in enumerate(paths):
        progress(number / len(paths), path.name)
        case = read_case(path)
        if true_masks:
            spine = LabelMap(spine_voxels(case.reference).astype(np.uint8), case.reference.grid)
            named = namer.name(case.volume, spine)
        else:
            engine.namer = namer  # as the product does it: with the network's doubt about its mask
            answer = engine.segment(case.volume).vertebrae
            assert answer is not None
            named = answer
        scores.append(_scored(case.name, case.reference, named))
    return scores


def named_label_maps(folder: Path, namer: Namer, progress: Progress) -> tuple[list[VertebraScores], dict[str, str]]:
    """Name the spine masks of label maps that have no CT; return also why some could not be used."""
    scores, refused = [], {}
    paths = [path for path in sorted(folder.glob("*.nii.gz")) if not path.name.startswith(".")]
    for number, path in enumerate(paths):
        progress(number / len(paths), path.name)
        try:
            reference = read_label_map(path)
        except InputError as error:
            refused[path.name] = error.message
            continue
        reference = LabelMap(reference.labels, reference.grid, "vertebrae")
        nothing = Volume(np.zeros(reference.grid.shape, np.int16), reference.grid)
        spine = LabelMap(spine_voxels(reference).astype(np.uint8), reference.grid)
        scores.append(_scored(path.name.removesuffix(".nii.gz"), reference, namer.name(nothing, spine, with_ct=False)))
    return scores, refused


def named_views(config: Path, namer: Namer, progress: Progress) -> list[VertebraScores]:
    """Name views of the label maps that a configuration of the naming network leaves out of training.

    As training draws them: pieces of a spine, bent, with a synthesised CT and a mask that errs as predictions do. What
    is said of a row is what the naming alone says, before the segmentation's doubt is known.

    Raises:
        BadConfiguration: the configuration cannot be used, or leaves nothing out.
    """
    from segmentation.training.vertebrae.config import load_held_out_items, load_names_config
    from segmentation.training.vertebrae.sampling import IGNORE, draw
    from segmentation.vertebrae.name_spine import name_spine

    rng, scores = np.random.default_rng(VIEWS_SEED), []
    items = load_held_out_items(load_names_config(config))
    for number in range(VIEWS):
        progress(number / VIEWS, f"view {number + 1}")
        sample = draw(items, rng)
        shape = (sample.level.shape[0], sample.level.shape[1], sample.level.shape[2])
        grid = Grid(shape, np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0]))
        fields = namer.answered(sample.image, grid, with_ct=bool(sample.image[0].any()))
        mask = sample.image[1] >= LEAST_SHARE
        truth = np.where(sample.level == IGNORE, 0, np.array([*LEVELS, 0])[np.minimum(sample.level, len(LEVELS))])
        truth[~mask] = 0  # what the spoiled mask lacks is not the naming's fault
        found = name_spine(mask, grid, fields)
        scores.append(_scored(f"view {number + 1}", LabelMap(_without_crumbs(truth), grid, "vertebrae"), found))
    return scores


def _without_crumbs(labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Leave out the vertebrae of which the border or a hole in the mask left too little to be named."""
    counts = np.bincount(labels.ravel(), minlength=LEVELS[-1] + 1)
    few = [n for n in LEVELS if counts[n] * VOXEL_MM**3 / 1000 < LEAST_OF_VERTEBRA * VOLUME_ML[n - 1]]
    return np.where(np.isin(labels, few), 0, labels).astype(np.uint8)


def _scored(name: str, reference: LabelMap, named: NamedSpine) -> VertebraScores:
    confidence = {one.label: one.confidence for one in named.vertebrae}
    return score_vertebrae(name, reference.labels, named.labels, named.sure, confidence)
