"""Whether stated confidence comes true, on claims and masks made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import Case
from segmentation.evaluation.reliability import (
    SCAN,
    VERTEBRA,
    Answer,
    Claim,
    claims_of,
    claims_to_json,
    draw_reliability,
    reliability_table,
)
from segmentation.inference.confidence import Confidence
from segmentation.vertebrae.named_spine import NamedVertebra

GRID = Grid((10, 10, 40), np.diag([1.0, 1.0, 1.0, 1.0]))


def claim(probability: float, right: bool, level: str = "medium") -> Claim:
    return Claim("a", "as it is", VERTEBRA, "L1", level, probability, 0.9, right, right)


def test_the_table_counts_what_came_true_and_the_brier_score_is_that_of_the_definition():
    claims = [claim(0.9, True, "high"), claim(0.9, True, "high"), claim(0.8, False, "high"), claim(0.1, False, "low")]
    table = reliability_table(claims, VERTEBRA)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["0.8 to 1.0"] == ["3", "0.87", "2", "67"]
    assert rows["0.0 to 0.2"] == ["1", "0.10", "0", "0"]
    assert rows["0.2 to 0.4"][0] == "0"
    assert rows["high"] == ["3", "0.87", "2", "67"]
    assert rows["medium"][0] == "0"
    assert table.notes[0].startswith(f"Brier score {(0.01 + 0.01 + 0.64 + 0.01) / 4:.3f}; always saying 0.50")
    assert reliability_table(claims, SCAN).notes[0] == "no claim"


def test_the_diagram_names_how_many_claims_each_point_stands_for(tmp_path: Path):
    claims = [claim(0.9, True)] * 7 + [claim(0.3, False)] * 3
    draw_reliability(claims, tmp_path / "a.svg", "these weights")
    draw_reliability(claims, tmp_path / "b.svg", "these weights")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert all(f">{word}<" in text for word in ("7", "3", "these weights", "by vertebra", "by scan"))
    assert text == (tmp_path / "b.svg").read_text(encoding="utf-8")


def test_a_probability_of_one_is_counted():
    rows = {row[0]: row[1] for row in reliability_table([claim(1.0, True)], VERTEBRA).rows}
    assert rows["0.8 to 1.0"] == "1"


def test_a_vertebra_is_right_by_mask_and_name_and_those_beyond_the_slab_are_not_judged():
    truth = np.zeros(GRID.shape, np.uint8)
    for number, low in ((20, 22), (21, 12), (22, 2)):
        truth[2:8, 2:8, low : low + 8] = number
    found = truth.copy()
    found[found == 20] = 19  # wrong by name
    found[2:8, 2:8, 32:38] = 18  # beyond
    found[2:5, 2:8, 2:10] = 0  # half of the third is missing
    place = (0.0, 0.0, 0.0)
    vertebrae = tuple(NamedVertebra(n, "high", (), place, place, 1, False, 1, 0.9) for n in (18, 19, 21, 22))
    answer = Answer(found > 0, found, vertebrae, Confidence(0.9, "high"))
    case = Case("a", Volume(np.zeros(GRID.shape, np.int16), GRID), LabelMap(truth, GRID, "vertebrae"))
    *claims, scan = claims_of(case, "as it is", answer)
    assert {c.what: (c.named_right, c.right) for c in claims} == {
        "T12": (False, False),
        "L2": (True, True),
        "L3": (True, False),
    }
    assert (scan.kind, scan.named_right, scan.right) == (SCAN, False, False)
    assert claims_to_json([scan])[0]["case"] == "a"
