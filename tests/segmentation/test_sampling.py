from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segmentation import sampling
from segmentation.dataset import IGNORE, Item
from segmentation.sampling import Sampler

EDGE = 16


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def real(target: NDArray[np.uint8] | int, value: int = 128) -> Item:
    filled = np.full((32, 32, 32), target, dtype=np.uint8) if isinstance(target, int) else target
    image = np.full((32, 32, 32), value, dtype=np.uint8)
    return Item("real", image, filled, np.argwhere(filled == 1).astype(np.int32), 1.0)


def label_map(number: int = 20) -> Item:
    numbers = np.zeros((32, 32, 32), dtype=np.uint8)
    numbers[10:22, 10:22, 6:14] = numbers[10:22, 10:22, 18:26] = number
    return Item("map", None, numbers, np.argwhere(numbers).astype(np.int32), 1.0)


def half() -> NDArray[np.uint8]:
    """Spine, unknown and not spine, in layers."""
    target = np.zeros((32, 32, 32), dtype=np.uint8)
    target[:11], target[11:22] = 1, IGNORE
    return target


def sampler(reals: Sequence[Item], maps: Sequence[Item], share: float = 0.5, **more: Any) -> Sampler:
    return Sampler(reals, maps, share, EDGE, **more)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_batch_is_what_the_loss_expects(share):
    images, targets, known = sampler([real(half())], [label_map()], share).batch(3, rng())
    for tensor in (images, targets, known):
        assert tensor.shape == (3, 1, EDGE, EDGE, EDGE)
        assert tensor.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert set(targets.unique().tolist()) <= {0.0, 1.0}
    assert set(known.unique().tolist()) <= {0.0, 1.0}
    assert not (targets * (1 - known)).any()  # nothing unknown is called spine


def test_unknown_voxels_do_not_count_and_the_others_do():
    _, targets, known = sampler([real(half())], []).batch(8, rng(1))
    assert 0 < known.mean() < 1
    assert 0 < targets.mean() < 1
    _, _, all_known = sampler([real(1)], []).batch(2, rng(1))
    assert all_known.all()


def test_one_seed_gives_one_batch_and_another_another():
    draw = sampler([real(half())], [label_map()])
    first, again, other = (draw.batch(2, rng(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 50), (1.0, 200)])
def test_the_share_of_synthesised_crops(share, expected, monkeypatch):
    made = []

    def count(numbers: NDArray[np.uint8], *_: Any) -> NDArray[np.float32]:
        made.append(numbers)
        return numbers.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", count)
    monkeypatch.setattr(sampling, "degrade", lambda image, _: image)
    sampler([real(0)], [label_map()], share).batch(200, rng(2))
    assert len(made) == pytest.approx(expected, abs=20 if 0 < share < 1 else 0)


def test_without_real_scans_everything_is_synthesised():
    images, targets, known = sampler([], [label_map()], 0.0).batch(6, rng())
    assert known.all()
    assert targets.any()
    assert images.std() > 0


def test_the_sacrum_of_a_label_map_is_drawn_but_is_no_target():
    _, targets, _ = sampler([], [label_map(26)], 1.0).batch(4, rng())
    assert not targets.any()


def test_the_locator_is_taught_the_closed_column():
    loose = sampler([], [label_map()], 1.0).batch(6, rng(4))[1]
    column = sampler([], [label_map()], 1.0, column_closing=3).batch(6, rng(4))[1]
    assert (column >= loose).all()
    assert column.sum() > 1.1 * loose.sum()


def test_a_background_never_holds_spine_nor_what_may_be(monkeypatch):
    seen: list[NDArray[np.float32] | None] = []

    def note(numbers: NDArray[np.uint8], _: Any, background: NDArray[np.float32] | None) -> NDArray[np.float32]:
        seen.append(background)
        return numbers.astype(np.float32)

    monkeypatch.setattr(sampling, "synthesise", note)
    sampler([real(1)], [label_map()], 1.0).batch(10, rng())
    sampler([real(IGNORE)], [label_map()], 1.0).batch(10, rng())
    assert all(background is None for background in seen)
    seen.clear()
    sampler([real(0, value=51)], [label_map()], 1.0).batch(20, rng())
    used = [background for background in seen if background is not None]
    assert 4 <= len(used) <= 16
    assert max(float(background.max()) for background in used) == pytest.approx(51 / 255)


def test_most_crops_are_taken_where_the_spine_is():
    target = np.zeros((200, 24, 24), dtype=np.uint8)
    target[150:154, 10:14, 10:14] = 1
    item = Item("long", np.full(target.shape, 99, np.uint8), target, np.argwhere(target).astype(np.int32), 1.0)
    _, targets, _ = sampler([item], [], 0.0).batch(60, rng())
    hit = targets.flatten(1).any(dim=1).float().mean()
    assert 0.25 < hit < 0.9  # anywhere at random: 0.04
