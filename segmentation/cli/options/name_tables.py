"""Tables of ``spineview evaluate --vertebrae`` and ``--label-maps DIR``: instances, names and confidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segmentation.core.errors import InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.progress import Progress
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import find_cases, read_case
from segmentation.evaluation.vertebra_scores import VertebraScores, score_vertebrae
from segmentation.readers import read_label_map

if TYPE_CHECKING:
    from segmentation.inference.engine import Engine
    from segmentation.inference.name_vertebrae import Namer
    from segmentation.vertebrae.named_spine import NamedSpine


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


def _scored(name: str, reference: LabelMap, named: NamedSpine) -> VertebraScores:
    confidence = {one.label: one.confidence for one in named.vertebrae}
    return score_vertebrae(name, reference.labels, named.labels, named.sure, confidence)
