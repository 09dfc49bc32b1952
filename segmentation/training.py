"""The training loop: crops in, best validation checkpoint kept, resumable after being killed."""

from __future__ import annotations

import csv
import json
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from segmentation.checkpoint import Stage, load_model, save_model
from segmentation.config import TrainingConfig
from segmentation.dataset import (
    IGNORE,
    Item,
    centreline_item,
    closing_voxels,
    label_map_item,
    labelled_item,
    negative_item,
    read_centrelines,
)
from segmentation.errors import BadConfiguration
from segmentation.losses import FusionLoss
from segmentation.networks import DenseUNet3d
from segmentation.preprocess import InputSpec
from segmentation.sampling import Sampler

Say = Callable[[str], None]
SAVE_EVERY_S = 120.0
WARM_UP_STEPS = 50


@dataclass
class State:
    """What a resumed run needs to know."""

    step: int = 0
    best: float = -1.0
    seconds: float = 0.0


def load_items(config: TrainingConfig) -> tuple[list[Item], list[Item], list[Item]]:
    """Real items, label maps, validation items, as the configuration names them."""
    spec, stage, data = InputSpec(config.spacing_mm), config.stage, config.data
    real = [labelled_item(c.folder, spec, stage, c.partial, c.weight) for c in data.labelled]
    if data.negatives:
        real += [negative_item(p, spec, weight=0.05) for p in sorted(data.negatives.glob("*.nii.gz"))]
    if data.unlabelled and data.centrelines:
        for name, line in sorted(read_centrelines(data.centrelines).items()):
            path = data.unlabelled / f"{name}.nii.gz"
            pseudo = data.pseudo_labels / path.name if data.pseudo_labels else None
            real.append(centreline_item(path, line, spec, stage, pseudo=pseudo, weight=0.3))
    maps = sorted(data.label_maps.glob("*.nii.gz")) if data.label_maps else []
    synthetic = [label_map_item(p, spec) for p in maps if not any(part in p.name for part in data.label_maps_exclude)]
    validation = [labelled_item(c.folder, spec, stage, c.partial) for c in data.validation]
    if not real and not synthetic:
        raise BadConfiguration("The configuration names no training data.", "Fill data.labelled or data.label_maps.")
    return real, synthetic, validation


def validation_dice(network: nn.Module, items: list[Item], window: int, device: torch.device) -> float:
    """Mean Dice over the items, on the network's grid, at threshold 0.5, where the target is known."""
    scores = []
    network.eval()
    for item in items:
        assert item.image is not None
        image = torch.from_numpy(item.image.astype(np.float32) / 255)[None, None].to(device)
        with torch.inference_mode():
            logits = sliding_window_inference(image, (window,) * 3, 2, network, 0.25, mode="gaussian")
        assert isinstance(logits, Tensor)
        prediction = (logits[0, 0] > 0).cpu().numpy() & (item.target != IGNORE)
        reference = item.target == 1
        total = prediction.sum() + reference.sum()
        scores.append(2 * (prediction & reference).sum() / total if total else 1.0)
    network.train()
    return float(np.mean(scores)) if scores else float("nan")


class Trainer:
    """One training run in its folder: ``model.safetensors`` (best), ``last.pt``, ``log.csv``, ``run.json``."""

    def __init__(self, config: TrainingConfig, say: Say = print) -> None:
        self.config, self.say = config, say
        if config.threads:
            torch.set_num_threads(config.threads)
        cuda = config.device == "cuda" or (config.device == "auto" and torch.cuda.is_available())
        self.device = torch.device("cuda" if cuda else "cpu")
        torch.manual_seed(config.seed)
        self.network = DenseUNet3d(config.network.spec()).to(self.device)
        self.network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        if config.start_from:
            stage = load_model(config.start_from).stages[config.stage]
            self.network.load_state_dict(stage.network.state_dict())
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

    def run(self) -> Path:
        """Train to the end (or ``max_minutes``); returns the path of the best model."""
        config = self.config
        config.out.mkdir(parents=True, exist_ok=True)
        self._describe()
        self._resume()
        real, label_maps, validation = load_items(config)
        self.say(f"{len(real)} scans, {len(label_maps)} label maps, {len(validation)} for validation")
        closing = closing_voxels(config.spacing_mm) if config.stage == "locate" else 0
        sampler = Sampler(real, label_maps, config.data.synthetic_share, config.window, closing)
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

    def _step(self, images: Tensor, targets: Tensor, known: Tensor) -> float:
        images = images.to(self.device, memory_format=torch.channels_last_3d)
        loss = self.loss(self.network(images), targets.to(self.device), known.to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)
        return float(loss.detach())

    def _set_rate(self) -> None:
        if self.config.schedule != "cosine":
            return
        done = self.state.step / self.total
        if self.config.max_minutes:
            done = max(done, self.state.seconds / 60 / self.config.max_minutes)
        warm = min(1.0, (self.state.step + 1) / WARM_UP_STEPS)
        rate = self.config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
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
        self._log(loss, dice, rate)
        left = (self.total - self.state.step) * self.state.seconds / max(1, self.state.step)
        self.say(
            f"step {self.state.step}/{self.total}  loss {loss:.4f}  validation Dice {dice:.4f}  "
            f"best {self.state.best:.4f}  rate {rate:.2e}  {self.state.seconds / 60:.1f} min, {left / 60:.0f} left"
        )

    def _save_model(self, name: str, network: nn.Module) -> None:
        assert isinstance(network, DenseUNet3d)
        stage = Stage(network, InputSpec(self.config.spacing_mm), self.config.window)
        save_model(self.config.out / name, self.config.name, {self.config.stage: stage})

    def _save_last(self) -> None:
        beside = self.config.out / "last.part"
        content = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "plateau": self.plateau.state_dict(),
            "averaged": self.averaged.state_dict() if self.averaged is not None else None,
            "state": vars(self.state),
        }
        torch.save(content, beside)
        os.replace(beside, self.config.out / "last.pt")

    def _resume(self) -> None:
        last = self.config.out / "last.pt"
        if not last.is_file():
            return
        content = torch.load(last, map_location=self.device, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.plateau.load_state_dict(content["plateau"])
        if self.averaged is not None and content["averaged"] is not None:
            self.averaged.load_state_dict(content["averaged"])
        self.state = State(**content["state"])
        self.say(f"resumed at step {self.state.step}")

    def _log(self, loss: float, dice: float, rate: float) -> None:
        path = self.config.out / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "loss", "validation_dice", "learning_rate"])
            writer.writerow([self.state.step, round(self.state.seconds), f"{loss:.5f}", f"{dice:.5f}", f"{rate:.3e}"])

    def _describe(self) -> None:
        parameters = sum(p.numel() for p in self.network.parameters())
        environment = {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "device": str(self.device),
            "threads": torch.get_num_threads(),
        }
        content = {
            "configuration": self.config.model_dump(mode="json"),
            "parameters": parameters,
            "environment": environment,
        }
        (self.config.out / "run.json").write_text(json.dumps(content, indent=2), encoding="utf-8")


def train(config: TrainingConfig, say: Say = print) -> Path:
    """Train as configured; returns the path of the best model.

    Raises:
        BadConfiguration: the configuration names no data.
        InputError: a training file cannot be read.
    """
    return Trainer(config, say).run()
