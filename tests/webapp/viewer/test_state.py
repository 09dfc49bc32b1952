"""What the viewer says of jobs and masks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from segmentation.analysis.label_statistics import LabelStatistics
from segmentation.inference.confidence import Confidence, Reason
from webapp.storage.tables import Job, Mask
from webapp.translations import translate
from webapp.viewer.state import clock, job_row, latest_masks, mask_colours, mask_row, shown_after

T = translate("en")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB = Job("j1", "s1", "segment", "running", 0.42, "segmenting", NOON, NOON, 65.4, 30.0, ["one"], None, None, None)
MODEL = Mask("m1", "s1", "model", "spine", [1], 123.45, 0.9123, "net", "abc", NOON)
REFERENCE = Mask("r1", "s1", "reference", "vertebrae", [20, 21], 99.0, None, "", "def", NOON)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.9, "1:05"), (3661, "61:01"), (-1, "0:00")])
def test_clock_counts_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_study_without_a_job_shows_none() -> None:
    assert job_row(None, T)["active"] is False
    assert job_row(None, T)["id"] == ""


def test_a_running_job_shows_progress_stage_and_time() -> None:
    row = job_row(JOB, T)
    assert (row["active"], row["percent"], row["stage"], row["elapsed"]) == (True, 42, "Segmenting", "1:05")
    assert "0:30" in row["eta"]


def test_a_failed_job_says_that_it_failed_and_not_where() -> None:
    assert job_row(replace(JOB, state="failed"), T)["stage"] == T("common.state.failed")


def test_a_stage_nobody_translated_speaks_for_itself() -> None:
    assert job_row(replace(JOB, stage="polishing"), T)["stage"] == "polishing"


def test_a_long_log_is_cut_at_its_head() -> None:
    row = job_row(replace(JOB, log=[str(n) for n in range(1000)]), T)
    assert row["log"][-1] == "999"
    assert len(row["log"]) == 200


def test_only_the_newest_mask_of_each_kind_is_listed_the_models_first() -> None:
    newer = replace(
        MODEL, id="m2", created_at=NOON.replace(hour=11)
    )  # the clock was set back; the store's order counts
    assert [mask.id for mask in latest_masks([REFERENCE, newer, MODEL])] == ["m2", "r1"]


def test_a_mask_names_its_labels_and_gives_volume_and_dice() -> None:
    row = mask_row(MODEL, {}, T)
    assert (row["volume"], row["dice"], row["download"]) == ("123.5 ml", "0.912", "/api/v1/masks/m1.nii.gz")
    assert [label["name"] for label in row["labels"]] == ["Spine"]
    assert [label["name"] for label in mask_row(REFERENCE, {}, T)["labels"]] == ["L1", "L2"]
    lowest = replace(REFERENCE, labels=[24, 26, 27])
    assert [label["name"] for label in mask_row(lowest, {}, translate("zh"))["labels"]] == ["L5", "骶骨", "尾骨"]


def test_a_confidence_is_told_in_words_with_its_reasons() -> None:
    assert mask_row(MODEL, {}, T)["confidence"] is None
    doubted = replace(MODEL, confidence=Confidence(0.5, "low", (Reason("nothing"), Reason("thick_slices"))))
    assert mask_row(doubted, {}, T)["confidence"] == {
        "level": "low",
        "label": "Confidence: low",
        "advice": "Check this result:",
        "reasons": ["No spine was found.", "The slices are thicker than 4 mm."],
    }
    trusted = mask_row(replace(MODEL, confidence=Confidence(0.95, "high")), {}, translate("zh"))["confidence"]
    assert (trusted["level"], trusted["label"], trusted["reasons"]) == ("high", "置信度：高", [])


def test_a_binary_reference_is_not_drawn_in_the_models_colour() -> None:
    reference = replace(MODEL, kind="reference")
    assert mask_colours(reference)["1"] != mask_colours(MODEL)["1"]


def test_a_new_result_is_shown_and_what_is_gone_is_dropped() -> None:
    assert shown_after(["old", "r1"], ["old", "r1"], [MODEL, REFERENCE]) == ["r1", "m1"]


def test_a_result_that_was_hidden_stays_hidden_and_a_reference_waits_to_be_asked_for() -> None:
    assert shown_after([], ["m1"], [MODEL, REFERENCE]) == []


def test_a_label_says_how_much_it_is_and_how_dense_where_that_is_known() -> None:
    known = {1: LabelStatistics(12.345, 312.6, 90.0, (0, 0, 0), (0, 0, 0), (0, 0, 0))}
    [label] = mask_row(MODEL, known, T)["labels"]
    assert (label["volume"], label["hu"]) == ("12.3 ml", "313 HU")
    [label] = mask_row(MODEL, {}, T)["labels"]
    assert (label["volume"], label["hu"]) == ("", "")
