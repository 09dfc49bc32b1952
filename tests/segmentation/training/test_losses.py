"""FusionLoss by hand. A logit of 0 is a probability of 1/2; its cross-entropy is ln 2 = 0.693147."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from segmentation.training.losses import FusionLoss


def row(*values: float) -> Tensor:
    """(1, 1, I, 1, 1)."""
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, -1, 1, 1)


def loss(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> float:
    return float(FusionLoss()(logits, target, torch.ones_like(target) if weight is None else weight))


def test_two_undecided_voxels_one_of_them_spine():
    # Dice: (2 * 1/2 + 1) / (1/4 + 1/4 + 1 + 1) = 0.8
    assert loss(row(0, 0), row(1, 0)) == pytest.approx(0.3 * math.log(2) + 0.7 * 0.2)


def test_known_probabilities():
    # sigmoid(ln 3) = 3/4. Cross-entropy: -ln(3/4) for both voxels. Dice: (2 * 3/4 + 1) / (9/16 + 1/16 + 1 + 1)
    expected = 0.3 * -math.log(0.75) + 0.7 * (1 - 2.5 / (10 / 16 + 2))
    assert loss(row(math.log(3), -math.log(3)), row(1, 0)) == pytest.approx(expected)


def test_ignored_voxels_change_nothing():
    known = loss(row(0, 0), row(1, 0))
    assert loss(row(0, 0, 30, -30), row(1, 0, 0, 1), row(1, 1, 0, 0)) == pytest.approx(known)


def test_ignored_voxels_receive_no_gradient():
    logits = row(0.5, -0.5, 2.0).requires_grad_()
    FusionLoss()(logits, row(1, 0, 1), row(1, 1, 0)).backward()
    assert logits.grad is not None
    gradient = logits.grad.flatten()
    assert gradient[2] == 0
    assert gradient[0] < 0 < gradient[1]  # descent raises the spine's logit and lowers the other's


def test_an_empty_target_answered_by_an_empty_prediction_costs_nothing():
    assert loss(row(-40, -40), row(0, 0)) == pytest.approx(0.0, abs=1e-6)


def test_an_empty_target_answered_by_a_full_prediction():
    # Cross-entropy 40; Dice: 1 / (2 + 1)
    assert loss(row(40, 40), row(0, 0)) == pytest.approx(0.3 * 40 + 0.7 * 2 / 3)


def test_a_perfect_answer_costs_nothing():
    assert loss(row(40, -40), row(1, 0)) == pytest.approx(0.0, abs=1e-6)


def test_a_batch_of_which_nothing_is_known_costs_nothing():
    assert loss(row(3, -3), row(0, 1), row(0, 0)) == 0.0


def test_the_dice_is_taken_over_the_whole_batch():
    logits, target = torch.cat([row(0, 0), row(-40, -40)]), torch.cat([row(1, 0), row(0, 0)])
    assert loss(logits, target) == pytest.approx(0.3 * math.log(2) / 2 + 0.7 * 0.2)


def test_the_loss_is_finite_for_enormous_logits():
    assert math.isfinite(loss(row(1e4, -1e4), row(0, 1)))
