"""The training loop of the naming network: views drawn beside it, averaged weights kept, resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as multiprocessing
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from segmentation.core.atomic import atomic_path
from segmentation.inference.checkpoint import Stage, save_model
from segmentation.networks.vertebra_unet import VertebraUNet, VertebraUNetSpec
from segmentation.preprocessing.preprocess import InputSpec
from segmentation.training.vertebrae.sampling import IGNORE, Item, Sample, draw
from segmentation.vertebrae.fields import BACKGROUND, RIBS, VOXEL_MM
from segmentation.vertebrae.votes import LEAST_SHARE

STAGE = "name"
SAVE_EVERY_S = 120.0
WARM_UP_STEPS = 50
TISSUE_WEIGHT, LEVEL_WEIGHT, OFFSET_WEIGHT = 1.0, 1.0, 1.5
BONE_WEIGHT = 6.0
LEVEL_SIGMA, DISTANCE_WEIGHT = 0.5, 0.2
ACCUMULATED = 2
AVERAGING, CLIPPED_NORM = 0.995, 10.0
SAY_EVERY_S = 20.0


def loss_of(output: Tensor, sample: Sample, spec: VertebraUNetSpec) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the losses of tissue, offset and level of a (1, C, I, J, K) output."""
    tissue_logits = output[0, : spec.tissues].flatten(1).T
    offsets = output[0, spec.tissues : spec.tissues + 3].flatten(1)
    levels = output[0, spec.tissues + 3 :].flatten(1).T
    tissue = torch.from_numpy(sample.tissue.ravel().astype(np.int64))
    known = tissue != IGNORE
    class_weight = torch.tensor([1.0, BONE_WEIGHT, BONE_WEIGHT, BONE_WEIGHT])
    # What the mask holds and is no bone of these (skull, dust) counts as much as bone: it must not vote.
    in_mask = torch.from_numpy(sample.image[1].ravel()) >= LEAST_SHARE
    each = torch.where(in_mask & (tissue == BACKGROUND), BONE_WEIGHT, class_weight[tissue.clamp(max=RIBS)])[known]
    losses = functional.cross_entropy(tissue_logits[known], tissue[known], reduction="none")
    tissue_loss = (losses * each).sum() / (each.sum() + 1e-6)
    level = torch.from_numpy(sample.level.ravel().astype(np.int64))
    here = level != IGNORE
    weight = torch.from_numpy(sample.weight.ravel())[here]
    total = weight.sum() + 1e-6
    level_loss = (_level_loss(levels[here], level[here]) * weight).sum() / total
    wanted = torch.from_numpy(sample.offset.reshape(3, -1))[:, here]
    gap = functional.smooth_l1_loss(offsets[:, here], wanted, reduction="none", beta=0.3).sum(0)
    return tissue_loss, (gap * weight).sum() / total, level_loss


def _level_loss(logits: Tensor, level: Tensor) -> Tensor:
    """Cross entropy against a level blurred over its neighbours, and the distance of the mean level: order matters."""
    positions = torch.arange(logits.shape[1], dtype=logits.dtype)
    blurred = torch.softmax(-0.5 * ((positions - level[:, None]) / LEVEL_SIGMA) ** 2, dim=1)
    mean = (torch.softmax(logits, dim=1) * positions).sum(dim=1)
    distance = functional.smooth_l1_loss(mean, level.to(logits.dtype), reduction="none")
    return functional.cross_entropy(logits, blurred, reduction="none") + DISTANCE_WEIGHT * distance


def _feed(items: list[Item], seed: int, out: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    while True:
        out.put(draw(items, rng))


class NameTrainer:
    """One training run in its folder: ``model.safetensors`` (averaged weights) and ``last.pt`` to go on from."""

    def __init__(self, out: Path, minutes: float, rate: float, seed: int, name: str) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.out, self.minutes, self.rate, self.seed, self.name = out, minutes, rate, seed, name
        self.network = VertebraUNet(VertebraUNetSpec())
        self.network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        average = get_ema_multi_avg_fn(AVERAGING)  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(self.network, multi_avg_fn=average)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=1e-4)
        self.step, self.seconds = 0, 0.0
        out.mkdir(parents=True, exist_ok=True)
        self._resume()

    def run(self, items: list[Item], say: Callable[[str], None] = print) -> Path:
        """Train to the end; return the path of the weights. Views are drawn by a process beside this one."""
        feed: multiprocessing.Queue[Sample] = multiprocessing.Queue(24)
        arguments = (items, self.seed * 100_000 + self.step, feed)
        worker = multiprocessing.Process(target=_feed, args=arguments, daemon=True)
        worker.start()
        saved = said = began = time.monotonic()
        before, sums = self.seconds, np.zeros(4)
        try:
            while self.seconds < self.minutes * 60:
                sums += self._learn(feed.get())
                self.seconds = before + time.monotonic() - began
                if time.monotonic() - said > SAY_EVERY_S:
                    said = time.monotonic()
                    tissue, offset, level = sums[:3] / sums[3]
                    figures = f"tissue {tissue:.3f}  offset {offset:.3f}  level {level:.3f}"
                    say(f"step {self.step}  {self.seconds / 60:.1f} of {self.minutes:.0f} min  {figures}")
                    sums[:] = 0
                if time.monotonic() - saved > SAVE_EVERY_S:
                    saved = time.monotonic()
                    self._save()
        finally:
            worker.terminate()
        self._save()
        return self.out / "model.safetensors"

    def _learn(self, sample: Sample) -> NDArray[np.float64]:
        """Take one sample; return the losses of tissue, offset and level, and 1."""
        done = self.seconds / (self.minutes * 60)
        warm = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
        image = torch.from_numpy(sample.image)[None].contiguous(memory_format=torch.channels_last_3d)
        tissue, offset, level = loss_of(self.network(image), sample, self.network.spec)
        torch.autograd.backward(TISSUE_WEIGHT * tissue + OFFSET_WEIGHT * offset + LEVEL_WEIGHT * level)
        self.step += 1
        if self.step % ACCUMULATED == 0:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIPPED_NORM)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self.averaged.update_parameters(self.network)
        return np.array([float(tissue.detach()), float(offset.detach()), float(level.detach()), 1.0])

    def _resume(self) -> None:
        last = self.out / "last.pt"
        if not last.is_file():
            return
        content = torch.load(last, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.averaged.load_state_dict(content["averaged"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.seconds = content["step"], content["seconds"]

    def _save(self) -> None:
        with atomic_path(self.out / "last.pt") as partial:
            content = {
                "network": self.network.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
            }
            torch.save(content, partial)
        network = self.averaged.module
        assert isinstance(network, VertebraUNet)
        stage = Stage(network, InputSpec(VOXEL_MM), network.spec.multiple)
        save_model(self.out / "model.safetensors", self.name, {STAGE: stage})
