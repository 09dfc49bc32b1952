"""Print each labelled scan's confidence beside its Dice, as it is and made worse: what the thresholds are set by.

python bench/confidence.py --cases DIR [--negatives DIR] [--model FILE] [--device auto|cpu|cuda] [--plain]

The Dice is that of the labelled slab, where two vertebrae are labelled (see docs/evaluation.md). --plain leaves
the worsened copies of each scan out. At the end: the rank correlation of the two, and the Dice by level.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from segmentation.core.errors import InputError
from segmentation.core.labels import spine_voxels
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import Case, find_cases, read_case
from segmentation.evaluation.metrics import dice
from segmentation.evaluation.perturbations import PERTURBATIONS
from segmentation.evaluation.regions import labelled_slab
from segmentation.inference.confidence import HIGH, MEDIUM, Confidence
from segmentation.inference.engine import Engine
from segmentation.readers import read_volume


def main() -> None:
    """One line a scan, as it is done."""
    options = parse()
    engine = Engine(options.model, options.device)
    print(f"model {engine.model_id}; high from {HIGH}, medium from {MEDIUM}")
    print(f"{'case':24} {'how':20} Dice   conf   level   expected inside  gap mm  ml/cm     ml  reasons")
    scored: list[tuple[float, Confidence]] = []
    for folder in find_cases(options.cases):
        for how, volume, reference in copies(read_case(folder), options.plain):
            found = dice_of(engine.segment(volume), reference)
            confidence, features = engine.confidence, engine.features
            assert confidence is not None
            assert features is not None
            scored.append((found, confidence))
            reasons = " ".join(reason.code for reason in confidence.reasons)
            print(
                f"{folder.name[:24]:24} {how:20} {found:.3f}  {confidence.value:.3f}  {confidence.level:7} "
                f"{features.expected_dice:.3f}    {features.inside:.3f}  {features.gap_mm:6.1f}  "
                f"{features.ml_per_cm:5.1f}  {features.volume_ml:5.0f}  {reasons}",
                flush=True,
            )
    report(scored)
    for path in sorted(options.negatives.glob("*.nii*")) if options.negatives else ():
        found_ml = engine.segment(read_volume(path)).volume_ml
        print(f"{path.name[:24]:24} {'no spine in it':20} {found_ml:5.1f} ml  {engine.confidence}", flush=True)


def parse() -> argparse.Namespace:
    """Parse the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--negatives", type=Path, help="CTs without any spine")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--plain", action="store_true")
    return parser.parse_args()


def copies(case: Case, plain: bool) -> Iterator[tuple[str, Volume, LabelMap]]:
    """Yield the scan as it is, and each way of making it worse that it allows."""
    yield "as it is", case.volume, case.reference
    for name, perturb in () if plain else PERTURBATIONS.items():
        try:
            yield name, *perturb(case.volume, case.reference)
        except InputError:
            continue


def dice_of(found: LabelMap, reference: LabelMap) -> float:
    """Dice of the labelled slab, or of the whole scan where there is none."""
    slab = labelled_slab(reference) or (slice(None),) * 3
    return float(dice(spine_voxels(found)[slab], spine_voxels(reference)[slab]))


def report(scored: list[tuple[float, Confidence]]) -> None:
    """Rank correlation of confidence and Dice, and the Dice of each level."""
    values = np.array([confidence.value for _, confidence in scored])
    scores = np.array([found for found, _ in scored])
    if len(scored) > 2:
        print(f"rank correlation (Spearman) {spearmanr(values, scores).statistic:.2f} over {len(scored)} masks")
    for level in ("high", "medium", "low"):
        own = scores[[confidence.level == level for _, confidence in scored]]
        if len(own):
            print(f"{level:6} {len(own):3} masks, Dice {own.min():.3f} to {own.max():.3f}, median {np.median(own):.3f}")


if __name__ == "__main__":
    main()
