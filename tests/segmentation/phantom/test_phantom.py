from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.core.errors import BadConfiguration
from segmentation.core.geometry import to_canonical
from segmentation.core.labels import SACRUM
from segmentation.phantom import Phantom, PhantomSpec, make_phantom, write_phantom
from segmentation.readers import inspect, read_label_map, read_volume

PAIR = {"levels": ("L2", "L3"), "sacrum": False, "fov_mm": (120.0, 120.0, 100.0), "centre_mm": (0.0, -18.0, 0.0)}


def along(phantom: Phantom, level: dict[str, Any], axis: str, step_mm: float = 0.1) -> NDArray[np.bool_]:
    """Labels of one level on a line through its body's centre, from -60 to 60 mm."""
    steps = np.arange(-60, 60, step_mm)
    points = np.array(level["centre_mm"]) + steps[:, None] * np.array(level[axis])
    index = np.rint(phantom.labels.grid.to_index(points)).astype(int)
    inside = ((index >= 0) & (index < phantom.labels.grid.shape)).all(axis=1)
    values = np.zeros(len(steps), bool)
    values[inside] = phantom.labels.labels[tuple(index[inside].T)] == level["number"]
    return values


def test_bodies_measure_what_the_truth_says(small_phantom: Phantom) -> None:
    for level in small_phantom.truth["levels"]:
        for axis, size in (("right", "body_width_mm"), ("superior", "body_height_mm")):
            assert along(small_phantom, level, axis).sum() * 0.1 == pytest.approx(level[size], abs=2.5)


def test_the_canal_is_open_and_ringed_by_bone(small_phantom: Phantom) -> None:
    grid, labels = small_phantom.labels.grid, small_phantom.labels.labels
    for level in small_phantom.truth["levels"]:
        line = along(small_phantom, level, "anterior", 0.5)
        runs = np.flatnonzero(np.diff(line.astype(int)))
        assert len(runs) >= 4  # spinous process, canal between, body
        centre = np.rint(grid.to_index(np.array(level["canal_centre_mm"]))).astype(int)
        assert labels[tuple(centre)] == 0
        assert small_phantom.volume.hu[tuple(centre)] < 120


def test_every_vertebra_is_one_piece_and_its_voxels_are_counted(small_phantom: Phantom) -> None:
    for level in small_phantom.truth["levels"]:
        mask = small_phantom.labels.labels == level["number"]
        assert ndimage.label(mask, np.ones((3, 3, 3)))[1] == 1
        assert mask.sum() == level["voxels"]
        assert level["volume_ml"] == pytest.approx(mask.sum() * 0.008)
        assert 35 < level["volume_ml"] < 75
        assert level["whole"]


def test_hounsfield_units_are_those_of_the_tissues(small_phantom: Phantom) -> None:
    grid, hu = small_phantom.volume.grid, small_phantom.volume.hu
    upper, lower = (np.array(level["centre_mm"]) for level in small_phantom.truth["levels"][:2])
    core = np.rint(grid.to_index(lower)).astype(int)
    assert hu[tuple(slice(c - 2, c + 3) for c in core)].mean() == pytest.approx(185, abs=30)
    disc = np.rint(grid.to_index((upper + lower) / 2)).astype(int)
    assert hu[tuple(slice(c - 1, c + 2) for c in disc)].mean() == pytest.approx(85, abs=25)
    edge = ndimage.binary_dilation(small_phantom.labels.labels > 0) & (small_phantom.labels.labels > 0)
    assert np.percentile(hu[edge], 95) > 400
    assert hu.min() < -150


def test_lordosis_is_the_angle_between_first_and_last_lumbar_level(small_phantom: Phantom) -> None:
    levels = small_phantom.truth["levels"]
    cosine = np.dot(levels[0]["superior"], levels[-1]["superior"])
    assert np.degrees(np.arccos(cosine)) == pytest.approx(20)
    assert small_phantom.truth["lordosis_deg"] == pytest.approx(20)
    assert levels[0]["superior"][1] < 0 < levels[-1]["superior"][1]  # the upper leans back, the lower forward


def test_levels_stand_on_each_other() -> None:
    truth = make_phantom(PhantomSpec(spacing_mm=(6.0, 6.0, 6.0), noise_hu=0.0)).truth
    assert [level["name"] for level in truth["levels"]] == ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    for (upper, lower), disc in zip(pairwise(truth["levels"]), truth["discs"], strict=False):
        gap = np.linalg.norm(np.subtract(upper["centre_mm"], lower["centre_mm"]))
        expected = (upper["body_height_mm"] + lower["body_height_mm"]) / 2 + disc["height_mm"]
        assert gap == pytest.approx(expected, abs=0.2)
    assert truth["discs"][-1]["between"] == ["L5", "sacrum"]
    assert truth["vertebra_count"] == 7
    assert set(truth["voxels"]) == {"18", "19", "20", "21", "22", "23", "24", "26"}


@settings(max_examples=10)
@given(
    orientation=st.sampled_from(["RAS", "LPS", "SAR", "PIR", "ILA", "ASL"]),
    degrees=st.tuples(*[st.floats(-20, 20)] * 3),
    spacing=st.tuples(*[st.floats(2.5, 4.5)] * 3),
)
def test_the_anatomy_does_not_depend_on_the_scan(
    orientation: str, degrees: tuple[float, float, float], spacing: tuple[float, float, float]
) -> None:
    phantom = make_phantom(
        PhantomSpec(**PAIR, orientation=orientation, rotation_deg=degrees, spacing_mm=spacing, noise_hu=0.0)
    )
    assert np.allclose(phantom.labels.grid.spacing_mm, spacing, rtol=1e-5)
    if max(np.abs(degrees)) < 1:
        assert phantom.labels.grid.orientation == orientation
    for level in phantom.truth["levels"]:
        index = phantom.labels.grid.to_index(np.array(level["centre_mm"]))
        assert phantom.labels.labels[tuple(np.rint(index).astype(int))] == level["number"]
    reference = make_phantom(PhantomSpec(**PAIR, spacing_mm=(3.0, 3.0, 3.0), noise_hu=0.0)).labels
    assert phantom.labels.volume_ml == pytest.approx(reference.volume_ml, rel=0.06)


def test_the_seed_decides_all_that_is_random() -> None:
    spec = {**PAIR, "spacing_mm": (4.0, 4.0, 4.0)}
    first, again, other = (make_phantom(PhantomSpec(**spec, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.volume.hu, again.volume.hu)
    assert not np.array_equal(first.volume.hu, other.volume.hu)
    assert np.array_equal(first.labels.labels, other.labels.labels)


def test_thoracic_and_cervical_levels_can_be_made() -> None:
    truth = make_phantom(PhantomSpec(levels=("C6", "C7", "T1", "T2"), spacing_mm=(3.0, 3.0, 3.0))).truth
    assert [level["number"] for level in truth["levels"]] == [6, 7, 8, 9]
    assert all(level["voxels"] > 100 for level in truth["levels"])
    assert not truth["sacrum"]
    assert truth["lordosis_deg"] == 0


def test_t13_and_l6_can_be_made() -> None:
    levels = ("T12", "T13", "L1")
    truth = make_phantom(PhantomSpec(levels=levels, spacing_mm=(4.0, 4.0, 4.0), sacrum=False)).truth
    assert [level["number"] for level in truth["levels"]] == [19, 28, 20]
    assert PhantomSpec(levels=("L5", "L6")).numbers == (24, 25)


def test_a_cut_vertebra_is_not_called_whole() -> None:
    spec = PhantomSpec(levels=("L2", "L3"), sacrum=False, fov_mm=(120.0, 120.0, 50.0), spacing_mm=(4.0, 4.0, 4.0))
    assert not any(level["whole"] for level in make_phantom(spec).truth["levels"])


def test_written_files_are_read_back(tmp_path: Path) -> None:
    spec = PhantomSpec(**PAIR, spacing_mm=(3.0, 3.0, 3.0), rotation_deg=(5.0, -4.0, 3.0))
    phantom = write_phantom(tmp_path / "demo", spec)
    assert {p.name for p in (tmp_path / "demo").iterdir()} == {"ct.nii.gz", "vert.nii.gz", "truth.json"}
    volume = read_volume(tmp_path / "demo" / "ct.nii.gz")
    labels = read_label_map(tmp_path / "demo" / "vert.nii.gz")
    assert inspect(tmp_path / "demo" / "ct.nii.gz").problems == []
    assert volume.grid.affine.tobytes() == phantom.volume.grid.affine.tobytes()
    assert np.array_equal(volume.hu, phantom.volume.hu)
    assert np.array_equal(labels.labels, phantom.labels.labels)
    assert labels.kind == "vertebrae"
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text(encoding="utf-8"))
    assert truth["levels"] == phantom.truth["levels"]
    assert np.array_equal(np.array(truth["affine"]), nib.load(tmp_path / "demo" / "ct.nii.gz").affine)


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": ()},
        {"levels": ("C1", "C2")},
        {"levels": ("L3", "L2")},
        {"levels": ("L1", "L3")},
        {"orientation": "RRS"},
        {"orientation": "RA"},
        {"spacing_mm": (1.0, 0.0, 1.0)},
        {"fov_mm": (100.0, -1.0, 100.0)},
        {"noise_hu": -1.0},
        {"lordosis_deg": 120.0},
    ],
)
def test_a_specification_without_meaning_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadConfiguration):
        PhantomSpec(**wrong)


def test_a_lifelike_phantom_has_the_same_bodies_and_looks_otherwise() -> None:
    plain = {"levels": ("T12", "L1"), "sacrum": False, "organs": False, "spacing_mm": (2.0, 2.0, 2.0)}
    simple, lifelike = make_phantom(PhantomSpec(**plain)), make_phantom(PhantomSpec(**plain, lifelike=True))
    keys = ("centre_mm", "body_height_mm", "body_width_mm", "canal_centre_mm", "canal_width_mm", "tilt_deg")
    for one, other in zip(simple.truth["levels"], lifelike.truth["levels"], strict=True):
        assert [one[key] for key in keys] == [other[key] for key in keys]
        assert 0.85 * one["volume_ml"] < other["volume_ml"] < one["volume_ml"]  # processes taper
        for axis, size in (("right", "body_width_mm"), ("superior", "body_height_mm")):
            assert along(lifelike, other, axis).sum() * 0.1 == pytest.approx(other[size], abs=2.5)
    assert lifelike.volume.grid.shape[2] == simple.volume.grid.shape[2]  # the trunk alone is broader


def test_a_lifelike_sacrum_is_shown_to_its_end() -> None:
    spec = {"levels": ("L5",), "organs": False, "spacing_mm": (3.0, 3.0, 3.0)}
    simple, lifelike = make_phantom(PhantomSpec(**spec)), make_phantom(PhantomSpec(**spec, lifelike=True))
    assert lifelike.truth["voxels"]["26"] > 1.2 * simple.truth["voxels"]["26"]
    assert (lifelike.labels.labels == 26).any(axis=(0, 1)).sum() * 3 > 90  # mm


@pytest.fixture(scope="module")
def pelvis() -> Phantom:
    return make_phantom(PhantomSpec(levels=("L5",), organs=False, noise_hu=0.0, spacing_mm=(2.0,) * 3, lifelike=True))


def test_a_lifelike_sacrum_lies_between_hip_bones_at_a_joint_s_width(pelvis: Phantom) -> None:
    hu = to_canonical(np.asarray(pelvis.volume.hu), pelvis.volume.grid)
    labels = to_canonical(pelvis.labels.labels, pelvis.labels.grid)
    widest = (labels == SACRUM).sum(axis=0).max(axis=0).argmax()  # the slice of the broadest row
    row = int((labels[:, :, widest] == SACRUM).sum(axis=0).argmax())
    ends = np.flatnonzero(labels[:, row, widest] == SACRUM)
    for outwards in (hu[: ends[0], row, widest][::-1], hu[ends[-1] + 1 :, row, widest]):
        bone = np.flatnonzero(outwards > 250)
        assert len(bone)
        assert 1 <= bone[bone > 0][0] * 2 <= 14  # mm
    assert (labels == SACRUM)[:, :, widest].any(axis=1).sum() * 2 > 95  # mm: the wings


def test_a_lifelike_sacrum_is_steep_and_tapers(pelvis: Phantom) -> None:
    labels = to_canonical(pelvis.labels.labels, pelvis.labels.grid)
    own = np.argwhere(labels == SACRUM) * 2.0
    middle = own[np.abs(own[:, 0] - np.median(own[:, 0])) < 8]
    low, high = np.quantile(middle[:, 2], (0.15, 0.85))
    upper, lower = middle[middle[:, 2] > high].mean(axis=0), middle[middle[:, 2] < low].mean(axis=0)
    assert upper[1] - lower[1] > 0.6 * (upper[2] - lower[2])  # backwards, more than half as far as down
    widths = [np.ptp(own[own[:, 2] <= low][:, 0]), np.ptp(own[own[:, 2] >= high - 20][:, 0])]
    assert widths[0] < 0.7 * widths[1]
