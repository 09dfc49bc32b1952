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
from segmentation.registration.register import Target, prepare, register
from segmentation.registration.verdict import Evidence, Verdict, judge
from segmentation.writers import write_nifti

L3 = NUMBERS["L3"]
TRACKER = rigid.compose(rigid.from_vector(np.array([0.3, -0.2, 0.25])), np.array([120.0, -40.0, 900.0]))
"""Tracker from image."""


@pytest.fixture(scope="module")
def label_map() -> LabelMap:
    fov = (110.0, 120.0, 130.0)
    spec = PhantomSpec(("L2", "L3", "L4"), sacrum=False, ribs=False, organs=False, fov_mm=fov, centre_mm=(0, -20, 0))
    return make_phantom(spec).labels


@pytest.fixture(scope="module")
def target(label_map: LabelMap) -> Target:
    return prepare(label_map, L3)


def touched(target: Target, count: int = 80, noise: float = 0.4, seed: int = 1) -> np.ndarray:
    """Points on lamina and spinous process in image mm, a fifth of them outliers."""
    random = np.random.default_rng(seed)
    level = target.level
    behind = level.surface_mm[level.reachable & (np.abs(level.frame.to_own(level.surface_mm)[:, 0]) < 18)]
    points = behind[random.choice(len(behind), count)] + random.normal(0, noise, (count, 3))
    points[: count // 5] += random.normal(0, 8, (count // 5, 3))
    return points


def landmarks(target: Target) -> np.ndarray:
    """Places on both facets, above and at the tip of the spinous process, in image mm."""
    field, frame = target.level.field, target.level.frame
    places = frame.to_mm(np.array([[0.0, -35, -5], [18, -8, 0], [-18, -8, 0], [0, -8, 12]]))
    distance, normal = field.sample(places)
    return np.asarray(places - distance[:, None] * normal)


def error(target: Target, found: np.ndarray) -> float:
    there = rigid.apply(TRACKER, target.level.targets_mm)
    return float(np.linalg.norm(rigid.apply(found, there) - target.level.targets_mm, axis=1).max())


def test_points_and_landmarks_are_registered_and_accepted(target: Target):
    places = landmarks(target)
    off = np.random.default_rng(0).normal(0, 2, places.shape)
    result = register(target, rigid.apply(TRACKER, touched(target)), (rigid.apply(TRACKER, places) + off, places))
    assert error(target, result.image_from_tracker) < 1.2
    assert result.verdict is Verdict.ACCEPTED
    assert result.reasons == []
    assert result.evidence.error95_mm < 1.5
    assert 0.6 < result.evidence.inliers < 0.95
    assert result.coverage > 0.3


def test_a_symmetric_vertebra_without_landmarks_leaves_the_sides_unclear(target: Target):
    """The phantom is its own mirror image, so that nothing in the points tells left from right."""
    result = register(target, rigid.apply(TRACKER, touched(target)))
    assert result.verdict is Verdict.NEEDS_MORE_POINTS
    assert "handedness_unclear" in {reason.code for reason in result.reasons}
    assert len(result.suggestions_mm) == 4


def test_soft_tissue_under_the_tip_is_found(target: Target):
    points = touched(target, noise=0.2)
    points = points + target.level.field.sample(points)[1]
    places = landmarks(target)
    result = register(target, rigid.apply(TRACKER, points), (rigid.apply(TRACKER, places), places))
    assert result.soft_tissue_mm == pytest.approx(1.0, abs=0.4)
    assert error(target, result.image_from_tracker) < 1.5


def test_an_earlier_registration_is_a_start(target: Target):
    near = rigid.about(rigid.from_vector(np.array([0.1, 0, 0.1])), np.zeros(3), np.array([4.0, 3, -5]))
    result = register(target, rigid.apply(TRACKER, touched(target)), start=near @ rigid.inverse(TRACKER))
    assert error(target, result.image_from_tracker) < 1.5


@pytest.mark.parametrize("change", ["mirrored", "swapped", "lps", "metres", "other level", "another patient"])
def test_wrong_input_is_never_accepted(change: str, target: Target, label_map: LabelMap):
    points, places = touched(target), landmarks(target)
    image = places.copy()
    if change == "mirrored":
        points, places = points * [-1, 1, 1], places * [-1, 1, 1]
    elif change == "swapped":
        image = image[[0, 2, 1, 3]]
    elif change == "lps":
        image = image * [-1, -1, 1]
    elif change == "metres":
        image = image / 1000
    elif change == "other level":
        other = prepare(label_map, NUMBERS["L4"])
        points, places = touched(other), landmarks(other)
    else:
        points = np.random.default_rng(3).normal(0, 14, (80, 3)) + target.level.frame.canal_mm
    result = register(target, rigid.apply(TRACKER, points), (rigid.apply(TRACKER, places), image))
    assert result.verdict is not Verdict.ACCEPTED
    assert result.reasons


def test_the_level_below_is_not_accepted_where_the_label_map_lacks_it(label_map: LabelMap):
    """All points, and the landmarks too, belong to L4, of which the map of L3 alone knows nothing."""
    other = prepare(label_map, NUMBERS["L4"])
    alone = prepare(LabelMap(np.where(label_map.labels == L3, label_map.labels, 0), label_map.grid), L3)
    points, places = touched(other), landmarks(other)
    shift = alone.level.frame.canal_mm - other.level.frame.canal_mm
    pairs = rigid.apply(TRACKER, places), places + shift  # named on the image as if they were of L3
    result = register(alone, rigid.apply(TRACKER, points), pairs)
    assert result.verdict is not Verdict.ACCEPTED
    assert {reason.code for reason in result.reasons} & {"noisy", "shape_differs", "no_fit"}


def test_a_vertebra_of_another_shape_is_not_accepted(target: Target):
    """Another patient's: points of the same vertebra, larger by an eighth in one direction and smaller in another."""
    frame = target.level.frame
    points = frame.to_mm(frame.to_own(touched(target, 120)) * [1.13, 0.9, 1.1])
    places = frame.to_mm(frame.to_own(landmarks(target)) * [1.13, 0.9, 1.1])
    result = register(target, rigid.apply(TRACKER, points), (rigid.apply(TRACKER, places), landmarks(target)))
    assert result.verdict is not Verdict.ACCEPTED


def test_every_reason_has_a_limit_of_its_own():
    good = {"name": "L3", "points": 60, "noise_mm": 0.5, "inliers": 0.8, "error95_mm": 1.0, "stability_mm": 1.0}
    margins = {"other_place": 20.0, "mirrored": 20.0, "levels": {"L2": 20.0}}
    assert judge(Evidence(**good, **margins)) == (Verdict.ACCEPTED, [])
    for change, code, verdict in [
        ({"mirrored": 1.0}, "handedness_unclear", Verdict.NEEDS_MORE_POINTS),
        ({"mirrored": -9.0}, "mirrored", Verdict.NOT_TO_BE_TRUSTED),
        ({"levels": {"L4": 2.0}}, "level_unclear", Verdict.NEEDS_MORE_POINTS),
        ({"levels": {"L4": -9.0}}, "wrong_level", Verdict.NOT_TO_BE_TRUSTED),
        ({"other_place": 0.0}, "place_unclear", Verdict.NEEDS_MORE_POINTS),
        ({"inliers": 0.3}, "no_fit", Verdict.NOT_TO_BE_TRUSTED),
        ({"points": 8}, "few_points", Verdict.NEEDS_MORE_POINTS),
        ({"error95_mm": 3.0}, "imprecise", Verdict.NEEDS_MORE_POINTS),
        ({"stability_mm": 9.0}, "unstable", Verdict.NEEDS_MORE_POINTS),
        ({"levels": {}, "noise_mm": 1.0, "pattern_pairs": 90}, "neighbours_missing", Verdict.NEEDS_MORE_POINTS),
        ({"noise_mm": 1.0}, "noisy", Verdict.NEEDS_MORE_POINTS),
        ({"noise_mm": 0.7, "pattern": 1.3}, "noisy", Verdict.NEEDS_MORE_POINTS),
        ({"noise_mm": 0.7, "pattern": 3.0}, "shape_differs", Verdict.NOT_TO_BE_TRUSTED),
        ({"is_cut": True}, "vertebra_cut", Verdict.NEEDS_MORE_POINTS),
        ({"landmark_scale": 25.4}, "landmark_scale", Verdict.NOT_TO_BE_TRUSTED),
        ({"landmarks_mirrored": True}, "landmarks_mirrored", Verdict.NOT_TO_BE_TRUSTED),
        ({"landmarks_off_mm": 90.0}, "landmarks_off", Verdict.NOT_TO_BE_TRUSTED),
        ({"landmark_error_mm": 15.0}, "landmarks_disagree", Verdict.NOT_TO_BE_TRUSTED),
    ]:
        found, reasons = judge(Evidence(**(good | margins | change)))
        assert ([reason.code for reason in reasons], found) == ([code], verdict)


def test_the_command_writes_what_it_promises(
    target: Target, label_map: LabelMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_nifti(label_map, tmp_path / "vert.nii.gz")
    places = landmarks(target)
    rows = np.hstack([rigid.apply(TRACKER, places), places]).tolist()
    (tmp_path / "pairs.csv").write_text(
        "name,x,y,z,r,a,s\n" + "".join(f"p{i},{','.join(map(str, row))}\n" for i, row in enumerate(rows))
    )
    points = rigid.apply(TRACKER, touched(target)).tolist()
    (tmp_path / "points.csv").write_text("x,y,z\n" + "".join(f"{x},{y},{z}\n" for x, y, z in points))
    files = ["--points", str(tmp_path / "points.csv"), "--landmarks", str(tmp_path / "pairs.csv")]
    out = tmp_path / "r.json"
    assert main(["register", str(tmp_path / "vert.nii.gz"), "--label", str(L3), *files, "-o", str(out)]) == 0
    content = json.loads(out.read_text())
    assert error(target, np.array(content["image_from_tracker"])) < 1.2
    assert content["verdict"] == "accepted"
    assert len(content["residuals_mm"]) == 80
    assert "Research use only" in content["notice"]
    assert "Research use only" in capsys.readouterr().out
    bad = ["register", str(tmp_path / "vert.nii.gz"), "--label", "7", *files, "-o", str(out)]
    assert main(bad) == 2
    assert "There is no C7" in capsys.readouterr().err
