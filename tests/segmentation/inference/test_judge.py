"""Confidence in one vertebra: doubt about its mask by part, signs of another kind of scan, and what is made of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.inference.doubt import Doubt, measure_doubt
from segmentation.inference.judge import HIGH, judged, probability_of, uncertain_parts
from segmentation.inference.kinds import Kind, like_ct, measure_kind
from segmentation.preprocessing.preprocess import InputSpec, Prepared, prepare
from segmentation.vertebrae.named_spine import NamedSpine, NamedVertebra

SHAPE = (60, 60, 30)
GRID = Grid(SHAPE, np.array([[2.0, 0, 0, -60], [0, 2, 0, -80], [0, 0, 2, -30], [0, 0, 0, 1]]))
BODY = (0.0, 0.0, 0.0)  # RAS mm: voxel (30, 40, 15)
LIKE_CT = Kind(0.4, 0.4, 0.1, 600.0, 0.0)
SURE = Doubt(0.95, {"body": 0.97, "left": 0.9, "right": 0.9, "spinous": 0.9, "arch": 0.9}, 1.0)


def labels() -> NDArray[np.uint8]:
    """L3 with a body, two transverse processes and a spinous process."""
    numbers = np.zeros(SHAPE, np.uint8)
    numbers[20:41, 33:48, 9:21] = 22
    numbers[10:20, 28:34, 13:17] = 22  # left, towards -R
    numbers[41:51, 28:34, 13:17] = 22
    numbers[28:33, 10:22, 12:18] = 22
    return numbers


def logits(numbers: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.where(numbers > 0, 8.0, -8.0).astype(np.float32)


def vertebra(label: int = 22) -> NamedVertebra:
    return NamedVertebra(label, "high", (), BODY, BODY, 30.0, False, 0.99)


def row(numbers: NDArray[np.uint8], sure: bool = True) -> NamedSpine:
    return NamedSpine(numbers, (vertebra(),), sure, "sacrum" if sure else "no_landmark")


def scan() -> tuple[Volume, Prepared]:
    """A scan with muscle, fat, noise and a bone, shown to the network at its own spacing."""
    rng = np.random.default_rng(0)
    hu = np.where(rng.random(SHAPE) < 0.4, -90.0, 50.0) + rng.normal(0, 8, SHAPE)
    bone = labels() > 0
    hu[bone] = rng.uniform(150, 700, int(bone.sum()))
    volume = Volume(hu.astype(np.int16), GRID)
    return volume, prepare(volume, InputSpec(2.0))


def test_doubt_is_told_by_the_part_it_lies_in():
    numbers = labels()
    answer = logits(numbers)
    answer[10:20, 28:34, 13:17] = 0.2  # the left transverse process
    doubt = measure_doubt(answer, numbers, GRID, (vertebra(),))[22]
    assert {"body", "left", "right", "spinous"} <= set(doubt.parts)
    assert doubt.parts["left"] < 0.8 < 0.95 < min(doubt.parts["body"], doubt.parts["right"], doubt.parts["spinous"])
    assert doubt.parts["left"] < doubt.expected_dice < doubt.parts["body"]
    assert doubt.lopsided == pytest.approx(1, abs=0.1)
    assert not doubt.metal


def test_a_process_that_is_missing_on_one_side_is_uncertain():
    numbers = labels()
    numbers[46:51] = 0
    numbers[41:46, 30:34] = 0
    doubt = measure_doubt(logits(numbers), numbers, GRID, (vertebra(),))[22]
    assert (doubt.lopsided < 0.35, doubt.smaller_side) == (True, "right")
    assert uncertain_parts(doubt) == ("right_doubtful",)


def test_metal_counts_where_it_lies_in_or_around_the_vertebra():
    numbers, metal = labels(), np.zeros(SHAPE, bool)
    metal[0, 0, 0] = True
    assert not measure_doubt(logits(numbers), numbers, GRID, (vertebra(),), metal)[22].metal
    metal[30, 40, 15] = True
    assert measure_doubt(logits(numbers), numbers, GRID, (vertebra(),), metal)[22].metal


def test_the_worst_part_is_named_first():
    doubt = replace(SURE, parts={"body": 0.8, "left": 0.2, "spinous": 0.9})
    assert uncertain_parts(doubt) == ("left_doubtful", "body_doubtful")
    assert uncertain_parts(SURE) == ()


def test_the_probability_falls_with_doubt_with_an_unsure_name_and_with_signs():
    good = probability_of(SURE, (), 1.0, True)
    assert good > HIGH
    assert probability_of(replace(SURE, expected_dice=0.86), (), 1.0, True) < 0.6
    assert probability_of(SURE, (), 1.0, False) < HIGH
    for sign in ("neck", "metal", "cut_by_border"):
        assert probability_of(SURE, (sign,), 1.0, True) < HIGH


def test_a_sure_vertebra_is_said_with_high_confidence_and_an_unsure_one_says_where():
    volume, prepared = scan()
    numbers = labels()
    (sure,) = judged(row(numbers), volume, logits(numbers), prepared, LIKE_CT).vertebrae
    assert (sure.confidence, sure.reasons) == ("high", ())
    answer = np.where(numbers > 0, 1.5, -4.0).astype(np.float32)
    answer[10:20, 26:36, 11:19] = 0.3
    (unsure,) = judged(row(numbers), volume, answer, prepared, LIKE_CT).vertebrae
    assert unsure.confidence != "high"
    assert unsure.reasons[0] == "left_doubtful"
    assert unsure.probability is not None
    assert sure.probability is not None
    assert unsure.probability < sure.probability


def test_a_row_is_not_sure_where_a_vertebra_may_be_none_or_the_scan_is_no_ct():
    volume, prepared = scan()
    numbers = labels()
    faint = np.where(numbers > 0, 0.3, -0.3).astype(np.float32)
    spine = judged(row(numbers), volume, faint, prepared, LIKE_CT)
    assert (spine.sure, spine.reason) == (False, "mask_doubtful")
    assert "name_doubtful" in spine.vertebrae[0].reasons
    assert spine.vertebrae[0].confidence == "low"
    spine = judged(row(numbers), volume, logits(numbers), prepared, replace(LIKE_CT, fat=0.0))
    assert (spine.sure, spine.reason) == (False, "unlike_training")
    assert spine.vertebrae[0].confidence != "high"


def test_a_screw_takes_high_confidence_from_its_vertebra():
    volume, prepared = scan()
    hu = volume.hu.copy()
    hu[29:32, 30:44, 14:16] = 3000
    numbers = labels()
    (one,) = judged(row(numbers), Volume(hu, GRID), logits(numbers), prepared, LIKE_CT).vertebrae
    assert one.confidence != "high"
    assert "metal" in one.reasons


def test_an_empty_row_stays_as_it_is():
    volume, prepared = scan()
    nothing = NamedSpine(np.zeros(SHAPE, np.uint8), (), False, "nothing")
    assert judged(nothing, volume, logits(labels()), prepared, None) is nothing


def test_what_looks_like_a_ct_and_what_does_not():
    volume, _ = scan()
    mask = labels() > 0
    kind = measure_kind(volume, mask)
    assert kind is not None
    assert like_ct(kind)
    assert kind.metal_ml == 0
    for other in (
        np.abs(volume.hu) * 2,  # as of an MR: nothing below zero
        np.where(mask, 400, -90),  # a phantom without noise, in one piece of plastic
        np.where(mask, 400, volume.hu),  # bone without a shell
    ):
        kind = measure_kind(Volume(other.astype(np.int16), GRID), mask)
        assert kind is not None
        assert not like_ct(kind)
    assert measure_kind(volume, np.zeros(SHAPE, bool)) is None
