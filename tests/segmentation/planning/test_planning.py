from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segmentation.cli.main import main
from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.phantom import Phantom, PhantomSpec, make_phantom
from segmentation.planning.breach import check_screw, grade_of
from segmentation.planning.export import rod_surface, screw_surface
from segmentation.planning.plan import Plan, check_plan, read_plan
from segmentation.planning.propose import Catalogue, Vertebra, prepare_vertebra, propose
from segmentation.planning.screw import Screw, rods_of
from segmentation.writers import write_nifti, write_volume

L3, L4 = NUMBERS["L3"], NUMBERS["L4"]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    fov = (110.0, 120.0, 100.0)
    spec = PhantomSpec(("L3", "L4"), sacrum=False, ribs=False, organs=False, fov_mm=fov, centre_mm=(0, -20, 0))
    return make_phantom(spec)


@pytest.fixture(scope="module")
def proposal(phantom: Phantom) -> tuple[Plan, dict[int, Vertebra]]:
    screws, omissions, vertebrae = propose(phantom.labels, [L3, L4])
    return Plan(screws, omissions, rods_of(screws)), vertebrae


@pytest.fixture(scope="module")
def box() -> Vertebra:
    """Label 22 is a box from -20 to 20 mm along each axis, without a canal."""
    inside = np.zeros((60, 60, 60), dtype=np.uint8)
    inside[10:50, 10:50, 10:50] = 22
    affine = np.eye(4)
    affine[:3, 3] = -29.5
    return prepare_vertebra(LabelMap(inside, Grid((60, 60, 60), affine), "vertebrae"), 22)


@pytest.mark.parametrize(
    ("offset", "diameter", "breach", "grade"),
    [(0, 6, 0, "A"), (16, 6, 0, "A"), (18, 6, 1, "B"), (19, 7, 2.5, "C"), (22, 6, 5, "D"), (24, 6, 7, "E")],
)
def test_a_screw_along_a_wall_of_a_box(offset: float, diameter: float, breach: float, grade: str, box: Vertebra):
    """The axis runs forwards, ``offset`` mm to the right of the middle: 20 - offset from the wall."""
    screw = Screw(22, "right", np.array([offset, -20.0, 0]), np.array([offset, 15.0, 0]), diameter)
    check = check_screw(screw, box.field, box.frame)
    assert check.breach_mm == pytest.approx(breach, abs=0.2)
    assert check.grade == grade
    assert check.least_clearance_mm == pytest.approx(min(20 - offset - diameter / 2, 5.0), abs=0.25)


def test_a_screw_that_leaves_in_front(box: Vertebra):
    screw = Screw(22, "left", np.array([0, -20.0, 0]), np.array([0, 23.0, 0]), 6)
    check = check_screw(screw, box.field, box.frame)
    assert check.breach_mm == pytest.approx(3, abs=0.2)
    assert check.grade == "C"


@pytest.mark.parametrize(("breach", "grade"), [(0, "A"), (0.5, "B"), (2, "C"), (4, "D"), (5.9, "D"), (6, "E")])
def test_grades(breach: float, grade: str):
    assert grade_of(breach) == grade


def test_both_pedicles_of_a_phantom_get_a_screw_without_breach(
    phantom: Phantom, proposal: tuple[Plan, dict[int, Vertebra]]
):
    plan, vertebrae = proposal
    assert [screw.name for screw in plan.screws] == ["L3 right", "L3 left", "L4 right", "L4 left"]
    for check in check_plan(plan, phantom.labels, phantom.volume, vertebrae):
        screw, frame = check.screw, vertebrae[check.screw.label].frame
        assert check.grade == "A"
        assert check.touched == []
        assert check.hu is not None
        assert check.hu > 50
        assert screw.diameter_mm <= 0.8 * screw.details["pedicle_width_mm"] + 1e-9
        assert screw.details["body_share"] <= 0.8
        own = frame.to_own(np.array([screw.entry_mm, screw.tip_mm]))
        assert own[0, 1] < 0 < own[1, 1]
        assert (own[:, 0] > 0).all() if screw.side == "right" else (own[:, 0] < 0).all()


def test_a_screw_moved_into_the_canal_is_a_medial_breach(phantom: Phantom, proposal: tuple[Plan, dict[int, Vertebra]]):
    plan, vertebrae = proposal
    screw = plan.screws[0]
    inward = -8.0 * vertebrae[L3].frame.axes[:, 0]
    moved = Screw(L3, "right", screw.entry_mm + inward, screw.tip_mm + inward, screw.diameter_mm)
    check = check_screw(moved, vertebrae[L3].field, vertebrae[L3].frame, phantom.labels)
    assert check.grade not in "AB"
    assert check.direction == "medial"
    assert check.into_canal_mm > 2


def test_what_is_not_proposed_is_said(phantom: Phantom):
    screws, omissions, _ = propose(phantom.labels, [NUMBERS["C2"], L3], Catalogue(diameters_mm=(11.5,)))
    assert screws == []
    assert [each.code for each in omissions] == ["level_not_supported"] * 2 + ["pedicle_too_narrow"] * 2
    assert "too narrow" in omissions[2].message.text()


def test_a_rod_passes_through_every_head_of_its_side(proposal: tuple[Plan, dict[int, Vertebra]]):
    plan, _ = proposal
    assert [rod.side for rod in plan.rods] == ["right", "left"]
    heads = [screw.head_mm for screw in plan.screws if screw.side == "right"]
    for head in heads:
        assert np.linalg.norm(plan.rods[0].points_mm - head, axis=1).min() < 0.1


def test_surfaces_of_screws_and_rods_are_closed(proposal: tuple[Plan, dict[int, Vertebra]]):
    plan, _ = proposal
    screw = plan.screws[0]
    for surface in (screw_surface(screw), rod_surface(plan.rods[0])):
        corners = surface.points_mm[surface.triangles]
        edges = np.sort(surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
        volume = np.einsum("ni,ni->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
        assert volume > 0
    # A prism of 24 sides has 0.9886 of the cylinder's volume.
    corners = screw_surface(screw).points_mm[screw_surface(screw).triangles]
    volume = np.einsum("ni,ni->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    wanted = np.pi * screw.diameter_mm**2 / 4 * (screw.length_mm + 7)
    assert volume == pytest.approx(0.9886 * wanted, rel=1e-3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "no JSON"),
        ("{}", "screws"),
        ('{"screws": [{"label": 22, "side": "up"}]}', r"screws\.0\.side"),
        (
            '{"screws": [{"label": 22, "side": "left", "diameter_mm": 6, "entry_ras_mm": [0, 0, NaN], '
            '"tip_ras_mm": [0, 9, 0]}]}',
            "entry_ras_mm",
        ),
        (
            '{"screws": [{"label": 22, "side": "left", "diameter_mm": 6, "entry_ras_mm": [0, 0, 0], '
            '"tip_ras_mm": [0, 0, 0]}]}',
            "0.0 mm long",
        ),
    ],
)
def test_plans_that_hold_nonsense_are_refused(content: str, sentence: str, tmp_path: Path):
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_plan(tmp_path / "plan.json")


def test_the_commands(phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_volume(phantom.volume, tmp_path / "ct.nii.gz")
    write_nifti(phantom.labels, tmp_path / "vert.nii.gz")
    files = [str(tmp_path / name) for name in ("ct.nii.gz", "vert.nii.gz")]
    plan, check = tmp_path / "plan.json", tmp_path / "check.json"
    extra = ["--levels", "L3,C2", "--csv", str(tmp_path / "p.csv"), "--meshes", str(tmp_path / "p.glb")]
    assert main(["plan", "propose", *files, "-o", str(plan), *extra]) == 0
    printed = capsys.readouterr().out
    assert "Research use only" in printed
    assert "No pedicle screw is proposed in C2" in printed
    content = json.loads(plan.read_text())
    assert [row["grade"] for row in content["screws"]] == ["A", "A"]
    assert len(content["not_proposed"]) == 2
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 3
    assert (tmp_path / "p.glb").read_bytes().startswith(b"glTF")
    assert main(["plan", "check", str(plan), "--vertebrae", files[1], "-o", str(check)]) == 0
    checked = json.loads(check.read_text())
    assert checked["grades"]["A"] == 2
    assert "Research use only" in checked["notice"]
    assert main(["plan", "propose", *files, "-o", str(plan), "--levels", "L9"]) == 2
    assert main(["plan", "propose", *files, "-o", str(plan), "--diameters", "thick"]) == 2
