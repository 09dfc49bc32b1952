"""The training loop: it keeps the checkpoint that validates best and goes on where it was interrupted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from segmentation.core.atomic import atomic_path
from segmentation.core.errors import BadConfiguration
from segmentation.core.progress import Progress, ignore
from segmentation.inference.checkpoint import Stage, load_model, save_model
from segmentation.networks import Network, build
from segmentation.training import run_log
from segmentation.training.config import TrainingConfig
from segmentation.training.dataset import FULL, Item, closing_voxels
from segmentation.training.load_cases import Items, Say, load_items
from segmentation.training.losses import FusionLoss
from segmentation.training.sampling import Sampler

SAVE_EVERY_S = 120.0
WARM_UP_STEPS = 50


@dataclass
class State:
    """Progress of a run, from which it is resumed."""

    step: int = 0
    best: float = -1.0
    seconds: float = 0.0


def validation_dice(network: nn.Module, items: list[Item], window: int, device: torch.device) -> float:
    """Compute the mean Dice over the items, on the network's grid, at threshold 0.5, where the target is known."""
    scores = []
    network.eval()
    for item in items:
        assert item.image is not None
        image = torch.from_numpy(item.image.astype(np.float32) / FULL)[None, None].to(device)
        with torch.inference_mode():
            logits = sliding_window_inference(image, (window,) * 3, 2, network, 0.25, mode="gaussian")
        assert isinstance(logits, Tensor)
        prediction = (logits[0, 0] > 0).cpu().numpy() & (item.valid_mask > 0)
        reference = item.target >= FULL / 2
        total = prediction.sum() + reference.sum()
        scores.append(2 * (prediction & reference).sum() / total if total else 1.0)
    network.train()
    return float(np.mean(scores)) if scores else float("nan")


class Trainer:
    """One training run in its folder: ``model.safetensors`` (best), ``last.pt``, and what ``run_log`` writes."""

    def __init__(self, config: TrainingConfig, say: Say = print, progress: Progress = ignore) -> None:
        self.config, self.say, self.progress = config, say, progress
        if config.threads:
            torch.set_num_threads(config.threads)
        cuda = config.device == "cuda" or (config.device == "auto" and torch.cuda.is_available())
        self.device = torch.device("cuda" if cuda else "cpu")
        torch.manual_seed(config.seed)
        self.network = build(config.network.spec()).to(self.device)
        self.network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        if config.start_from:
            _begin_with(self.network, load_model(config.start_from).stages[config.stage].network, config.start_from)
        # The same weights, called another way; what is averaged, validated and saved is the network itself.
        self.forward = torch.compile(self.network) if config.compile else self.network
        average = get_ema_multi_avg_fn(config.ema) if config.ema else None  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(self.network, multi_avg_fn=average) if config.ema else None
        # Adam with decoupled decay: the thesis's Adam and weight decay, as Loshchilov & Hutter 2019 join them.
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimiser, mode="max", factor=0.5, patience=config.patience
        )
        self.loss = FusionLoss()
        self.state = State()
        self.total = config.epochs * config.steps_per_epoch

    def run(self, items: Items | None = None) -> Path:
        """Train to the end (or ``max_minutes``); return the path of the best model. ``items``: if read before."""
        config = self.config
        config.out.mkdir(parents=True, exist_ok=True)
        parameters = sum(p.numel() for p in self.network.parameters())
        run_log.describe(config, parameters, str(self.device), torch.get_num_threads())
        self._resume()
        real, label_maps, validation = items or load_items(config, self.say)
        self.say(f"{len(real)} scans, {len(label_maps)} label maps, {len(validation)} for validation")
        sampler = self._sampler(real, label_maps)
        losses: list[float] = []
        saved = started = time.monotonic()
        before = self.state.seconds
        while self.state.step < self.total and not self._out_of_time():
            # Seeded by the step, so that a resumed run draws what an uninterrupted one would have drawn.
            rng = np.random.default_rng((config.seed, self.state.step))
            self._set_rate()
            losses.append(self._step(*sampler.batch(config.batch, rng)))
            self.state.step += 1
            self.state.seconds = before + time.monotonic() - started
            self.progress(self._done(), "training")
            if self.state.step % config.steps_per_epoch == 0 or self.state.step == self.total:
                self._end_epoch(float(np.mean(losses)), validation)
                losses.clear()
            if time.monotonic() - saved > SAVE_EVERY_S:
                self._save_last()
                saved = time.monotonic()
        if losses:
            self._end_epoch(float(np.mean(losses)), validation)
        self._save_last()
        return config.out / "model.safetensors"

    def _sampler(self, real: list[Item], label_maps: list[Item]) -> Sampler:
        config, data = self.config, self.config.data
        return Sampler(
            real,
            label_maps,
            data.synthetic_share,
            config.window,
            data.focus_share,
            data.cropped_share,
            column_closing=closing_voxels(config.spacing_mm) if config.stage == "locate" else 0,
            centred=config.preprocessing != "patch",
            metal_share=data.metal_share,
            spacing_mm=config.spacing_mm,
            metal_hidden=config.metal_hu is not None,
        )

    def _step(self, images: Tensor, targets: Tensor, weights: Tensor) -> float:
        parts = self.config.accumulate
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for image, target, weight in zip(*(part.chunk(parts) for part in (images, targets, weights)), strict=True):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
                logits = self.forward(image.to(self.device, memory_format=torch.channels_last_3d))
            loss = self.loss(logits.float(), target.to(self.device), weight.to(self.device)) / parts
            loss.backward()
            total += float(loss.detach())
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)
        return total

    def _done(self) -> float:
        """Compute how much of the run is over, 0..1, by steps or by time, whichever ends it first."""
        done = self.state.step / self.total
        if self.config.max_minutes:
            done = max(done, self.state.seconds / 60 / self.config.max_minutes)
        return min(1.0, done)

    def _set_rate(self) -> None:
        if self.config.schedule != "cosine":
            return
        warm = min(1.0, (self.state.step + 1) / min(WARM_UP_STEPS, max(1, self.total // 10)))
        rate = self.config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self._done())))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _out_of_time(self) -> bool:
        limit = self.config.max_minutes
        return limit is not None and self.state.seconds > limit * 60

    def _end_epoch(self, loss: float, validation: list[Item]) -> None:
        network = self.averaged.module if self.averaged is not None else self.network
        dice = validation_dice(network, validation, self.config.window, self.device)
        if self.config.schedule == "plateau" and validation:
            self.plateau.step(dice)
        # Without a validation case the latest weights are the ones to keep.
        if not validation or dice > self.state.best:
            self.state.best = dice
            self._save_model("model.safetensors", network)
        self._save_model("latest.safetensors", network)
        rate = self.optimiser.param_groups[0]["lr"]
        run_log.append(self.config.out, self.state.step, self.state.seconds, loss, dice, rate)
        run_log.draw(self.config.out, self.config.name)
        left = self.state.seconds * (1 / max(1e-6, self._done()) - 1)
        self.say(
            f"step {self.state.step}/{self.total}  loss {loss:.4f}  validation Dice {dice:.4f}  "
            f"best {self.state.best:.4f}  rate {rate:.2e}  {self.state.seconds / 60:.1f} min, {left / 60:.0f} left"
        )

    def _save_model(self, name: str, network: nn.Module) -> None:
        assert isinstance(network, Network)
        stage = Stage(network, self.config.input(), self.config.inference_window or self.config.window)
        save_model(self.config.out / name, self.config.name, {self.config.stage: stage})

    def _save_last(self) -> None:
        content = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "plateau": self.plateau.state_dict(),
            "averaged": self.averaged.state_dict() if self.averaged is not None else None,
            "state": vars(self.state),
        }
        with atomic_path(self.config.out / "last.pt") as partial:
            torch.save(content, partial)

    def _resume(self) -> None:
        last = self.config.out / "last.pt"
        if not last.is_file():
            run_log.forget_after(self.config.out, 0)
            return
        content = torch.load(last, map_location=self.device, weights_only=True)
        try:
            self.network.load_state_dict(content["network"])
        except RuntimeError as error:
            raise BadConfiguration(
                "training.run_of_another_network", folder=self.config.out, network=self.config.network.name
            ) from error
        self.optimiser.load_state_dict(content["optimiser"])
        self.plateau.load_state_dict(content["plateau"])
        if self.averaged is not None and content["averaged"] is not None:
            self.averaged.load_state_dict(content["averaged"])
        self.state = State(**content["state"])
        run_log.forget_after(self.config.out, self.state.step)
        self.say(f"resumed at step {self.state.step}")


def _begin_with(network: nn.Module, other: nn.Module, path: Path) -> None:
    """Take over another run's weights; what it lacks of ``detail`` adds nothing yet and may be learned."""
    wanted, given = network.state_dict(), other.state_dict()
    known = {key: value for key, value in wanted.items() if key.startswith("detail.")} | given
    try:
        network.load_state_dict(known)
    except RuntimeError as error:
        raise BadConfiguration("training.checkpoint_of_another_network", name=path.name) from error


def train(config: TrainingConfig, say: Say = print, progress: Progress = ignore, items: Items | None = None) -> Path:
    """Train as configured; return the path of the best model. ``items``: what the configuration names, if read before.

    Raises:
        BadConfiguration: the configuration names no data, or the run to go on with is of another network.
        InputError: a training file cannot be read.
    """
    return Trainer(config, say, progress).run(items)
