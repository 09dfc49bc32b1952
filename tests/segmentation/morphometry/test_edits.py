"""Drawings of measures, values that readers change by moving their lines, and measures that are read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import numpy as np
import pytest

import segmentation.morphometry
from segmentation.morphometry.drawings import drawings, value_of
from segmentation.morphometry.edits import Edit, with_edits
from segmentation.morphometry.measure import measure_spine
from segmentation.morphometry.reading import measures_from_json
from segmentation.morphometry.reported_confidence import ReportedVertebra, not_to_measure, with_confidence
from segmentation.morphometry.results import CoronalCurve, Quantity, SagittalAngle, SpineMeasures
from segmentation.morphometry.table import to_csv
from segmentation.phantom.measured import Level, SpineSpec, make_measured
from segmentation.report.table import note_lines, table_rows
from segmentation.report.words import LANGUAGES, words

SCHEMA = json.loads(Path(segmentation.morphometry.__file__).with_name("measures.schema.json").read_text())
CURVE = CoronalCurve("L1", "L2", "L1", "left", Quantity(20.0, 1.0), Quantity(3.0, 0.5), True,
                     (((-20, 0, 50), (20, 0, 50)), ((-20, 0, 0), (20, 0, -14.559))))  # fmt: skip
LORDOSIS = SagittalAngle("lumbar_lordosis", "L1 superior", "L2 inferior", Quantity(10.0, 1.0),
                         (((0, -15, 50), (0, 15, 50)), ((0, -15, 0), (0, 15, -5.29))))  # fmt: skip


@pytest.fixture(scope="module")
def measures() -> SpineMeasures:
    levels = (Level("L1", rotation=8.0), Level("L2", 22.0, 27.0, slip=-4.0))
    phantom = make_measured(SpineSpec("edits", levels, (1.4, 1.4, 1.6)))
    found = measure_spine(phantom.labels, phantom.volume)
    (angle,) = [each for each in found.sagittal if each.value.value is not None]
    assert value_of("lordosis", angle.lines) == pytest.approx(angle.value.value, abs=0.01)  # L1 is rotated
    return replace(found, curves=(CURVE,), sagittal=(LORDOSIS,))


def test_every_line_is_as_long_or_as_steep_as_its_value_says(measures: SpineMeasures):
    drawn = drawings(measures)
    checked = 0
    for vertebra in measures.vertebrae:
        for name, quantity in vertebra.values.items():
            drawing = drawn.get(f"vertebra/{vertebra.name}/{name}")
            if drawing is not None and drawing.formula == "distance":
                checked += 1
                assert value_of("distance", drawing.lines) == pytest.approx(quantity.value, abs=0.6), name
    assert checked >= 2 * 11  # three heights, width, depth, canal, both pedicles
    assert value_of("cobb", drawn["curve/L1-L2/cobb_deg"].lines) == pytest.approx(20, abs=0.01)
    angle = drawn["angle/L1 superior to L2 inferior/lumbar_lordosis_deg"]
    assert value_of(angle.formula, angle.lines) == pytest.approx(10, abs=0.01)
    disc = measures.discs[0]
    wedge = drawn["disc/L1-L2/wedge_angle_deg"]
    assert value_of(wedge.formula, wedge.lines) == pytest.approx(disc.values["wedge_angle_deg"].value, abs=1.5)
    assert {each.plane for each in drawn.values()} == {"axial", "coronal", "sagittal"}
    json.dumps({target: each.to_json() for target, each in drawn.items()})


def test_signs_of_angles():
    down = ((0.0, 0.0, 0.0), (0.0, 10.0, -10.0))
    level = ((0.0, 0.0, 0.0), (0.0, 10.0, 0.0))
    assert value_of("lordosis", (level, down)) == pytest.approx(45)
    assert value_of("kyphosis", (level, down)) == pytest.approx(-45)
    assert value_of("slope", (down,)) == value_of("slope", (down[::-1],)) == pytest.approx(45)
    with pytest.raises(ValueError, match="length"):
        value_of("cobb", (level, down))  # seen from the front, both are points


def test_a_changed_height_changes_ratios_grade_table_and_notes(measures: SpineMeasures):
    line = ((0.0, 0.0, 0.0), (0.0, 0.0, 15.0))
    edited = with_edits(measures, {"vertebra/L2/anterior_height_mm": Edit(15.0, (line,), "Dr 李")})
    before, after = measures.of("L2"), edited.of("L2")
    height = after.values["anterior_height_mm"]
    assert (height.value, height.edited_by) == (15.0, "Dr 李")
    assert height.automatic == before.values["anterior_height_mm"].value
    posterior = before.values["posterior_height_mm"].value
    assert after.values["wedge_ratio"].value == pytest.approx(15 / posterior)
    assert after.values["biconcave_ratio"] == before.values["biconcave_ratio"]
    assert after.values["crush_ratio"] == before.values["crush_ratio"]  # the posterior height is as it was
    assert (after.genant_grade, after.deformity) == (3, "wedge")
    assert edited.of("L1") == measures.of("L1")
    jsonschema_rs.validate(SCHEMA, edited.to_json())
    (line_of_csv,) = [row for row in to_csv(edited).splitlines() if row.startswith("vertebra,L2,anterior_height_mm")]
    assert line_of_csv.endswith(f"edited by Dr 李; automatic {before.values['anterior_height_mm'].value:.3f}")
    for lang in LANGUAGES:
        assert any("15.0*" in cell for row in table_rows(edited, words(lang)) for cell in row)
        (note,) = note_lines(edited, words(lang))
        assert "Dr 李" in note
        assert words(lang)["measure.anterior_height_mm"] in note


def test_a_changed_posterior_height_changes_the_neighbours_crush_ratio(measures: SpineMeasures):
    edit = Edit(20.0, (), "reader")
    edited = with_edits(measures, {"vertebra/L2/posterior_height_mm": edit})
    crush = edited.of("L1").values["crush_ratio"]
    assert crush.value == pytest.approx(measures.of("L1").values["posterior_height_mm"].value / 20)
    assert crush.edited_by == "reader"


def test_a_changed_curve_keeps_its_lines_and_may_be_no_scoliosis(measures: SpineMeasures):
    lines = (((0.0, 0.0, 9.0), (9.0, 0.0, 9.0)), ((0.0, 0.0, 0.0), (9.0, 0.0, 1.0)))
    targets = {"curve/L1-L2/cobb_deg": Edit(6.3, lines, "x"), "curve/T1-T2/cobb_deg": Edit(1.0, lines, "x")}
    (curve,) = with_edits(measures, targets).curves
    assert (curve.cobb.value, curve.scoliosis, curve.lines) == (6.3, False, lines)
    angle = with_edits(measures, {"angle/L1 superior to L2 inferior/lumbar_lordosis_deg": Edit(7.0, lines, "x")})
    assert angle.sagittal[0].value.automatic == 10.0


def test_measures_are_read_back(measures: SpineMeasures):
    content = measures.to_json()
    jsonschema_rs.validate(SCHEMA, content)
    again = measures_from_json(json.loads(json.dumps(content)))
    assert again.to_json() == content
    assert np.allclose(again.of("L1").landmarks["canal_left"], measures.of("L1").landmarks["canal_left"], atol=1e-3)


def test_confidence_stands_in_json_csv_and_notes(measures: SpineMeasures):
    vertebrae = [
        ReportedVertebra(label=20, name="L1", confidence="medium", reasons=["no_landmark"]),
        ReportedVertebra(label=21, name="L2", confidence="low", reasons=["small"]),
    ]
    assert not_to_measure(vertebrae) == {21: "uncertain"}
    told = with_confidence(measures, vertebrae)
    assert told.to_json()["vertebrae"][0]["confidence_reasons"] == ["no_landmark"]
    jsonschema_rs.validate(SCHEMA, told.to_json())
    assert "medium confidence: no_landmark" in to_csv(told)
    assert [line.split(":")[0] for line in note_lines(told, words("en"))] == ["L1", "L2"]
    assert note_lines(measures, words("en")) == []
