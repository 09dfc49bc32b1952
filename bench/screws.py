"""Propose pedicle screws on every label map of a folder and on phantoms; count grades and omissions.

python bench/screws.py FOLDER_OF_LABEL_MAPS [--every 1]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np

from segmentation.core.labels import SPINE_NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.planning.plan import Plan, check_plan
from segmentation.planning.propose import NOT_CERVICAL, propose
from segmentation.readers import read_label_map


def main() -> None:
    """Run and print a table a map and one of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--every", type=int, default=1, help="take every n-th file")
    options = parser.parse_args()
    files = [] if options.folder is None else sorted(options.folder.glob("*.nii.gz"))
    files = [path for path in files if not path.name.endswith(("_subreg.nii.gz", "_bones.nii.gz"))][:: options.every]
    total: Counter[str] = Counter()
    seconds: list[float] = []
    for name, label_map in [*((path.name, read_label_map(path)) for path in files), ("phantom", _phantom())]:
        labels = [n for n in label_map.present if n in SPINE_NUMBERS and n not in NOT_CERVICAL]
        found: Counter[str] = Counter()
        for label in labels:
            begun = time.process_time()
            screws, omissions, vertebrae = propose(label_map, [label])
            seconds.append(time.process_time() - begun)
            found.update(check.grade for check in check_plan(Plan(screws, [], []), label_map, None, vertebrae))
            found.update(omission.code for omission in omissions)
        print(f"{name}: {len(labels)} vertebrae, {dict(found)}", flush=True)
        total += found
    print(f"all: {len(seconds)} vertebrae, {dict(total)}; {np.median(seconds):.2f} s of processor time a vertebra")


def _phantom() -> LabelMap:
    return make_phantom(PhantomSpec(organs=False, ribs=False)).labels


if __name__ == "__main__":
    main()
