"""A spine that lies otherwise on the table than in the scanner: simulated changes of posture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from segmentation.cli.main import main
from segmentation.core.labels import NUMBERS
from segmentation.core.volume import LabelMap
from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.registration import rigid
from segmentation.registration.register import Target, prepare
from segmentation.registration.spine import linked, pairs_by_label, register_spine
from segmentation.registration.verdict import Verdict
from segmentation.tracking.simulate import touched_landmarks, touched_points
from segmentation.writers import write_nifti

L2, L3, L4 = (NUMBERS[name] for name in ("L2", "L3", "L4"))
TRACKER = rigid.compose(rigid.from_vector(np.array([0.3, -0.2, 0.25])), np.array([120.0, -40.0, 900.0]))
"""Tracker from image, of L3."""


@pytest.fixture(scope="module")
def label_map() -> LabelMap:
    spec = PhantomSpec(("L2", "L3", "L4"), sacrum=False, ribs=False, organs=False, spacing_mm=(1.25,) * 3)
    return make_phantom(spec).labels


@pytest.fixture(scope="module")
def targets(label_map: LabelMap) -> dict[int, Target]:
    return {label: prepare(label_map, label) for label in (L2, L3, L4)}


@pytest.fixture(scope="module")
def posture(targets: dict[int, Target]) -> dict[int, np.ndarray]:
    """Tracker from image of each: L2 bends forwards by 5 degrees over L3, L4 by 4 to the side and 1.5 mm."""
    motions = {L3: TRACKER}
    for label, turn, shift in ((L2, [-5.0, 0, 0], [0.0, 0, 0]), (L4, [0, 4.0, 0], [0, 1.5, 0])):
        disc = (targets[label].level.frame.body_mm + targets[L3].level.frame.body_mm) / 2
        bend = rigid.about(rigid.from_vector(np.radians(turn)), disc, np.array(shift))
        motions[label] = TRACKER @ bend
    return motions


def error(target: Target, found: np.ndarray, tracker: np.ndarray) -> float:
    there = rigid.apply(found @ tracker, target.level.targets_mm)
    return float(np.linalg.norm(there - target.level.targets_mm, axis=1).max())


def touched(targets: dict[int, Target], posture: dict[int, np.ndarray], counts: dict[int, int]) -> dict:
    random = np.random.default_rng(4)
    return {
        label: rigid.apply(posture[label], touched_points(targets[label].level, count, 0.3, random))
        for label, count in counts.items()
    }


def landmarks(targets: dict[int, Target], posture: dict[int, np.ndarray], label: int) -> tuple:
    _, found, image = touched_landmarks(targets[label].level, 1.0, np.random.default_rng(5))
    return rigid.apply(posture[label], found), image


def test_each_vertebra_is_found_where_it_lies_and_the_posture_is_told(targets: dict, posture: dict):
    points = touched(targets, posture, {L2: 80, L3: 80, L4: 80})
    pairs = {label: landmarks(targets, posture, label) for label in points}
    found = register_spine(targets, points, pairs)
    for label, registration in found.registrations.items():
        assert error(targets[label], registration.image_from_tracker, posture[label]) < 1.5
        assert registration.verdict is not Verdict.NOT_TO_BE_TRUSTED
    assert [link.turned_deg for link in found.links] == pytest.approx([5, 4], abs=1.5)
    assert found.links[1].shifted_mm == pytest.approx(1.5, abs=1.0)
    # One rigid motion of all, as if the spine lay as in the scanner, is wrong by millimetres.
    rigid_alone = error(targets[L2], rigid.inverse(posture[L3]), posture[L2])
    assert error(targets[L2], found.registrations[L2].image_from_tracker, posture[L2]) < rigid_alone / 2


def test_a_vertebra_without_points_is_held_by_its_neighbours_and_says_how_uncertain_it_is(targets: dict, posture: dict):
    points = touched(targets, posture, {L2: 80, L4: 80})
    pairs = {label: landmarks(targets, posture, label) for label in points}
    found = register_spine(targets, points, pairs)
    motion, expected = found.held[L3]
    away = error(targets[L3], motion, posture[L3])
    assert away < 4.0
    radius = max(target.radius95_mm for target in expected)
    assert away < radius
    assert radius > 2 * found.registrations[L2].evidence.error95_mm
    assert L3 not in found.registrations


def test_links_share_what_separates_two_neighbours_by_how_firm_they_are_held():
    """By hand: 0 and 3 mm along R, held with 1 mm each, linked with 2 mm: both give way by a sixth of 3 mm."""
    motions = rigid.compose(np.eye(3), np.array([[0.0, 0, 0], [3, 0, 0]]))
    firm = np.diag([1e6] * 3 + [1.0] * 3)
    moved, covariance = linked(motions, np.array([firm, firm]), np.zeros((1, 3)))
    assert moved[:, 0, 3] == pytest.approx([0.5, 2.5])
    assert covariance[0][3, 3] == pytest.approx(5 / 6)  # (1 + 4) / (1 + 1 + 4)
    loose, _ = linked(motions, np.array([firm, np.zeros((6, 6))]), np.zeros((1, 3)))
    assert loose[:, 0, 3] == pytest.approx([0, 0], abs=1e-6)


def test_points_of_two_vertebrae_exchanged_are_not_trusted(targets: dict, posture: dict):
    points = touched(targets, posture, {L2: 80, L4: 80})
    exchanged = {L2: points[L4], L4: points[L2]}
    given = {label: landmarks(targets, posture, label) for label in points}
    pairs = {L2: (given[L4][0], given[L2][1]), L4: (given[L2][0], given[L4][1])}
    found = register_spine(targets, exchanged, pairs)
    assert all(each.verdict is not Verdict.ACCEPTED for each in found.registrations.values())


def test_the_command_registers_several_levels(
    targets: dict, posture: dict, label_map: LabelMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_nifti(label_map, tmp_path / "vert.nii.gz")
    points = touched(targets, posture, {L3: 60, L4: 60})
    rows = [f"{'L3' if label == L3 else 23},{x},{y},{z}" for label, some in points.items() for x, y, z in some]
    (tmp_path / "points.csv").write_text("\n".join(["label,x,y,z", *rows]))
    pairs = [np.hstack(landmarks(targets, posture, label)) for label in (L3, L4)]
    lines = [f"p,{','.join(map(str, row))}" for row in np.vstack(pairs).tolist()]
    (tmp_path / "pairs.csv").write_text("\n".join(["name,x,y,z,r,a,s", *lines]))
    files = ["--points", str(tmp_path / "points.csv"), "--landmarks", str(tmp_path / "pairs.csv")]
    out = tmp_path / "spine.json"
    command = ["register", str(tmp_path / "vert.nii.gz"), "--labels", "L3,L4", *files, "-o", str(out)]
    assert main(command) == 0
    content = json.loads(out.read_text())
    for row in content["vertebrae"]:
        label = row["label"]
        assert error(targets[label], np.array(row["image_from_tracker"]), posture[label]) < 1.5
    assert "Research use only" in capsys.readouterr().out
    (tmp_path / "points.csv").write_text("\n".join(["label,x,y,z", *rows, "C2,1,2,3"]))
    assert main(command) == 2
    assert "C2" in capsys.readouterr().err
    assert pairs_by_label(targets, None) == {}
