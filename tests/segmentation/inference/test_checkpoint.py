from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from segmentation.core.errors import BadWeights
from segmentation.inference.checkpoint import METADATA, Stage, join, load_model, save_model, sha256_of
from segmentation.networks import DenseUNet3d, DenseUNetSpec, describe
from segmentation.preprocessing.preprocess import InputSpec

SPEC = DenseUNetSpec(stem=2, width=4, growth=(4, 4), encoder_layers=(1, 1), decoder_layers=(1,), norm="batch")
NETWORK = describe(SPEC)


def stage(seed: int = 0, spacing_mm: float = 2.0, window: int = 32) -> Stage:
    torch.manual_seed(seed)
    return Stage(DenseUNet3d(SPEC), InputSpec(spacing_mm, 0.0, 900.0), window)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_model(path, "tiny", {"segment": stage()})
    return path


def spoil(path: Path, metadata: dict[str, str] | None, tensors: dict[str, torch.Tensor] | None = None) -> Path:
    """A sound safetensors file with another description or other tensors, and no SHA-256 beside it."""
    good = load_model(path).stages["segment"].network.state_dict()
    wrong = path.with_name("wrong.safetensors")
    save_file(tensors or {f"segment.{k}": v for k, v in good.items()}, wrong, metadata=metadata)
    return wrong


def description(**changes: object) -> dict[str, str]:
    stages = {
        "segment": {
            "network": NETWORK,
            "input": {"spacing_mm": 2.0},
            "window": 32,
            **changes,
        }
    }
    return {METADATA: json.dumps({"name": "tiny", "stages": stages})}


def test_what_was_saved_is_loaded(tmp_path):
    part, path = stage(), tmp_path / "made" / "tiny.safetensors"
    digest = save_model(path, "tiny", {"segment": part})
    loaded = load_model(path)
    back = loaded.stages["segment"]
    assert (loaded.name, loaded.sha256, back.input, back.window) == ("tiny", digest, part.input, 32)
    assert back.network.spec == SPEC
    assert not back.network.training
    before, after = part.network.state_dict(), back.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key].float(), after[key].float()) for key in before)


def test_a_loaded_network_answers_as_the_saved_one(model):
    image = torch.randn(1, 1, 8, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(load_model(model).stages["segment"].network(image), stage().network.eval()(image))


def test_the_id_is_name_and_twelve_digits(model):
    assert load_model(model).id == f"tiny-{sha256_of(model)[:12]}"


def test_the_sha_256_lies_beside_the_file_as_sha256sum_writes_it(model):
    assert model.with_suffix(".sha256").read_text() == f"{sha256_of(model)}  {model.name}\n"
    assert sorted(p.name for p in model.parent.iterdir()) == ["tiny.safetensors", "tiny.sha256"]


def test_sha256_of_a_known_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_two_runs_are_joined_into_one_file(tmp_path):
    save_model(tmp_path / "a.safetensors", "a", {"locate": stage(1, 4.0, 48)})
    save_model(tmp_path / "b.safetensors", "b", {"segment": stage(2, 1.0, 64)})
    digest = join("both", tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "c.safetensors")
    both = load_model(tmp_path / "c.safetensors")
    assert (both.name, both.sha256) == ("both", digest)
    described = {n: (s.input.spacing_mm, s.window) for n, s in both.stages.items()}
    assert described == {"locate": (4.0, 48), "segment": (1.0, 64)}
    for name, seed in (("locate", 1), ("segment", 2)):
        wanted = stage(seed).network.state_dict()
        assert all(torch.equal(v.float(), wanted[k].float()) for k, v in both.stages[name].network.state_dict().items())


def test_metal_is_hidden_from_the_second_pass_of_weights_that_were_trained_without(tmp_path):
    save_model(tmp_path / "a.safetensors", "a", {"locate": stage(1, 4.0, 48), "segment": stage(2, 1.0, 64)})
    paths = [tmp_path / f"{letter}.safetensors" for letter in "aab"]
    join("metal", *paths, metal_hu=2500.0)
    before, after = load_model(paths[0]).stages, load_model(paths[2]).stages
    assert after["segment"].input == dataclasses.replace(before["segment"].input, metal_hu=2500.0)
    assert after["locate"].input == before["locate"].input
    for name in ("locate", "segment"):
        wanted = before[name].network.state_dict()
        assert all(torch.equal(v, wanted[k]) for k, v in after[name].network.state_dict().items())


def test_a_model_without_a_sha_256_beside_it_is_loaded(model):
    model.with_suffix(".sha256").unlink()
    assert load_model(model).name == "tiny"


def test_one_changed_byte_is_seen(model):
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    with pytest.raises(BadWeights, match="damaged"):
        load_model(model)


@pytest.mark.parametrize("written", ["0" * 64 + "  tiny.safetensors\n", "", "\n", "not a digest"])
def test_another_sha_256_beside_the_file_is_refused(model, written):
    model.with_suffix(".sha256").write_text(written)
    with pytest.raises(BadWeights, match=r"tiny\.safetensors is damaged"):
        load_model(model)


@pytest.mark.parametrize("kept", [0, 4, 100, 2000])
def test_a_cut_off_file_is_refused(model, kept):
    model.with_suffix(".sha256").unlink()
    model.write_bytes(model.read_bytes()[:kept])
    with pytest.raises(BadWeights, match="not a SpineView model"):
        load_model(model)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "random.safetensors"
    path.write_bytes(torch.randint(0, 256, (5000,), dtype=torch.uint8).numpy().tobytes())
    with pytest.raises(BadWeights, match=r"random\.safetensors is not a SpineView model"):
        load_model(path)


def test_the_same_model_has_the_same_bytes(tmp_path):
    stages = {"locate": stage(1, 4.0, 48), "segment": stage(2, 1.0, 64)}
    digests = {save_model(tmp_path / f"{n}.safetensors", "a", stages) for n in range(8)}
    assert len(digests) == 1


def test_no_file_is_refused(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(BadWeights, match="There is no model file"):
            load_model(path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"format": "pt"},
        {METADATA: "no JSON"},
        {METADATA: "[1]"},
        {METADATA: '{"name": "tiny", "stages": [1]}'},
        {METADATA: json.dumps({"stages": json.loads(description()[METADATA])["stages"]})},
        description(network={**NETWORK, "width": 8}),
        description(network={**NETWORK, "width": "wide"}),
        description(network={**NETWORK, "growth": (4, 4, 4)}),
        description(network={**NETWORK, "decoder_layers": ()}),
        description(input={"spacing": 2.0}),
        description(window="large"),
        description(window=None),
    ],
)
def test_safetensors_of_another_project_are_refused(model, metadata):
    with pytest.raises(BadWeights, match="not a SpineView model"):
        load_model(spoil(model, metadata))


def test_missing_tensors_are_refused(model):
    wrong = spoil(model, description(), {"segment.stem.weight": torch.zeros(4, 8, 3, 3, 3)})
    with pytest.raises(BadWeights):
        load_model(wrong)


def test_a_failed_save_leaves_the_old_file(model, monkeypatch):
    before = model.read_bytes()
    monkeypatch.setattr("segmentation.core.atomic.os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        save_model(model, "other", {"segment": stage(5)})
    assert model.read_bytes() == before
    monkeypatch.undo()
    assert load_model(model).name == "tiny"
