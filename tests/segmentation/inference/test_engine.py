"""The engine, with networks whose answer is known: each says that what is denser than a threshold is spine."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation.core.errors import BadConfiguration, BadWeights, OperationCancelled
from segmentation.core.geometry import Grid
from segmentation.core.labels import is_spine
from segmentation.core.volume import Volume
from segmentation.evaluation.metrics import dice
from segmentation.inference.checkpoint import DEFAULT_MODEL, Stage, save_model, sha256_of
from segmentation.inference.engine import Engine, window_count
from segmentation.networks import DenseUNet3d, DenseUNetSpec
from segmentation.phantom import Phantom, make_phantom
from segmentation.preprocessing.preprocess import InputSpec

ONE_LEVEL = DenseUNetSpec(stem=1, width=1, growth=(1,), encoder_layers=(1,), decoder_layers=(), norm="batch")


def threshold(hu: float, spacing_mm: float = 2.0, window: int = 32) -> Stage:
    """A network of one level whose logit is 20 * (image - threshold)."""
    network = DenseUNet3d(ONE_LEVEL)
    values = {key: torch.zeros_like(value) for key, value in network.state_dict().items()}
    values["stem.weight"][0, 0, 1, 1, 1] = 1.0
    for norm in ("encoders.0.0.norm", "head.norm"):
        values[f"{norm}.running_var"] += 1.0
    values["head.norm.weight"][0] = 1.0  # the first channel passes; the second is the constant 1
    values["head.norm.bias"][1] = 1.0
    values["head.conv.weight"][0, :, 0, 0, 0] = torch.tensor([20.0, -20.0 * hu / 1000])
    network.load_state_dict(values)
    return Stage(network, InputSpec(spacing_mm), window)


def engine_of(folder: Path, **stages: Stage) -> Engine:
    path = folder / "known.safetensors"
    save_model(path, "known", stages)
    return Engine(path, device="cpu")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return engine_of(tmp_path, segment=threshold(300))


@pytest.fixture
def two_passes(tmp_path: Path) -> Engine:
    """Locates what is denser than 600 HU and segments what is denser than 300 around it."""
    return engine_of(tmp_path, locate=threshold(600, 4.0), segment=threshold(300))


def grid(shape: tuple[int, int, int] = (50, 40, 60), affine: NDArray[np.float64] | None = None) -> Grid:
    return Grid(shape, np.diag([2.0, 2.0, 2.0, 1.0]) if affine is None else affine)


def cubes(*places: tuple[slice, slice, slice, int], on: Grid | None = None) -> Volume:
    """Cubes of some HU in air."""
    on = on or grid()
    hu = np.full(on.shape, -1000, dtype=np.int16)
    for i, j, k, value in places:
        hu[i, j, k] = value
    return Volume(hu, on, header="the file's own")


BONE = (slice(15, 25), slice(12, 24), slice(20, 40), 800)


# The mask


@pytest.mark.parametrize("mode", ["patch", "whole"])
def test_the_mask_is_the_answer_of_the_network_voxel_by_voxel(tmp_path, mode):
    engine = engine_of(tmp_path, segment=threshold(300, spacing_mm=1.0))
    volume = cubes(BONE, on=grid(affine=np.eye(4)))
    result = engine.segment(volume, mode=mode)
    np.testing.assert_array_equal(result.labels, (volume.hu > 300).astype(np.uint8))
    assert result.labels.dtype == np.uint8
    assert result.kind == "spine"
    assert result.grid is volume.grid
    assert result.header == "the file's own"


@settings(max_examples=8)
@given(
    st.permutations([0, 1, 2]),
    st.tuples(*[st.sampled_from([-1, 1])] * 3),
    st.tuples(*[st.floats(1.5, 3.0)] * 3),
    st.tuples(*[st.integers(27, 40)] * 3),
)
def test_the_mask_lies_on_the_volume_s_grid_whatever_its_axes(tmp_path_factory, order, signs, spacing, shape):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] @ np.diag(np.array(signs) * spacing)
    affine[:3, 3] = (10.0, -20.0, 30.0)
    middle = tuple(slice(n // 3, 2 * n // 3 + 1) for n in shape)
    volume = cubes((middle[0], middle[1], middle[2], 900), on=grid(shape, affine))
    engine = engine_of(tmp_path_factory.mktemp("model"), segment=threshold(450))
    result = engine.segment(volume)
    assert result.labels.shape == shape
    assert result.grid is volume.grid
    centre = np.argwhere(result.labels).mean(axis=0)
    np.testing.assert_allclose(centre, np.argwhere(volume.hu > 0).mean(axis=0), atol=1.0)


@pytest.mark.parametrize("metal_hu", [None, 2000.0])
def test_metal_is_no_spine_for_a_network_that_is_not_shown_it(tmp_path, metal_hu):
    stage = threshold(300, spacing_mm=1.0)
    stage = dataclasses.replace(stage, input=InputSpec(1.0, metal_hu=metal_hu))
    volume = cubes(BONE, (slice(18, 21), slice(6, 24), slice(28, 31), 3000), on=grid(affine=np.eye(4)))
    mask, probability = engine_of(tmp_path, segment=stage).segment_with_probabilities(volume)
    metal = volume.hu > 2000
    assert mask.labels[16, 14, 22] == 1
    assert (mask.labels[metal] == (1 if metal_hu is None else 0)).all()
    np.testing.assert_array_equal(probability >= 0.5, mask.labels > 0)


def test_dust_is_cleaned_away(engine):
    result = engine.segment(cubes(BONE, (slice(40, 43), slice(30, 33), slice(50, 53), 800)))  # 216 mm^3
    assert result.labels[20, 18, 30]
    assert not result.labels[38:, 28:, 48:].any()


def test_probabilities_reach_one_half_exactly_where_the_mask_is_set(engine):
    volume = cubes(BONE, (slice(40, 43), slice(30, 33), slice(50, 53), 800))  # the dust is sure, and cleaned away
    mask, probability = engine.segment_with_probabilities(volume)
    assert probability.dtype == np.float32
    assert ((probability >= 0.5) == (mask.labels == 1)).all()
    assert probability.max() > 0.9
    assert probability[41, 31, 51] == 0


def test_only_what_lies_near_the_located_column_is_segmented(two_passes):
    near = (slice(26, 32), slice(12, 24), slice(20, 40), 400)  # beside the column: its processes
    far = (slice(42, 50), slice(30, 40), slice(0, 20), 400)  # as dense, but 40 mm away
    result = two_passes.segment(cubes(BONE, near, far))
    assert result.labels[15:25, 12:24, 20:40].all()
    assert result.labels[27:30, 14:22, 22:38].all()
    assert not result.labels[40:, 28:, :22].any()


@pytest.mark.parametrize(("second_pass_hu", "kept"), [(300, True), (780, False)])
def test_where_the_locator_doubts_the_second_pass_decides(tmp_path, second_pass_hu, kept):
    """The locator gives the cube 0.80: less than a spine, more than nothing; the second pass 1.00 or 0.60."""
    engine = engine_of(tmp_path, locate=threshold(730, 4.0), segment=threshold(second_pass_hu))
    assert engine.segment(cubes(BONE)).labels.any() == kept
    assert bool(engine.notes) != kept


def test_nothing_found_is_an_empty_mask_and_a_note(two_passes, engine):
    for each in (two_passes, engine):
        assert not each.segment(cubes()).labels.any()
        assert each.notes == ["No spine was found in this scan."]


def test_notes_are_those_of_the_last_call(engine):
    engine.segment(cubes())
    engine.segment(cubes(BONE))
    assert engine.notes == []


def test_notes_are_said_as_they_come(tmp_path):
    said: list[str] = []
    save_model(tmp_path / "m.safetensors", "m", {"segment": threshold(300)})
    Engine(tmp_path / "m.safetensors", "cpu", log=said.append).segment(cubes())
    assert said == ["No spine was found in this scan."]


def test_logits_before_the_threshold(engine):
    logits = engine.logits(cubes(BONE))
    assert logits.dtype == np.float32
    assert logits.shape == (50, 40, 60)
    assert logits[20, 18, 30] == pytest.approx(20 * (0.8 - 0.3), abs=1e-3)
    assert logits[2, 2, 2] == pytest.approx(20 * (0.0 - 0.3), abs=1e-3)


# Progress and cancelling


@pytest.mark.parametrize("mode", ["patch", "whole"])
def test_progress_rises_and_ends_at_1(two_passes, mode):
    told: list[tuple[float, str]] = []
    two_passes.segment(cubes(BONE), progress=lambda fraction, stage: told.append((fraction, stage)), mode=mode)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    stages = list(dict.fromkeys(stage for _, stage in told))
    assert stages[:4] == ["locating", "segmenting", "restoring", "cleaning up"]
    assert len(told) > len(stages)


def test_cancelling_stops_before_the_next_window(engine, monkeypatch):
    network, shown = engine.model.stages["segment"].network, 0
    forward = network.forward

    def count(image: torch.Tensor) -> torch.Tensor:
        nonlocal shown
        shown += 1
        return forward(image)

    monkeypatch.setattr(network, "forward", count)
    with pytest.raises(OperationCancelled):
        engine.segment(cubes(BONE), cancelled=lambda: shown == 2)
    assert shown == 2
    with pytest.raises(OperationCancelled):
        engine.segment(cubes(BONE), cancelled=lambda: True)
    assert shown == 2
    assert engine.segment(cubes(BONE)).labels.any()  # and the engine still works


def test_two_threads_get_what_one_gets(two_passes):
    volumes = [cubes(BONE), cubes((*BONE[:3], 700), on=grid((40, 40, 44)))]
    alone = [two_passes.segment(volume).labels for volume in volumes]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda volume: two_passes.segment(volume).labels, volumes))
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, two)


# When a GPU's memory ends


def short_of_memory(engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the network fail as CUDA does above ``most`` voxels an edge, until the engine went to the CPU."""
    network = engine.model.stages["segment"].network
    forward, edges = network.forward, []

    def limited(image: torch.Tensor) -> torch.Tensor:
        edges.append(image.shape[-1])
        if image.shape[-1] > most and not any("on the CPU" in note for note in engine.notes):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return forward(image)

    monkeypatch.setattr(network, "forward", limited)
    return edges


def test_too_little_gpu_memory_makes_the_windows_smaller(tmp_path, monkeypatch):
    engine = engine_of(tmp_path, segment=threshold(300, window=96))
    expected = engine.segment(cubes(BONE)).labels
    edges = short_of_memory(engine, 64, monkeypatch)
    np.testing.assert_array_equal(engine.segment(cubes(BONE)).labels, expected)
    assert edges[0] == 96
    assert set(edges[1:]) == {64}
    assert engine.notes == ["The GPU's memory ran out; the windows were made smaller (64 voxels)."]


def test_no_gpu_memory_at_all_means_the_cpu(tmp_path, monkeypatch):
    engine = engine_of(tmp_path, segment=threshold(300, window=96))
    expected = engine.segment(cubes(BONE)).labels
    short_of_memory(engine, 0, monkeypatch)
    np.testing.assert_array_equal(engine.segment(cubes(BONE)).labels, expected)
    assert engine.device == "cpu"
    assert engine.notes[-1] == "The GPU's memory ran out; this scan was segmented on the CPU."


def test_progress_does_not_fall_back_when_windows_are_made_smaller(tmp_path, monkeypatch):
    engine = engine_of(tmp_path, segment=threshold(300, window=96))
    network = engine.model.stages["segment"].network
    forward, shown, told = network.forward, 0, []

    def fails_once(image: torch.Tensor) -> torch.Tensor:
        nonlocal shown
        shown += 1
        if shown == 3:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return forward(image)

    monkeypatch.setattr(network, "forward", fails_once)
    engine.segment(cubes(BONE, on=grid((150, 100, 100))), progress=lambda fraction, _: told.append(fraction))
    assert "smaller" in engine.notes[0]
    assert told == sorted(told)


# Models and devices


def test_feature_maps_of_the_window_around_what_was_found(engine):
    maps = engine.feature_maps(cubes(BONE))
    assert {name: value.shape for name, value in maps.items()} == {
        "input": (1, 32, 32, 32),
        "encoder0": (2, 32, 32, 32),
        "logits": (1, 32, 32, 32),
    }
    np.testing.assert_array_equal(maps["encoder0"][0], maps["input"][0])
    assert maps["input"][0, 16, 16, 16] == pytest.approx(0.8)


def test_the_model_s_id(engine, tmp_path):
    assert engine.model_id == f"known-{sha256_of(tmp_path / 'known.safetensors')[:12]}"
    assert engine.device == "cpu"


def test_a_model_that_only_locates_is_refused(tmp_path):
    with pytest.raises(BadWeights, match="can only locate"):
        engine_of(tmp_path, locate=threshold(600))


def test_no_such_model_and_no_such_device(tmp_path):
    with pytest.raises(BadWeights, match="no model file"):
        Engine(tmp_path / "none.safetensors")
    save_model(tmp_path / "m.safetensors", "m", {"segment": threshold(300)})
    with pytest.raises(BadConfiguration, match="no device 'tpu'"):
        Engine(tmp_path / "m.safetensors", device="tpu")


def test_a_gpu_that_is_not_there_is_refused_and_auto_takes_what_is(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    save_model(tmp_path / "m.safetensors", "m", {"segment": threshold(300)})
    with pytest.raises(BadConfiguration, match="no CUDA GPU"):
        Engine(tmp_path / "m.safetensors", device="cuda")
    assert Engine(tmp_path / "m.safetensors", device="auto").device == "cpu"


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ((64, 64, 64), 1),
        ((20, 64, 10), 1),  # smaller scans are padded to one window
        ((65, 64, 64), 2),
        ((96, 96, 64), 4),  # windows of 64 begin every 32 voxels: 0, 32
        ((113, 64, 64), 3),
        ((160, 112, 65), 4 * 3 * 2),
    ],
)
def test_window_count_by_hand(shape, count):
    assert window_count(shape, 64) == count


@settings(max_examples=8)
@given(st.tuples(*[st.integers(10, 70)] * 3))
def test_as_many_windows_are_shown_as_were_counted(tmp_path_factory, shape):
    engine = engine_of(tmp_path_factory.mktemp("model"), segment=threshold(300))
    network, shown = engine.model.stages["segment"].network, []
    forward = network.forward
    network.forward = lambda image: shown.append(len(image)) or forward(image)  # type: ignore[method-assign]
    engine.segment(cubes(on=grid(shape)))
    assert sum(shown) == window_count(shape, 32)


# The packaged model


needs_model = pytest.mark.skipif(not DEFAULT_MODEL.is_file(), reason="no model is packaged")


@needs_model
def test_the_packaged_model_finds_the_spine_of_a_phantom_it_never_saw():
    phantom: Phantom = make_phantom()
    found = Engine(device="cpu").segment(phantom.volume)
    assert found.grid is phantom.volume.grid
    score = dice(found.labels > 0, is_spine(phantom.labels.labels))
    assert score > 0.65


@needs_model
def test_the_packaged_model_s_sha_256_matches():
    written = DEFAULT_MODEL.with_suffix(".sha256").read_text(encoding="ascii").split()
    assert written == [sha256_of(DEFAULT_MODEL), DEFAULT_MODEL.name]
