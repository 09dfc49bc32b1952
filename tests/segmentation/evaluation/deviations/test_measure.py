"""Scores of scans that deviate: what counts, what the border takes out, and what the table says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from segmentation.core.errors import BadConfiguration
from segmentation.core.volume import LabelMap, Volume
from segmentation.evaluation.cases import Case
from segmentation.evaluation.deviations.measure import (
    COUNTS,
    Deviant,
    deviation_table,
    deviations,
    measured,
    scored,
)
from segmentation.evaluation.deviations.shapes import DEVIATIONS
from segmentation.evaluation.reliability import Answer
from segmentation.inference.confidence import Confidence
from segmentation.phantom import PhantomSpec
from segmentation.vertebrae.named_spine import NamedVertebra


def answer(labels: np.ndarray, level: str = "high", sure: bool = True) -> Answer:
    """What whoever draws ``labels`` would say of them."""
    place = (0.0, 0.0, 0.0)
    named = tuple(
        NamedVertebra(int(n), level, (), place, place, 1, False, 1, 0.9)  # type: ignore[arg-type]
        for n in np.unique(labels)
        if n
    )
    return Answer(labels > 0, labels, named, Confidence(0.9, "high"), sure)


def row(case: Case, labels: np.ndarray, whole_ml: dict[int, float] | None = None, sure: bool = True) -> Deviant:
    return scored(case, "as it is", answer(labels, sure=sure), "weights", whole_ml or {})


def test_the_reference_itself_is_right_in_everything(case: Case):
    one = row(case, case.reference.labels)
    assert (one.dice, one.scores.panoptic_quality, one.scores.dice) == (1, 1, 1)
    assert (one.scores.named_right, one.scores.high_right, one.scores.sure) == (3, 3, True)
    assert (one.scores.truth, one.confidence) == ("L2-L4", "high")


def test_names_one_off_that_are_said_to_be_sure_are_named_below_the_table(case: Case):
    moved = np.where(case.reference.labels > 0, case.reference.labels + 1, 0).astype(np.uint8)
    wrong = row(case, moved)
    assert (wrong.scores.named_right, wrong.scores.panoptic_quality, wrong.scores.naming) == (0, 1, "L3-L5")
    table = deviation_table([wrong, row(case, moved, sure=False), row(case, case.reference.labels)])
    assert table.notes[0] == "3 of 9 names right; 2 of 3 rows said to be sure; wrong and sure: small, as it is"
    assert table.rows[0][3:] == ["1.000", "1.000", "1.000", "3/3", "L2-L4", "L3-L5", "0/3", "yes", "high", "0/3"]
    assert json.loads(json.dumps(wrong.to_json()))["scores"]["found"] == 3


def test_a_vertebra_beyond_the_labelled_ones_is_not_held_against_the_model(case: Case):
    reference = case.reference
    two = LabelMap(np.where(reference.labels == 21, 0, reference.labels).astype(np.uint8), reference.grid, "vertebrae")
    one = row(Case("two", case.volume, two), reference.labels)
    assert (one.scores.found, one.scores.vertebrae, one.scores.panoptic_quality) == (2, 2, 1)


def test_what_the_border_leaves_little_of_does_not_count(case: Case):
    reference = case.reference
    low = int(np.argwhere(reference.labels == 23)[:, 2].max()) - 5
    grid = reference.grid.cropped(
        (*(slice(0, n) for n in reference.grid.shape[:2]), slice(low, reference.grid.shape[2]))
    )
    cut = LabelMap(np.ascontiguousarray(reference.labels[:, :, low:]), grid, "vertebrae")
    whole = {n: float((reference.labels == n).sum()) * grid.voxel_ml for n in (21, 22, 23)}
    one = row(Case("cut", Volume(case.volume.hu[:, :, low:], grid), cut), cut.labels, whole)
    assert (one.scores.truth, one.scores.found, one.scores.panoptic_quality) == ("L2-L3", 2, 1)


def test_each_deviation_is_segmented_once_and_scored_with_its_own_reference(case: Case):
    seen = []

    def perfect(volume: Volume) -> Answer:
        seen.append(volume.grid.shape)
        return answer(current[0].reference.labels)

    current: list[Case] = []

    def copies():  # type: ignore[no-untyped-def]
        for how, one in deviations(case):
            current[:] = [one]
            yield how, one

    rows, claims = measured(copies(), perfect, "weights")
    assert [one.deviation for one in rows] == ["as it is", *DEVIATIONS]
    assert len(seen) == len(rows)
    assert all(one.scores.named_right == one.scores.vertebrae > 0 and one.dice == 1 for one in rows)
    assert {claim.perturbation for claim in claims} == {one.deviation for one in rows}


@pytest.mark.parametrize("levels", COUNTS.values())
def test_the_phantom_can_have_each_count_of_vertebrae(levels: tuple[str, ...]):
    assert PhantomSpec(levels=levels).levels == levels


def test_only_the_deviations_asked_for_are_made(case: Case):
    assert [how for how, _ in deviations(case, ["noise", "narrow field"])] == ["as it is", "narrow field", "noise"]
    with pytest.raises(BadConfiguration, match="no deviation lordosis"):
        next(deviations(case, ["lordosis"]))
