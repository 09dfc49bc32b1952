"""Ribs lie where they do in a body: from the back of the vertebral body past the tip of the transverse process."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segmentation.training.synthesis.ct_from_labels import synthesise
from segmentation.training.synthesis.thoracic_ribs import ribs_by_the_lung, ribs_of

SHAPE, MM = (80, 70, 40), 1.5
MIDDLE = 40  # of left and right
UNTURNED = (np.eye(3), np.zeros(3))


def vertebra(number: int, half_width: int = 20) -> NDArray[np.uint8]:
    """A body of 14 voxels' width, a spinous process, and a bar of transverse processes behind the canal."""
    numbers = np.zeros(SHAPE, dtype=np.uint8)
    numbers[MIDDLE - 7 : MIDDLE + 8, 40:54, 13:27] = number
    numbers[MIDDLE - half_width : MIDDLE + half_width + 1, 28:32, 18:23] = number
    numbers[MIDDLE - 1 : MIDDLE + 2, 10:30, 18:22] = number
    return numbers


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("number", [8, 13, 19])
def test_a_rib_runs_from_the_body_past_the_process_outwards_on_either_side(number):
    left, right = sorted(ribs_of(vertebra(number), MM).paths, key=lambda path: path[0, 0])
    for side, path in ((-1, left), (1, right)):
        head, tubercle, end = path[0], path[2], path[-1]
        assert side * (head[0] - MIDDLE) == pytest.approx(7, abs=1)  # the side of the body
        assert 38 < head[1] < 47  # its back
        assert 18 <= side * (tubercle[0] - MIDDLE) <= 21  # the tip of the process
        assert 32 < tubercle[1] < 36  # close in front of it
        assert side * (end[0] - MIDDLE) > 40
        assert end[2] < tubercle[2]
    assert left[0, 2] == pytest.approx(right[0, 2])


def test_most_ribs_begin_at_the_disc_above():
    on_the_body, at_the_disc = (ribs_of(vertebra(number), MM).paths[0][0, 2] for number in (18, 13))
    assert on_the_body < at_the_disc
    assert at_the_disc == pytest.approx(27, abs=1.5)


@pytest.mark.parametrize(("number", "half_width"), [(7, 20), (20, 20), (13, 8)], ids=["C7", "L1", "no process"])
def test_no_rib_where_none_belongs(number, half_width):
    assert ribs_of(vertebra(number, half_width), MM).paths == ()


def test_each_vertebra_has_its_own():
    numbers = np.concatenate([vertebra(13), vertebra(12), vertebra(20)], axis=2)
    heads = sorted(path[0, 2] for path in ribs_of(numbers, MM).paths)
    assert len(heads) == 4
    assert heads[2] - heads[1] == pytest.approx(SHAPE[2], abs=1)


def test_a_drawn_rib_fills_what_lies_between_body_and_process():
    ribs = ribs_of(vertebra(13), MM)
    drawn = np.mean([ribs.drawn(SHAPE, *UNTURNED, rng(seed)) for seed in range(8)], axis=0)
    neck = ribs.paths[0][1].round().astype(int)
    assert drawn[tuple(neck)] > 0.7
    assert drawn[MIDDLE, 35, 20] == 0  # the canal
    assert drawn[MIDDLE, 50, 20] == 0  # the middle of the body
    np.testing.assert_array_equal(*(ribs.drawn(SHAPE, *UNTURNED, rng(3)) for _ in range(2)))
    assert (ribs.drawn(SHAPE, *UNTURNED, rng(3)) != ribs.drawn(SHAPE, *UNTURNED, rng(4))).any()


def test_ribs_follow_the_crop_s_placement():
    ribs = ribs_of(vertebra(13), MM)
    matrix, offset = np.diag([-1.0, 1.0, 1.0]), np.array([SHAPE[0] - 1.0, 5.0, 0.0])
    plain, turned = ribs.drawn(SHAPE, *UNTURNED, rng(1)), ribs.drawn(SHAPE, matrix, offset, rng(1))
    expected = plain[::-1, 5:]
    overlap = 2 * (expected & turned[:, :-5]).sum() / (expected.sum() + turned[:, :-5].sum())
    assert overlap > 0.75  # ribs are drawn on every second voxel


@pytest.mark.parametrize("seed", range(4))
def test_in_an_image_a_rib_is_as_bright_as_bone(seed, monkeypatch):
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.VESSEL_SHARE", 0.0)
    bone = vertebra(13) > 0
    ribs = ribs_of(vertebra(13), MM).drawn(SHAPE, *UNTURNED, rng(seed))
    background = np.zeros(SHAPE, dtype=np.float32)
    with_ribs, without = (synthesise(bone, rng(seed), background, beside) for beside in (ribs, np.zeros_like(ribs)))
    outer = ribs.copy()
    outer[20:61] = False
    assert with_ribs[outer].mean() > 0.05
    assert without[outer].mean() < 0.05


def test_often_only_their_shape_tells_a_rib_from_a_vertebra(monkeypatch):
    for share in ("VESSEL_SHARE", "DISC_SHARE"):
        monkeypatch.setattr(f"segmentation.training.synthesis.ct_from_labels.{share}", 0.0)
    bone = vertebra(13) > 0
    ribs = ribs_of(vertebra(13), MM).drawn(SHAPE, *UNTURNED, rng())
    outer, behind = ribs.copy(), bone.copy()
    outer[20:61] = behind[:, 36:] = False
    background = np.zeros(SHAPE, dtype=np.float32)

    def difference(seed: int) -> float:
        image = synthesise(bone, rng(seed), background, ribs)
        return abs(float(np.median(image[outer]) - np.median(image[behind])))

    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.ALIKE_SHARE", 0.0)
    apart = np.mean([difference(seed) for seed in range(8)])
    monkeypatch.setattr("segmentation.training.synthesis.ct_from_labels.ALIKE_SHARE", 1.0)
    assert np.mean([difference(seed) for seed in range(8)]) < apart / 2


def chest() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """HU of a rib against the lung and a transverse process behind it, both 24 voxels aside; and the lung."""
    hu, lung = np.full(SHAPE, 40, dtype=np.float32), np.zeros(SHAPE, dtype=bool)
    lung[5:30, 40:] = True
    hu[lung] = -800
    hu[10:24, 35:39] = 400  # the rib
    hu[10:24, 28:32] = 400  # the process
    return hu, lung


def test_in_a_ct_bone_against_the_lung_is_a_rib_and_what_lies_behind_it_may_not_be():
    hu, lung = chest()
    aside = np.broadcast_to(np.abs(np.arange(SHAPE[0]) - MIDDLE)[:, None, None] * MM, SHAPE).astype(np.float32)
    ribs = ribs_by_the_lung(hu, lung, aside, MM)
    assert ribs[12, 37, 20]
    assert not ribs[12, 30, 20]
    assert not ribs[12, 33, 20]  # between them: no bone
    assert not ribs_by_the_lung(hu, lung, np.zeros_like(aside), MM).any()  # a body touches the lung too


def test_a_bubble_of_gas_is_no_lung():
    hu, lung = chest()
    bubble = np.zeros_like(lung)
    bubble[8:26, 40:50, 15:25] = True  # 6 ml
    far = np.full(SHAPE, 30, dtype=np.float32)
    assert ribs_by_the_lung(hu, lung, far, MM).any()
    assert not ribs_by_the_lung(hu, bubble, far, MM).any()
