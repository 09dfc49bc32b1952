"""Loss of the training: 0.3 binary cross-entropy + 0.7 Dice loss, as in the thesis, weighted by voxel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

BCE_WEIGHT = 0.3  # the thesis's weights
DICE_WEIGHT = 0.7
# One voxel in numerator and denominator: an empty reference answered by an empty prediction costs nothing.
SMOOTH = 1.0


class FusionLoss(nn.Module):
    """Weighted sum ``0.3 * BCE + 0.7 * (1 - soft Dice)``.

    The soft Dice is that of Milletari et al. 2016, doi:10.1109/3DV.2016.79.

    The Dice is taken over the whole batch, so that a window without spine does not by itself decide it.
    """

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of (B, 1, I, J, K) logits against a 0..1 target.

        Where ``weight`` is 0 a voxel is ignored; 1 counts, more counts more.
        """
        bce = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        bce = (bce * weight).sum() / weight.sum().clamp(min=1.0)
        probability = logits.sigmoid() * weight
        target = target * weight
        overlap = 2 * (probability * target).sum() + SMOOTH
        dice = overlap / (probability.square().sum() + target.square().sum() + SMOOTH)
        return BCE_WEIGHT * bce + DICE_WEIGHT * (1 - dice)
