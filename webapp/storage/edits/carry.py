"""Readers' values of measures, taken over to the next version of a mask where their vertebrae are what they were."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from segmentation.core.labels import label_of
from webapp.storage.folders import MEASURE_EDITS_FILE

NONE: Mapping[int, int] = {}
_BETWEEN = re.compile(r"([/ -])")  # the names in a target: "disc/L4-L5/slip_mm"


def carry_edits(source: Path, staged: Path, touched: Collection[int] = (), numbers: Mapping[int, int] = NONE) -> None:
    """Copy the changed values of measures from one mask's folder to that of its next version.

    Those of a vertebra whose voxels were changed are left behind; the file says which, so that readers are told.

    Args:
        source: The folder of the mask that was changed.
        staged: That of its next version.
        touched: Labels whose voxels were changed.
        numbers: New number of a label by its old one, where it was renamed.
    """
    try:
        known = json.loads((source / MEASURE_EDITS_FILE).read_text(encoding="utf-8"))
        edits, dropped = known["edits"], known.get("dropped", [])
        left = {label_of(number).name for number in touched}
        names = {label_of(old).name: label_of(new).name for old, new in numbers.items()}
        kept, behind = [], [_renamed(target, names) for target in dropped]
        for edit in edits:
            target = _renamed(edit["target"], names)
            if left.intersection(_BETWEEN.split(target)):
                behind.append(target)
            else:
                kept.append({**edit, "target": target})
    except (OSError, KeyError, TypeError, ValueError):
        return
    content = {"edits": kept, "dropped": list(dict.fromkeys(behind))}
    (staged / MEASURE_EDITS_FILE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _renamed(target: str, names: Mapping[str, str]) -> str:
    return "".join(names.get(part, part) for part in _BETWEEN.split(target))
