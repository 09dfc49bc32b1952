"""A tiny network learns a small phantom in seconds, and a killed run goes on as if nothing had been."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from segmentation.cli.main import main
from segmentation.core.errors import BadConfiguration
from segmentation.inference.checkpoint import load_model
from segmentation.training.config import TrainingConfig
from segmentation.training.dataset import FULL, Item
from segmentation.training.load_cases import load_items
from segmentation.training.sampling import Sampler
from segmentation.training.trainer import Trainer, train, validation_dice
from segmentation.writers import write_nifti, write_volume

NETWORK = {"stem": 2, "width": 4, "growth": [4, 8], "encoder_layers": [1, 1], "decoder_layers": [1]}


class Killed(BaseException):
    """As a signal: nothing catches it."""


@pytest.fixture(autouse=True)
def _same_number_of_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def config(case: Path, out: Path, **changes: Any) -> TrainingConfig:
    cases = [{"folder": case}]
    content = {
        "name": "tiny",
        "out": out,
        "data": {"labelled": cases, "validation": cases},
        "spacing_mm": 4.0,
        "window": 32,
        "network": NETWORK,
        "epochs": 4,
        "steps_per_epoch": 10,
        "batch": 2,
        "learning_rate": 0.01,
        "device": "cpu",
        "threads": 1,
    }
    return TrainingConfig.model_validate(content | changes)


def silent(_: str) -> None:
    pass


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def weights(path: Path, stage: str = "segment") -> dict[str, torch.Tensor]:
    return load_model(path).stages[stage].network.state_dict()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_tiny_network_learns_the_phantom(case, tmp_path):
    said: list[str] = []
    best = train(config(case, tmp_path, epochs=8), said.append)
    log = rows(tmp_path)
    assert [row["step"] for row in log] == [str(10 * n) for n in range(1, 9)]
    assert float(log[-1]["loss"]) < 0.6 * float(log[0]["loss"])
    assert max(float(row["validation_dice"]) for row in log) > 0.55
    assert best == tmp_path / "model.safetensors"
    stage = load_model(best).stages["segment"]
    assert (stage.input.spacing_mm, stage.window) == (4.0, 32)
    assert said[0] == "1 scans, 0 label maps, 1 for validation"
    assert said[-1].startswith("step 80/80")


def test_the_run_describes_itself(case, tmp_path):
    train(config(case, tmp_path, epochs=1, steps_per_epoch=1), silent)
    described = json.loads((tmp_path / "run.json").read_text())
    assert described["configuration"]["learning_rate"] == 0.01
    assert described["parameters"] == sum(v.numel() for v in weights(tmp_path / "model.safetensors").values())
    assert described["environment"]["threads"] == 1


def test_the_saved_model_is_the_best_and_not_the_last(case, tmp_path, monkeypatch):
    scores = iter([0.4, 0.8, 0.6])
    monkeypatch.setattr("segmentation.training.trainer.validation_dice", lambda *_: next(scores))
    kept: list[bytes] = []
    train(config(case, tmp_path, epochs=3, steps_per_epoch=2), lambda _: kept.append(_model_bytes(tmp_path)))
    assert kept[1] != kept[2]
    assert kept[2] == kept[3] == _model_bytes(tmp_path)
    assert not same(weights(tmp_path / "model.safetensors"), weights(tmp_path / "latest.safetensors"))


def _model_bytes(out: Path) -> bytes:
    path = out / "model.safetensors"
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize(("schedule", "ema", "norm"), [("plateau", 0.0, "group"), ("cosine", 0.9, "batch")])
def test_a_killed_and_resumed_run_ends_with_the_same_weights(case, tmp_path, monkeypatch, schedule, ema, norm):
    monkeypatch.setattr("segmentation.training.trainer.SAVE_EVERY_S", 0.0)
    changes = {"epochs": 3, "steps_per_epoch": 4, "schedule": schedule, "ema": ema, "network": NETWORK | {"norm": norm}}
    train(config(case, tmp_path / "whole", **changes), silent)

    steps = 0

    def dies(self: Any, size: int, rng: np.random.Generator) -> Any:
        nonlocal steps
        steps += 1
        if steps == 7:
            raise Killed
        return batch(self, size, rng)

    batch = Sampler.batch
    with monkeypatch.context() as patched:
        patched.setattr(Sampler, "batch", dies)
        with pytest.raises(Killed):
            train(config(case, tmp_path / "killed", **changes), silent)
    said: list[str] = []
    train(config(case, tmp_path / "killed", **changes), said.append)
    assert said[0] == "resumed at step 6"
    for name in ("model.safetensors", "latest.safetensors"):
        assert same(weights(tmp_path / "whole" / name), weights(tmp_path / "killed" / name))


def test_a_run_that_was_killed_by_the_system_goes_on(case, tmp_path):
    """SIGKILL, in a process of its own: nothing is caught, nothing is tidied."""
    for name in ("whole", "killed"):
        content = config(case, tmp_path / name, epochs=3, steps_per_epoch=3, ema=0.9).model_dump(mode="json")
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    path = tmp_path / "killed.yaml"
    code = (
        "import os, signal, sys\n"
        "from segmentation.cli import main\n"
        "from segmentation.training import trainer\n"
        "trainer.SAVE_EVERY_S = 0.0\n"
        "step = trainer.Trainer._step\n"
        "def dies(self, *batch):\n"
        "    if self.state.step == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return step(self, *batch)\n"
        "trainer.Trainer._step = dies\n"
        "sys.exit(main.main(['train', sys.argv[1]]))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [row["step"] for row in rows(tmp_path / "killed")] == ["3"]
    assert main(["train", str(path)]) == 0
    assert main(["train", str(tmp_path / "whole.yaml")]) == 0
    assert [row["step"] for row in rows(tmp_path / "killed")] == ["3", "6", "9"]
    for name in ("model.safetensors", "latest.safetensors"):
        assert same(weights(tmp_path / "whole" / name), weights(tmp_path / "killed" / name))


def test_a_killed_run_does_not_write_a_line_of_its_log_twice(case, tmp_path, monkeypatch):
    monkeypatch.setattr("segmentation.training.trainer.SAVE_EVERY_S", 1e9)
    changes = {"epochs": 2, "steps_per_epoch": 2}
    with monkeypatch.context() as patched:
        patched.setattr("segmentation.training.trainer.Trainer._save_last", _killed)
        with pytest.raises(Killed):
            train(config(case, tmp_path, **changes), silent)
    assert len(rows(tmp_path)) == 2
    train(config(case, tmp_path, **changes), silent)
    assert [row["step"] for row in rows(tmp_path)] == ["2", "4"]


def _killed(_: Any) -> None:
    raise Killed


def test_a_run_leaves_its_curves(case, tmp_path):
    train(config(case, tmp_path, epochs=2, steps_per_epoch=1), silent)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_batch_in_parts_takes_the_step_of_the_mean_of_the_parts(case, tmp_path):
    parted = Trainer(config(case, tmp_path, batch=4, accumulate=2), silent)
    whole = Trainer(config(case, tmp_path, batch=4), silent)
    rng = np.random.default_rng(1)
    images, targets = torch.rand(4, 1, 32, 32, 32), torch.from_numpy(rng.integers(0, 2, (4, 1, 32, 32, 32))).float()
    known = torch.ones_like(targets)
    losses = [whole.loss(whole.network(images[i : i + 2]), targets[i : i + 2], known[i : i + 2]) for i in (0, 2)]
    mean = (losses[0] + losses[1]) / 2
    mean.backward()
    assert parted._step(images, targets, known) == pytest.approx(mean.item())
    torch.nn.utils.clip_grad_norm_(whole.network.parameters(), 5.0)
    for ours, theirs in zip(parted.network.parameters(), whole.network.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_progress_reaches_the_end(case, tmp_path):
    told: list[float] = []
    train(config(case, tmp_path, epochs=2, steps_per_epoch=2), silent, lambda fraction, _: told.append(fraction))
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("preprocessing", ["whole", "resize"])
def test_a_network_of_another_kind_learns_whole_scans(case, tmp_path, preprocessing):
    network = {"name": "UNet3D", "width": 4, "depth": 1}
    changes = {"preprocessing": preprocessing, "crop": "bone", "network": network, "epochs": 3, "steps_per_epoch": 5}
    best = train(config(case, tmp_path, **changes), silent)
    stage = load_model(best).stages["segment"]
    assert (stage.network.spec.name, stage.input.mode, stage.input.edge) == ("UNet3D", preprocessing, 32)
    log = rows(tmp_path)
    assert float(log[-1]["loss"]) < float(log[0]["loss"])


def test_a_run_of_another_network_cannot_go_on(case, tmp_path):
    train(config(case, tmp_path, epochs=1, steps_per_epoch=1), silent)
    with pytest.raises(BadConfiguration, match="holds a run of another network, which cannot go on as VNet"):
        train(config(case, tmp_path, epochs=1, steps_per_epoch=1, network={"name": "VNet", "width": 2}), silent)


def test_a_run_may_add_detail_to_what_another_learned(case, tmp_path):
    start = train(config(case, tmp_path / "first", epochs=1, steps_per_epoch=2), silent)
    detailed = config(case, tmp_path / "second", network=NETWORK | {"detail": 4}, start_from=start)
    network = Trainer(detailed, silent).network
    learned = load_model(start).stages["segment"].network.state_dict()
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in learned.items())


def test_a_run_cannot_start_from_another_network(case, tmp_path):
    start = train(config(case, tmp_path / "first", epochs=1, steps_per_epoch=1), silent)
    other = config(case, tmp_path / "second", network=NETWORK | {"width": 6}, start_from=start)
    with pytest.raises(BadConfiguration, match=r"model\.safetensors is another one than the configuration's"):
        Trainer(other, silent)


def test_half_of_the_bits_leave_weights_and_loss_whole(case, tmp_path):
    trainer = Trainer(config(case, tmp_path, precision="bfloat16"), silent)
    images = torch.rand(2, 1, 32, 32, 32)
    kinds: list[torch.dtype] = []
    trainer.network.register_forward_hook(lambda _module, _inputs, logits: kinds.append(logits.dtype))
    loss = trainer._step(images, (images > 0.5).float(), torch.ones_like(images))
    assert kinds == [torch.bfloat16]
    assert 0 < loss < 1
    assert {parameter.dtype for parameter in trainer.network.parameters()} == {torch.float32}


def test_a_compiled_network_is_the_one_that_is_saved(case, tmp_path, monkeypatch):
    called: list[int] = []

    def compiled(network: torch.nn.Module) -> Any:
        return lambda image: called.append(1) or network(image)

    monkeypatch.setattr(torch, "compile", compiled)
    changes = {"epochs": 1, "steps_per_epoch": 3}
    fast = train(config(case, tmp_path / "fast", compile=True, **changes), silent)
    assert len(called) == 3
    assert same(weights(fast), weights(train(config(case, tmp_path / "plain", **changes), silent)))


def test_a_finished_run_started_again_changes_nothing(case, tmp_path):
    tiny = config(case, tmp_path, epochs=1, steps_per_epoch=2)
    train(tiny, silent)
    before = _model_bytes(tmp_path)
    train(tiny, silent)
    assert _model_bytes(tmp_path) == before
    assert len(rows(tmp_path)) == 1


def test_another_seed_gives_other_weights(case, tmp_path):
    for seed in (1, 2):
        train(config(case, tmp_path / str(seed), epochs=1, steps_per_epoch=1, seed=seed), silent)
    assert not same(weights(tmp_path / "1/model.safetensors"), weights(tmp_path / "2/model.safetensors"))


def test_a_run_may_start_from_another_model(case, tmp_path):
    train(config(case, tmp_path / "a", epochs=1, steps_per_epoch=2), silent)
    start = tmp_path / "a" / "model.safetensors"
    changes = {"start_from": start, "epochs": 1, "steps_per_epoch": 1, "learning_rate": 1e-12, "seed": 9}
    train(config(case, tmp_path / "b", **changes), silent)
    before, after = weights(start), weights(tmp_path / "b" / "model.safetensors")
    for key, value in before.items():
        torch.testing.assert_close(after[key], value, atol=1e-8, rtol=0)


def test_the_time_limit_ends_a_run_with_a_model(case, tmp_path):
    train(config(case, tmp_path, max_minutes=1e-9), silent)
    assert [row["step"] for row in rows(tmp_path)] == ["1"]
    assert (tmp_path / "model.safetensors").is_file()


def test_without_validation_the_latest_weights_are_kept(case, tmp_path):
    train(config(case, tmp_path, data={"labelled": [{"folder": case}]}, epochs=2, steps_per_epoch=2), silent)
    assert same(weights(tmp_path / "model.safetensors"), weights(tmp_path / "latest.safetensors"))
    assert rows(tmp_path)[-1]["validation_dice"] == "nan"


def test_the_locator_is_trained_on_the_column(case, tmp_path):
    train(config(case, tmp_path, stage="locate", epochs=1, steps_per_epoch=1), silent)
    assert set(load_model(tmp_path / "model.safetensors").stages) == {"locate"}


def test_no_data_is_refused(case, tmp_path):
    with pytest.raises(BadConfiguration, match="names no training data"):
        train(config(case, tmp_path, data={}), silent)


def test_every_kind_of_data_is_found(case, small_phantom, tmp_path):
    for name in ("maps", "cts", "limbs"):
        (tmp_path / name).mkdir()
    write_nifti(small_phantom.labels, tmp_path / "maps" / "good.nii.gz")
    write_nifti(small_phantom.labels, tmp_path / "maps" / "left-out.nii.gz")
    write_volume(small_phantom.volume, tmp_path / "cts" / "one.nii.gz")
    write_volume(small_phantom.volume, tmp_path / "limbs" / "leg.nii.gz")
    points = [level["centre_mm"] for level in small_phantom.truth["levels"]]
    (tmp_path / "lines.json").write_text(json.dumps({"one": {"points_mm": points}}))
    data = {
        "labelled": [{"folder": case, "weight": 2}],
        "validation": [{"folder": case, "partial": True}],
        "label_maps": tmp_path / "maps",
        "label_maps_exclude": ["left-out"],
        "unlabelled": tmp_path / "cts",
        "centrelines": tmp_path / "lines.json",
        "negatives": tmp_path / "limbs",
    }
    real, synthetic, validation = load_items(config(case, tmp_path, data=data))
    assert [item.name for item in real] == [case.name, "leg.nii.gz", "one.nii.gz"]
    assert [item.name for item in synthetic] == ["good.nii.gz"]
    assert real[0].weight == 2
    assert set(np.unique(validation[0].valid_mask)) == {0, FULL}
    assert (real[0].valid_mask == FULL).all()


class Threshold(torch.nn.Module):
    """Bright is spine."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image - 0.5


def test_validation_dice_by_hand():
    image, target = np.zeros((32, 32, 32), np.uint8), np.zeros((32, 32, 32), np.uint8)
    known = np.full_like(target, FULL)
    image[4:8, 4:8, 4:8] = FULL  # 64 voxels said to be spine
    target[4:8, 4:8, 4] = FULL  # 32 are, 16 of them by half
    target[4:8, 4:8, 5] = 128
    target[4:8, 4:8, 7] = 127
    known[4:8, 4:8, 6] = 0  # of 16 nobody knows: left are 48 said, 32 right
    item = Item("a", image, target, known, np.zeros((0, 3), np.int32), 1.0)
    nothing = Item("b", image * 0, target * 0, known, item.focus, 1.0)
    device = torch.device("cpu")
    assert validation_dice(Threshold(), [item], 32, device) == pytest.approx(2 * 32 / (48 + 32))
    assert validation_dice(Threshold(), [item, nothing], 32, device) == pytest.approx((0.8 + 1) / 2)
    assert np.isnan(validation_dice(Threshold(), [], 32, device))
