from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segmentation.training import sampling
from segmentation.training.dataset import FULL, Item
from segmentation.training.sampling import Sampler
from segmentation.training.synthesis.thoracic_ribs import Ribs

EDGE = 16


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def real(target: NDArray[np.uint8] | int, known: NDArray[np.uint8] | int = FULL, value: int = 128) -> Item:
    image, filled, sure = (np.full((32, 32, 32), array, dtype=np.uint8) for array in (value, target, known))
    return Item("real", image, filled, sure, np.argwhere(filled >= 128).astype(np.int32), 1.0)


def label_map(spine: bool = True) -> Item:
    """Two vertebrae, or two pieces of sacrum."""
    bone = np.zeros((32, 32, 32), dtype=np.uint8)
    bone[10:22, 10:22, 6:14] = bone[10:22, 10:22, 18:26] = FULL
    target = bone if spine else bone * 0
    return Item("map", None, target, np.full_like(bone, FULL), np.argwhere(bone).astype(np.int32), 1.0, bone)


def half() -> Item:
    """Spine, unknown and not spine, in layers."""
    target = np.zeros((32, 32, 32), dtype=np.uint8)
    known = np.full_like(target, FULL)
    target[:11], known[11:22] = FULL, 0
    return real(target, known)


def sampler(reals: Sequence[Item], maps: Sequence[Item], share: float = 0.5, **more: Any) -> Sampler:
    return Sampler(reals, maps, share, EDGE, **more)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_batch_is_what_the_loss_expects(share):
    images, targets, known = sampler([half()], [label_map()], share).batch(3, rng())
    for tensor in (images, targets, known):
        assert tensor.shape == (3, 1, EDGE, EDGE, EDGE)
        assert tensor.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert targets.min() >= 0
    assert targets.max() <= 1 + 1e-6
    assert set(known.unique().tolist()) <= {0.0, 1.0, sampling.GAP_WEIGHT}


def test_unknown_voxels_do_not_count_and_the_others_do():
    _, targets, known = sampler([half()], []).batch(8, rng(1))
    assert 0 < known.mean() < 1
    assert 0 < targets.mean() < 1


def test_inside_and_far_beyond_a_known_scan_everything_is_known(monkeypatch):
    monkeypatch.setattr(sampling, "STARVED_SHARE", 0.0)
    monkeypatch.setattr(sampling, "degrade", lambda image, _: image)
    images, _, known = sampler([real(0)], [], cropped_share=0.0, metal_share=0.0).batch(8, rng(1))
    assert (images == 0).any()
    assert known[images == 0].all()
    assert known[images > 0.995 * 128 / FULL].all()  # what remains is the voxel that the border runs through


def test_the_border_of_the_spine_is_a_share_of_the_voxel():
    _, targets, _ = sampler([half()], [], focus_share=1.0).batch(8, rng(1))
    between = (targets > 0.05) & (targets < 0.95)
    assert 0 < between.float().mean() < 0.3


def test_a_soft_target_stays_soft():
    _, targets, _ = sampler([real(102)], [], cropped_share=0.0, metal_share=0.0).batch(4, rng(1))
    assert targets.max() == pytest.approx(102 / FULL, abs=1e-4)
    assert (targets - 102 / FULL).abs().lt(1e-3).float().mean() > 0.3


def test_metal_is_drawn_and_not_counted(monkeypatch):
    monkeypatch.setattr(sampling, "STARVED_SHARE", 0.0)
    monkeypatch.setattr(sampling, "degrade", lambda image, _: image)
    images, _, known = sampler([real(FULL)], [], cropped_share=0.0, metal_share=1.0).batch(6, rng(1))
    unknown = known == 0
    assert unknown.flatten(1).any(dim=1).float().mean() > 0.5
    assert (images[unknown & (images > 0)] == 1).float().mean() > 0.4
    assert (images == 1).any()
    hidden, _, known = sampler([real(FULL)], [], cropped_share=0.0, metal_share=1.0, metal_hidden=True).batch(6, rng(1))
    assert (known == 0).any()
    assert (hidden[known == 0] == 0).float().mean() > 0.75  # what remains is the voxel that the border runs through


def test_a_starved_share_of_crops_has_noise_from_the_shoulders(monkeypatch):
    monkeypatch.setattr(sampling, "degrade", lambda image, _: image)
    starved = []
    monkeypatch.setattr(sampling, "photon_starvation", lambda image, _: starved.append(1) or image)
    sampler([real(0)], [], cropped_share=0.0).batch(200, rng(1))
    assert len(starved) == pytest.approx(200 * sampling.STARVED_SHARE, abs=15)


def test_processes_count_more_than_bodies():
    target = np.zeros((64, 64, 64), dtype=np.uint8)
    target[16:44, 16:44, 16:44] = FULL
    target[28:32, 44:60, 28:32] = FULL
    image, known = np.full_like(target, 99), np.full_like(target, FULL)
    item = Item("process", image, target, known, np.argwhere(target).astype(np.int32)[-1:], 1.0)
    weights, hit = [], []
    for seed in range(12):
        draw = Sampler([item], [], 0.0, 48, focus_share=1.0, cropped_share=0.0, metal_share=0.0)
        _, spine, known_here = draw.batch(1, rng(seed))
        weights.append(float((known_here[spine > 0.9] >= sampling.THIN_WEIGHT).float().mean()))
        hit.append(bool((spine > 0.9).any()))
    share = np.mean([w for w, h in zip(weights, hit, strict=True) if h])
    assert 0.01 < share < 0.35  # the process and the block's edges, not the block


def test_a_cropped_share_of_0_cuts_nothing(monkeypatch):
    monkeypatch.setattr(sampling, "crop_field_of_view", lambda *_: pytest.fail("cut"))
    sampler([half()], [], cropped_share=0.0).batch(20, rng())


def test_one_seed_gives_one_batch_and_another_another():
    draw = sampler([half()], [label_map()])
    first, again, other = (draw.batch(2, rng(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 50), (1.0, 200)])
def test_the_share_of_synthesised_crops(share, expected, monkeypatch):
    made = []

    def count(bone: NDArray[np.bool_], *_: Any) -> NDArray[np.float32]:
        assert bone.dtype == bool
        made.append(bone)
        return bone.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", count)
    monkeypatch.setattr(sampling, "degrade", lambda image, _: image)
    sampler([real(0)], [label_map()], share).batch(200, rng(2))
    assert len(made) == pytest.approx(expected, abs=20 if 0 < share < 1 else 0)


def test_without_real_scans_everything_is_synthesised():
    images, targets, known = sampler([], [label_map()], 0.0, metal_share=0.0).batch(6, rng())
    assert known.all()
    assert targets.any()
    assert images.std() > 0


def test_the_sacrum_of_a_label_map_is_drawn_but_is_no_target():
    images, targets, _ = sampler([], [label_map(spine=False)], 1.0).batch(4, rng())
    assert not targets.any()
    assert images.std() > 0.02


def test_the_locator_is_taught_the_closed_column():
    loose = sampler([], [label_map()], 1.0, cropped_share=0.0).batch(30, rng(4))[1] > 0.5
    column = sampler([], [label_map()], 1.0, cropped_share=0.0, column_closing=3).batch(30, rng(4))[1] > 0.5
    assert (column >= loose).all()
    assert column.sum() > 1.05 * loose.sum()


def test_a_background_never_holds_spine_nor_what_may_be(monkeypatch):
    seen: list[NDArray[np.float32] | None] = []

    def note(bone: NDArray[np.bool_], _: Any, background: NDArray[np.float32] | None, *__: Any) -> NDArray[np.float32]:
        seen.append(background)
        return bone.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", note)
    sampler([real(FULL)], [label_map()], 1.0).batch(10, rng())
    sampler([real(0, known=0)], [label_map()], 1.0).batch(10, rng())
    assert all(background is None for background in seen)
    seen.clear()
    sampler([real(0, value=51)], [label_map()], 1.0).batch(20, rng())
    used = [background for background in seen if background is not None]
    assert 4 <= len(used) <= 16
    assert max(float(background.max()) for background in used) == pytest.approx(51 / 255)


def test_most_crops_are_taken_where_the_spine_is():
    target = np.zeros((200, 24, 24), dtype=np.uint8)
    target[150:154, 10:14, 10:14] = FULL
    image, known = np.full_like(target, 99), np.full_like(target, FULL)
    item = Item("long", image, target, known, np.argwhere(target).astype(np.int32), 1.0)

    def hit(focus_share: float) -> float:
        draw = sampler([item], [], 0.0, focus_share=focus_share, cropped_share=0.0)
        return float(draw.batch(60, rng())[1].flatten(1).any(dim=1).float().mean())

    assert hit(0.9) > 0.25
    assert hit(0.0) < 0.15


def test_what_lies_between_bones_counts_more_where_vertebrae_are_told_apart():
    known = sampler([], [label_map()], 1.0, cropped_share=0.0).batch(20, rng(4))[2]
    column = sampler([], [label_map()], 1.0, cropped_share=0.0, column_closing=3).batch(20, rng(4))[2]
    assert known.max() == sampling.GAP_WEIGHT
    assert 0 < (known > 1).float().mean() < 0.3
    assert column.max() == 1


def test_painted_bone_stays_inside_what_the_reference_covers(monkeypatch):
    painted: list[NDArray[np.bool_]] = []

    def note(bone: NDArray[np.bool_], _: Any, background: NDArray[np.float32] | None, *__: Any) -> NDArray[np.float32]:
        painted.append(bone)
        return bone.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", note)
    _, targets, _ = sampler([], [label_map()], 1.0, cropped_share=0.0, metal_share=0.0).batch(12, rng(3))
    covered = [target[0].numpy() for target in targets]
    assert all(share[bone].min() > 0.25 for bone, share in zip(painted, covered, strict=True) if bone.any())
    assert sum(bone.sum() for bone in painted) < 0.97 * sum((share > 0.5).sum() for share in covered)


def test_most_crops_with_thoracic_vertebrae_show_their_ribs(monkeypatch):
    seen = []

    def note(bone: NDArray[np.bool_], _: Any, __: Any, beside: NDArray[np.bool_] | None) -> NDArray[np.float32]:
        seen.append(beside)
        return bone.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", note)
    path = np.array([[8.0, 8, 8], [10, 8, 8], [12, 8, 8], [14, 8, 8]])
    with_ribs = dataclasses.replace(label_map(), ribs=Ribs((path,), 1.5))
    sampler([], [with_ribs], 1.0).batch(30, rng(1))
    drawn = [beside for beside in seen if beside is not None]
    assert 18 <= len(drawn) <= 29
    assert any(beside.any() for beside in drawn)
    seen.clear()
    sampler([], [label_map()], 1.0).batch(10, rng(1))
    assert seen == [None] * 10


def test_where_a_rib_lies_against_its_vertebra_a_voxel_counts_more():
    path = np.array([[8.0, 8, 10], [10, 12, 10], [12, 14, 10], [14, 16, 10]])  # into the corner of the lower vertebra
    with_ribs = dataclasses.replace(label_map(), ribs=Ribs((path,), 1.5))
    _, target, known = sampler([], [with_ribs], 1.0).batch(40, rng(2))
    heavy = known >= sampling.RIB_WEIGHT
    assert heavy[target > 0.5].any()  # the vertebra's side of the joint
    assert heavy[target < 0.5].any()  # and the rib's
    assert 0.002 < heavy.float().mean() < 0.3
    _, _, known = sampler([], [label_map()], 1.0).batch(10, rng(2))
    assert (known < sampling.RIB_WEIGHT).all()


def test_thin_parts_and_a_band_around_them_count_twice_and_what_is_unknown_stays_unknown():
    target = np.zeros((40, 40, 40), np.float32)
    target[4:20, 4:20, 4:20] = 1  # a body
    target[20:28, 11:13, 11:13] = 1  # a process
    known = np.ones_like(target)
    known[26:, :, :] = 0
    sampling.Sampler._mark_thin_parts(target, known)
    assert known[23, 11, 11] == sampling.THIN_WEIGHT
    assert known[23, 11, 13] == sampling.THIN_WEIGHT  # beside it
    assert known[23, 11, 20] == 1
    assert known[12, 12, 12] == 1
    assert not known[26:].any()


def test_contrast_in_the_canal_counts_as_no_spine(monkeypatch):
    def note(image: NDArray[np.float32], spine: NDArray[np.bool_], *_: Any) -> NDArray[np.bool_]:
        return ~spine & (image >= 0)

    monkeypatch.setattr(sampling, "CANAL_CONTRAST_SHARE", 1.0)
    monkeypatch.setattr(sampling, "insert_canal_contrast", note)
    _, targets, known = sampler([half()], [], 0.0, metal_share=0.0, cropped_share=0.0).batch(4, rng())
    assert (known[targets < 0.1] == sampling.CANAL_CONTRAST_WEIGHT).all()
