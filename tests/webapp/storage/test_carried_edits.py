"""Values of measures that readers changed, in the next version of a mask."""

from __future__ import annotations

import json
from pathlib import Path

from segmentation.core.labels import NUMBERS
from webapp.storage.edits.carry import carry_edits
from webapp.storage.folders import MEASURE_EDITS_FILE

L1, L2, L3, L4 = (NUMBERS[name] for name in ("L1", "L2", "L3", "L4"))
TARGETS = ["vertebra/L1/anterior_height_mm", "disc/L2-L3/slip_mm", "curve/L1-L3/cobb_deg",
           "angle/L1 superior to L3 inferior/lordosis_deg"]  # fmt: skip


def carried(tmp_path: Path, content: object, **change: object) -> dict[str, list[str]]:
    """The targets that were kept, and those that were left behind."""
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir(exist_ok=True)
    (before / MEASURE_EDITS_FILE).write_text(json.dumps(content), encoding="utf-8")
    carry_edits(before, after, **change)  # type: ignore[arg-type]
    found = json.loads((after / MEASURE_EDITS_FILE).read_text(encoding="utf-8"))
    return {"edits": [each["target"] for each in found["edits"]], "dropped": found["dropped"]}


def edits(*targets: str) -> list[dict[str, object]]:
    return [{"target": target, "value": 1.0} for target in targets]


def test_values_of_vertebrae_that_stayed_are_taken_over_and_the_others_are_named(tmp_path: Path) -> None:
    found = carried(tmp_path, {"edits": edits(*TARGETS)}, touched={L2})
    assert found == {"edits": [TARGETS[0], *TARGETS[2:]], "dropped": [TARGETS[1]]}
    found = carried(tmp_path, {"edits": edits(*TARGETS), "dropped": ["vertebra/L9/x"]}, touched={L3})
    assert found == {"edits": TARGETS[:1], "dropped": ["vertebra/L9/x", *TARGETS[1:]]}


def test_values_follow_the_names_of_their_vertebrae(tmp_path: Path) -> None:
    found = carried(tmp_path, {"edits": edits(*TARGETS)}, numbers={L1: L2, L2: L3, L3: L4})
    assert found["edits"] == ["vertebra/L2/anterior_height_mm", "disc/L3-L4/slip_mm", "curve/L2-L4/cobb_deg",
                              "angle/L2 superior to L4 inferior/lordosis_deg"]  # fmt: skip


def test_where_nothing_was_changed_nothing_is_written(tmp_path: Path) -> None:
    carry_edits(tmp_path, tmp_path / "after", {L1})
    assert not (tmp_path / "after").exists()
