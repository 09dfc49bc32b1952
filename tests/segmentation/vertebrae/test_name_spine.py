"""From a network's answers, here known ones, to vertebrae with names."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.core.geometry import Grid
from segmentation.core.labels import NUMBERS, SACRUM
from segmentation.core.messages import english
from segmentation.vertebrae.assign import merge_crumbs
from segmentation.vertebrae.fields import RIBS, SACRAL, VERTEBRA, Fields, fields_of
from segmentation.vertebrae.landmarks import Landmarks
from segmentation.vertebrae.name_spine import judge, name_spine, nothing_named, uneven
from segmentation.vertebrae.named_spine import REASONS, SEQUENCE_REASONS
from segmentation.vertebrae.sequence import Path
from segmentation.vertebrae.votes import Instance, find_instances

SPACING = 4.0
PITCH = 34.0
ROW = ("L2", "L3", "L4", "L5")


class Scene:
    """Blocks, one above another, with what a network that errs a little says of them.

    They are 40 x 40 x 26 mm for a pitch of 34 mm, and in proportion for another.
    """

    def __init__(self, names: tuple[str, ...] = ROW, sacrum: bool = True, seed: int = 0, pitch: float = PITCH) -> None:
        rng = np.random.default_rng(seed)
        self.names = names
        self.half = np.array([20, 20, 13]) * pitch / PITCH
        height = 60 + pitch * len(names) + 50
        shape = (24, 24, int(height / SPACING))
        affine = np.diag([SPACING, SPACING, SPACING, 1.0])
        self.coarse = Grid(shape, affine)
        points = self.coarse.to_mm(np.argwhere(np.ones(shape, bool)).astype(float))
        self.centres = [np.array([46.0, 46.0, 70 + pitch * row]) for row in range(len(names))][::-1]
        tissue, levels = np.full((4, len(points)), 0.02), np.full((25, len(points)), -6.0)
        offset, mask = rng.normal(0, 2, (3, len(points))), np.zeros(len(points))
        tissue[0] = 0.94
        for name, centre in zip(names, self.centres, strict=True):
            inside = (np.abs(points - centre) <= self.half).all(axis=1)
            mask[inside] = 1
            tissue[:, inside] = np.array([0.02, 0.94, 0.02, 0.02])[:, None]
            offset[:, inside] += (centre - points[inside]).T
            levels[NUMBERS[name] - 1, inside] = -0.1
        if sacrum:
            below = (np.abs(points - [46, 46, 30]) <= [20, 20, 20]).all(axis=1)
            tissue[:, below] = np.array([0.02, 0.02, 0.94, 0.02])[:, None]
        as_grid = lambda a: a.reshape(-1, *shape).astype(np.float32)  # noqa: E731
        self.fields = Fields(self.coarse, as_grid(mask)[0], as_grid(tissue), as_grid(offset), as_grid(levels))
        fine = Grid((48, 48, 2 * shape[2]), np.array([[-2.0, 0, 0, 93], [0, 2, 0, -1], [0, 0, 2, -1], [0, 0, 0, 1.0]]))
        self.grid = fine
        voxels = fine.to_mm(np.argwhere(np.ones(fine.shape, bool)).astype(float))
        self.truth = np.zeros(len(voxels), np.uint8)
        for name, centre in zip(names, self.centres, strict=True):
            self.truth[(np.abs(voxels - centre) <= self.half).all(axis=1)] = NUMBERS[name]
        self.truth = self.truth.reshape(fine.shape)

    def block(self, row: int) -> np.ndarray:
        """Which of the coarse voxels, in a line, are in one of the blocks."""
        points = self.coarse.to_mm(np.argwhere(np.ones(self.coarse.shape, bool)).astype(float))
        return np.asarray((np.abs(points - self.centres[row]) <= self.half).all(axis=1))

    def thin_out(self, row: int, share: float) -> None:
        """Leave ``share`` of the mask's voxels in one of the blocks."""
        inside = np.flatnonzero(self.block(row))
        gone = np.random.default_rng(0).random(len(inside)) >= share
        self.fields.mask.reshape(-1)[inside[gone]] = 0


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def test_votes_find_each_vertebra_once_from_head_to_foot(scene: Scene):
    found = find_instances(scene.fields)
    assert len(found) == len(ROW)
    for one, centre in zip(found, scene.centres, strict=True):
        assert np.linalg.norm(one.centre_mm - centre) < 2


def test_voxels_get_the_number_of_their_vertebra_on_the_scans_own_axes(scene: Scene):
    named = name_spine(scene.truth > 0, scene.grid, scene.fields)
    spine = named.labels != SACRUM
    assert np.mean(named.labels[spine] == scene.truth[spine]) > 0.995
    assert [one.name for one in named.vertebrae] == list(ROW)


def test_the_sacrum_is_a_label_of_its_own_and_makes_the_names_sure(scene: Scene):
    named = name_spine(scene.truth > 0, scene.grid, scene.fields)
    assert (named.labels == SACRUM).any()
    assert not (named.labels[scene.truth > 0] == SACRUM).any()
    assert named.sure
    assert named.reason == "sacrum"
    assert {one.confidence for one in named.vertebrae} == {"high"}
    assert named.to_json()["sequence"]["sure"] is True


def test_without_a_landmark_nothing_is_sure(scene: Scene):
    bare = Scene(sacrum=False)
    named = name_spine(bare.truth > 0, bare.grid, bare.fields)
    assert not named.sure
    assert named.reason == "no_landmark"
    assert all(one.confidence != "high" and "no_landmark" in one.reasons for one in named.vertebrae)


def test_a_vertebra_at_the_scans_border_is_said_to_be_cut(scene: Scene):
    top = int(np.argwhere(scene.truth > 0)[:, 2].max()) - 2
    grid = scene.grid.cropped((slice(0, 48), slice(0, 48), slice(0, top)))
    named = name_spine(scene.truth[:, :, :top] > 0, grid, scene.fields)
    assert [one.cut_by_border for one in named.vertebrae] == [True, False, False, False]


def test_a_scan_unlike_those_of_the_training_is_never_sure(scene: Scene):
    named = name_spine(scene.truth > 0, scene.grid, scene.fields, unlike_training=True)
    assert (named.sure, named.reason) == (False, "unlike_training")


def test_the_top_of_the_sacrum_in_the_mask_is_no_vertebra():
    scene = Scene((*ROW, "L6"))  # what looks like a sixth one is taken for sacrum by a fifth
    flat = scene.fields.tissue.reshape(4, -1)
    flat[SACRAL, scene.block(-1)], flat[VERTEBRA, scene.block(-1)] = 0.2, 0.78
    scene.thin_out(-1, 0.4)
    named = name_spine(scene.truth > 0, scene.grid, scene.fields)
    assert [one.name for one in named.vertebrae] == list(ROW)
    assert (named.labels[scene.truth == NUMBERS["L6"]] == SACRUM).mean() > 0.95


NECK = ("C1", "C2", "C3", "C4")


@pytest.mark.parametrize(
    ("blocks", "share", "skull"),
    [(("C1", *NECK), 0.3, True), (NECK, 1.0, False), (NECK, 0.3, False)],
    ids=["skull base", "whole C1", "small C1"],
)
def test_skull_base_above_the_neck_is_no_first_vertebra(blocks: tuple[str, ...], share: float, skull: bool):
    scene = Scene(blocks, sacrum=False, pitch=18.0)  # skull base looks like C1, too
    scene.thin_out(0, share)
    named = name_spine(scene.truth > 0, scene.grid, scene.fields)
    assert tuple(one.name for one in named.vertebrae) == NECK
    upper = scene.truth.copy()
    upper[:, :, : int(np.argwhere(scene.truth > 0)[:, 2].max()) - 2] = 0
    assert (named.labels[upper > 0] == (0 if skull else NUMBERS["C1"])).mean() > 0.95
    assert (named.sure, named.reason) == ((False, "mask_doubtful") if skull else (True, "dens"))


def row_of(heights_mm: list[float], slots: list[int] | None = None) -> list[Instance]:
    numbered = zip(heights_mm, slots or range(len(heights_mm)), strict=True)
    return [Instance(np.array([0.0, 0.0, z]), 50.0, 3.0, np.zeros(25), slot) for z, slot in numbered]


LUMBAR = (20, 21, 22, 23, 24)


@pytest.mark.parametrize(
    ("heights_mm", "slots", "expected"),
    [
        ([140, 106, 71, 36, 0], None, False),
        ([140, 115, 80, 45, 10], None, False),  # L1 lost a quarter of the distance: a fracture
        ([175, 106, 71, 36, 0], None, True),  # one is missing, or two were taken for one
        ([140, 106, 71, 54, 20], None, True),  # one was taken for two
        ([140, 106, 71, 36, 0], [0, 1, 3, 4, 5], True),
    ],
    ids=["even", "fracture", "gap", "crowded", "place left out"],
)
def test_a_row_in_which_one_may_be_missing_is_not_sure(
    heights_mm: list[float], slots: list[int] | None, expected: bool
):
    row = row_of(heights_mm, slots)
    assert uneven(row, LUMBAR) == expected
    verdict = judge([Path(LUMBAR, 0.99)], Landmarks(False, True, (False,) * 5), row)
    assert verdict == ((False, "mask_doubtful") if expected else (True, "sacrum"))


def test_one_vertebra_alone_is_not_uneven():
    assert not uneven(row_of([0.0]), (20,))


def test_an_empty_mask_makes_an_empty_map():
    named = nothing_named((4, 5, 6))
    assert not named.labels.any()
    assert named.to_json() == {"vertebrae": [], "sequence": {"sure": False, "reason": "nothing", "alternatives": []}}


def test_crumbs_go_to_the_vertebra_that_they_touch():
    labels = np.zeros((20, 10, 10), np.uint8)
    labels[:8], labels[8:18] = 20, 21
    labels[17, 4, 4] = 20
    labels[19, 9, 9] = 21  # touches nothing
    merged = merge_crumbs(labels.copy())
    assert merged[17, 4, 4] == 21
    assert (merged == labels).sum() == labels.size - 1


def test_channels_of_the_network_become_probabilities_and_mm():
    output = np.zeros((32, 2, 2, 2), np.float32)
    output[VERTEBRA], output[4] = 3.0, 1.5
    fields = fields_of(output, np.ones((2, 2, 2), np.float32), Grid((2, 2, 2), np.eye(4)))
    assert np.allclose(fields.tissue.sum(axis=0), 1)
    assert (fields.tissue[VERTEBRA] > fields.tissue[[SACRAL, RIBS]]).all()
    assert np.allclose(fields.offset_mm[0], 15.0)
    assert np.allclose(np.exp(fields.levels).sum(axis=0), 1, atol=1e-5)


def test_every_reason_has_a_sentence_and_none_is_left_over():
    expected = {f"vertebra.{code}" for code in REASONS} | {f"sequence.{code}" for code in SEQUENCE_REASONS}
    assert expected == {key for key in english() if key.startswith(("vertebra.", "sequence."))}
