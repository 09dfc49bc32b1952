from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import nibabel as nib
import numpy as np
import pytest

from segmentation.cli.main import main
from segmentation.core.errors import GridMismatch, InputError, UnreadableFile
from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry import measure as measure_module
from segmentation.morphometry.align import align
from segmentation.morphometry.benchmark import turned
from segmentation.morphometry.measure import measure_spine
from segmentation.morphometry.reported_confidence import read_confidence
from segmentation.morphometry.results import SpineMeasures
from segmentation.morphometry.table import COLUMNS, to_csv
from segmentation.phantom.measured import MeasuredPhantom, SpineSpec, make_measured
from segmentation.phantom.measured.cases import SACRAL_SEGMENT
from segmentation.phantom.measured.spec import Level
from segmentation.writers.mask import write_mask

SCHEMA = json.loads((Path(measure_module.__file__).with_name("measures.schema.json")).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def phantom() -> MeasuredPhantom:
    """Two lumbar vertebrae on an oblique grid: a wedge that leans to the side on one that it has slipped on."""
    levels = (
        Level("L4", 20.0, 27.0, sagittal_tilt=4.0, coronal_tilt=12.0, rotation=6.0, slip=7.0, core_hu=95.0),
        Level("L5", 27.0, 25.0, sagittal_tilt=14.0, coronal_tilt=-4.0, core_hu=170.0),
        SACRAL_SEGMENT,
    )
    spec = SpineSpec("slipped wedge", levels, (1.0, 1.1, 1.4), "PIR", (8.0, -11.0, 14.0))
    return make_measured(spec)


@pytest.fixture(scope="module")
def measures(phantom: MeasuredPhantom) -> SpineMeasures:
    return measure_spine(phantom.labels, phantom.volume)


@pytest.mark.parametrize("name", ["L4", "L5"])
def test_values_of_a_vertebra_are_those_it_was_made_with(phantom: MeasuredPhantom, measures: SpineMeasures, name: str):
    limits = {"mm": 0.5, "deg": 1.0, "hu": 5.0, "mm2": 17.0}
    vertebra = measures.of(name)
    assert vertebra.state == "measured"
    for measure, truth in phantom.truth["levels"][name].items():
        quantity = vertebra.values[measure]
        assert quantity.value == pytest.approx(truth, abs=limits[measure.rsplit("_", 1)[1]]), measure
        assert 0 < quantity.uncertainty < 20


def test_a_wedge_that_lost_a_quarter_of_its_front_is_grade_2(measures: SpineMeasures):
    assert measures.of("L4").values["wedge_ratio"].value == pytest.approx(20 / 27, abs=0.03)
    assert (measures.of("L4").genant_grade, measures.of("L4").deformity) == (2, "wedge")
    assert measures.of("L5").genant_grade == 0


def test_disc_and_slip(phantom: MeasuredPhantom, measures: SpineMeasures):
    slipped = measures.discs[0]
    assert (slipped.upper, slipped.lower) == ("L4", "L5")
    for measure, truth in phantom.truth["discs"]["L4-L5"].items():
        assert slipped.values[measure].value == pytest.approx(truth, abs=0.5), measure
    assert slipped.values["slip_percent"].value == pytest.approx(100 * 7 / 33, abs=2)
    assert (slipped.meyerding_grade, slipped.slip_direction) == (1, "anterior")
    assert (measures.discs[1].lower, measures.discs[1].meyerding_grade) == ("sacrum", 0)


def test_sacral_slope_and_lordosis(phantom: MeasuredPhantom, measures: SpineMeasures):
    slope = next(angle for angle in measures.sagittal if angle.name == "sacral_slope")
    assert slope.value.value == pytest.approx(phantom.truth["sagittal"]["sacrum"]["superior"], abs=1)
    lordosis = next(angle for angle in measures.sagittal if angle.lower == "L5 inferior")
    assert (lordosis.value.value, lordosis.value.reason) == (None, "level_missing")


def test_results_follow_the_published_schema(measures: SpineMeasures):
    jsonschema_rs.validate(SCHEMA, json.loads(json.dumps(measures.to_json())))
    broken = measures.to_json()
    del broken["vertebrae"][0]["values"]["volume_ml"]
    assert not jsonschema_rs.is_valid(SCHEMA, broken)


def test_the_table_holds_a_line_a_value(measures: SpineMeasures):
    lines = list(csv.DictReader(io.StringIO(to_csv(measures))))
    assert tuple(lines[0]) == COLUMNS
    (depth,) = [line for line in lines if line["name"] == "L5" and line["measure"] == "body_depth_mm"]
    assert float(depth["value"]) == pytest.approx(33, abs=0.5)
    assert depth["unit"] == "mm"
    assert {line["reason"] for line in lines if not line["value"]} == {"level_missing"}


def test_voxels_in_another_order_change_nothing(phantom: MeasuredPhantom, measures: SpineMeasures):
    flipped = phantom.labels.labels[::-1, :, ::-1].transpose(2, 0, 1)
    order = np.zeros((4, 4))
    order[[2, 0, 1, 3], [0, 1, 2, 3]] = 1  # column: new axis; row: old axis
    order[0, 1], order[0, 3] = -1, phantom.labels.grid.shape[0] - 1
    order[2, 0], order[2, 3] = -1, phantom.labels.grid.shape[2] - 1
    grid = Grid(flipped.shape, phantom.labels.grid.affine @ order)
    hu = phantom.volume.hu[::-1, :, ::-1].transpose(2, 0, 1)
    other = measure_spine(LabelMap(np.ascontiguousarray(flipped), grid, "vertebrae"), Volume(hu, grid))
    for name in ("L4", "L5"):
        for measure, quantity in measures.of(name).values.items():
            assert other.of(name).values[measure].value == pytest.approx(quantity.value, abs=0.02), measure


def test_a_vertebra_whose_body_is_cut_has_no_numbers(phantom: MeasuredPhantom):
    labels, grid = phantom.labels.labels, phantom.labels.grid
    index = grid.to_index(np.array([[0.0, 0.0, 0.0]]))  # between the bodies: everything above goes, and half of L4
    top = int(index[0, 1]) - 22
    box = (slice(0, grid.shape[0]), slice(top, grid.shape[1]), slice(0, grid.shape[2]))
    cut = LabelMap(np.ascontiguousarray(labels[box]), grid.cropped(box), "vertebrae")
    vertebra = measure_spine(cut).of("L4")
    assert vertebra.state == "not_measured"
    assert {quantity.reason for quantity in vertebra.values.values()} == {"cut"}
    assert vertebra.genant_grade is None


def test_an_uncertain_vertebra_has_no_numbers(phantom: MeasuredPhantom):
    found = measure_spine(phantom.labels, uncertain={23: "uncertain"})
    assert {quantity.value for quantity in found.of("L4").values.values()} == {None}
    assert found.of("L5").values["body_width_mm"].value is not None
    assert found.of("L5").values["trabecular_mean_hu"].reason == "no_ct"
    assert [(disc.upper, disc.lower) for disc in found.discs] == [("L5", "sacrum")]


def report_of(path: Path, *vertebrae: tuple[int, str, str]) -> Path:
    rows = [{"label": label, "name": name, "confidence": level, "reasons": [], "volume_ml": 1.0}
            for label, name, level in vertebrae]  # fmt: skip
    path.write_text(json.dumps({"model": "x", "vertebrae": rows}), encoding="utf-8")
    return path


def test_a_report_says_what_is_not_to_be_measured(phantom: MeasuredPhantom, tmp_path: Path, capsys):
    hu = phantom.volume.hu.copy()
    hu[0] = -1000  # air, as every scan has
    nib.save(nib.Nifti1Image(hu, phantom.volume.grid.affine), tmp_path / "ct.nii.gz")
    write_mask(phantom.labels, tmp_path / "vert.nii.gz")
    report = report_of(tmp_path / "report.json", (23, "L4", "low"), (24, "L5", "medium"))
    files = [str(tmp_path / name) for name in ("ct.nii.gz", "vert.nii.gz")]
    assert main(["measure", *files, "--report", str(report), "-o", str(tmp_path / "measures.json")]) == 0
    said = capsys.readouterr()
    assert "L4: not measured (uncertain)" in said.out
    assert "L5 is measured at medium confidence" in said.err
    vertebrae = json.loads((tmp_path / "measures.json").read_text(encoding="utf-8"))["vertebrae"]
    assert [each["state"] for each in vertebrae] == ["not_measured", "partial"]
    assert vertebrae[1]["reasons"] == ["no_neighbour"]  # L4 is no measure of its height


def test_a_report_of_other_vertebrae_or_of_none_is_refused(phantom: MeasuredPhantom, tmp_path: Path):
    with pytest.raises(InputError, match="other vertebrae"):
        read_confidence(report_of(tmp_path / "a.json", (22, "L3", "low"), (23, "L4", "high")), phantom.labels)
    (tmp_path / "b.json").write_text('{"confidence": null}', encoding="utf-8")
    with pytest.raises(UnreadableFile, match="no report of vertebrae"):
        read_confidence(tmp_path / "b.json", phantom.labels)
    with pytest.raises(InputError, match="no file"):
        read_confidence(tmp_path / "c.json", phantom.labels)


def test_a_body_whose_endplates_are_both_dented_is_measured():
    spec = SpineSpec("dented", (Level("L2", 26.0, 26.0, 5.0),), (1.2, 1.2, 1.2))
    found = measure_spine(make_measured(spec).labels).of("L2").values
    assert found["middle_height_mm"].value == pytest.approx(16, abs=0.8)
    assert found["anterior_height_mm"].value == pytest.approx(26, abs=0.8)
    assert found["body_width_mm"].value == pytest.approx(44, abs=0.8)
    assert found["axial_rotation_deg"].value == pytest.approx(0, abs=1)


def test_a_pedicle_that_a_transverse_process_leaves_is_cut_across_itself():
    """Of a straight bar the isthmus is its own section, however thick the process behind it."""
    spec = SpineSpec("pedicles", (Level("L5", pedicle_width=16.0, pedicle_height=12.0),), (1.2, 1.2, 1.2))
    found = measure_spine(make_measured(spec).labels).of("L5").values
    for side in ("left", "right"):
        assert found[f"{side}_pedicle_width_mm"].value == pytest.approx(16, abs=0.8)
        assert found[f"{side}_pedicle_height_mm"].value == pytest.approx(12, abs=0.8)


def test_a_binary_mask_is_refused(phantom: MeasuredPhantom):
    mask = LabelMap((phantom.labels.labels > 0).astype(np.uint8), phantom.labels.grid, "spine")
    with pytest.raises(InputError, match="binary spine mask") as caught:
        measure_spine(mask)
    assert "VerSe" in caught.value.hint


def test_a_map_without_vertebrae_is_refused(phantom: MeasuredPhantom):
    ribs = LabelMap(np.where(phantom.labels.labels > 0, 26, 0).astype(np.uint8), phantom.labels.grid, "vertebrae")
    with pytest.raises(InputError, match="no vertebra"):
        measure_spine(ribs)


def test_a_ct_on_another_grid_is_brought_to_the_labels(phantom: MeasuredPhantom, measures: SpineMeasures):
    box = tuple(slice(2, n - 1) for n in phantom.labels.grid.shape)
    moved = LabelMap(np.ascontiguousarray(phantom.labels.labels[box]), phantom.labels.grid.cropped(box), "vertebrae")
    with pytest.raises(GridMismatch):
        measure_spine(moved, phantom.volume)
    volume, labels = align(phantom.volume, moved, "vert.nii.gz")
    assert labels.notes[0].code == "ct_resampled_to_labels"
    assert volume.grid.matches(labels.grid)
    place = volume.grid.to_mm(np.array([10.0, 10.0, 10.0]))
    i, j, k = np.rint(phantom.volume.grid.to_index(place)).astype(int)
    assert volume.hu[10, 10, 10] == pytest.approx(float(phantom.volume.hu[i, j, k]), abs=1)


def test_labels_outside_the_ct_are_refused(phantom: MeasuredPhantom):
    affine = phantom.labels.grid.affine.copy()
    affine[0, 3] += 80
    away = replace(phantom.labels, grid=Grid(phantom.labels.grid.shape, affine))
    with pytest.raises(GridMismatch, match="lie outside the CT"):
        align(phantom.volume, away, "vert.nii.gz")


def test_a_turned_map_keeps_its_vertebrae_in_place(phantom: MeasuredPhantom):
    other = turned(phantom.labels, (3.0, -2.0, 4.0))
    for number in (23, 24):
        before, after = (
            grid_map.grid.to_mm(np.argwhere(grid_map.labels == number).mean(axis=0))
            for grid_map in (phantom.labels, other)
        )
        assert np.linalg.norm(before - after) < 0.2
