"""The networks that the product's own is compared with, held to their papers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from monai.networks.nets import VNet as MonaiVNet

from segmentation.inference.checkpoint import Stage, load_model, save_model
from segmentation.networks import (
    DenseNet3D,
    DenseNet3DSpec,
    DenseUNetSpec,
    Spec,
    UNet3D,
    UNet3DSpec,
    VNet,
    VNetSpec,
    build,
    describe,
    described,
)
from segmentation.preprocessing.preprocess import InputSpec

SMALL: dict[str, Spec] = {
    "DenseNet3D": DenseNet3DSpec(width=4, growth=2, layers=(1, 2)),
    "UNet3D": UNet3DSpec(width=2, depth=2),
    "VNet": VNetSpec(width=2),
    "Dense3DUNet": DenseUNetSpec(
        stem=1, width=4, growth=(2, 4), encoder_layers=(1, 1), decoder_layers=(1,), norm="batch"
    ),
    "FastDense3DUNet": DenseUNetSpec(stem=2, width=4, growth=(4, 4), encoder_layers=(1, 1), decoder_layers=(1,)),
}


@pytest.fixture(params=SMALL, ids=SMALL)
def spec(request: pytest.FixtureRequest) -> Spec:
    torch.manual_seed(0)
    return SMALL[request.param]


def count(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_each_network_knows_its_name():
    assert {name: spec.name for name, spec in SMALL.items()} == {name: name for name in SMALL}


def test_logits_lie_on_the_image_s_voxels_for_any_multiple_of_the_stride(spec: Spec):
    n = spec.multiple
    network = build(spec).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 1, 2 * n, n, 3 * n)).shape == (2, 1, 2 * n, n, 3 * n)


def test_a_probability_would_not_be_a_logit(spec: Spec):
    n = 2 * spec.multiple
    with torch.inference_mode():
        logits = build(spec)(torch.rand(2, 1, n, n, n))
    assert logits.min() < 0 or logits.max() > 1  # nothing squeezed them into 0..1


def test_gradient_reaches_every_parameter(spec: Spec):
    network, n = build(spec), 2 * spec.multiple
    logits = network(torch.rand(2, 1, n, n, n))
    (logits * torch.randn_like(logits)).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_levels_are_named_from_the_finest_on(spec: Spec):
    network, n = build(spec).eval(), 2 * spec.multiple
    with torch.inference_mode():
        logits, maps = network.levels(torch.rand(1, 1, n, n, n))
    assert logits.shape == (1, 1, n, n, n)
    ways_down = [maps[f"encoder{level}"].shape[2] for level in range(sum(name[0] == "e" for name in maps))]
    assert ways_down == sorted(ways_down, reverse=True)
    assert maps["decoder0"].shape[2] == max(value.shape[2] for value in maps.values())


def test_the_3d_u_net_has_the_paper_s_number_of_parameters():
    """Çiçek et al. 2016 count 19,069,955 with three channels in and three labels out, batch norm's own left aside."""
    network = build(UNet3DSpec(in_channels=3, out_channels=3))
    norms = sum(count(module) for module in network.modules() if isinstance(module, torch.nn.BatchNorm3d))
    assert count(network) - norms == 19_069_955


def test_the_v_net_of_width_16_is_monai_s():
    def parts(network: torch.nn.Module) -> list[tuple[str, tuple[int, ...]]]:
        leaves = [m for m in network.modules() if not list(m.children()) and not isinstance(m, torch.nn.Dropout3d)]
        return [(repr(leaf), tuple(p.shape)) for leaf in leaves for p in leaf.parameters()]

    with torch.device("meta"):  # 45 million weights that nobody has to compute
        ours, theirs = build(VNetSpec()), MonaiVNet(act="prelu")
    assert parts(ours) == parts(theirs)
    assert count(ours) > 45_000_000


def test_what_is_fine_reaches_the_densenet_s_answer_only_through_its_bottom():
    network = build(DenseNet3DSpec(width=4, growth=2, layers=(1, 1))).eval()
    assert isinstance(network, DenseNet3D)
    image = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        for down in network.downs:
            down.conv.weight.zero_()
        assert torch.equal(network(image), network(torch.rand_like(image)))


def test_what_is_fine_reaches_the_u_net_s_answer_over_its_skips():
    torch.manual_seed(0)
    network = build(UNet3DSpec(width=4, depth=2))
    assert isinstance(network, UNet3D)
    image = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        for up in network.ups:
            up.weight.zero_()
        assert not torch.equal(network(image), network(torch.rand_like(image)))


def test_a_description_goes_there_and_back(spec: Spec):
    assert described(json.loads(json.dumps(describe(spec)))) == spec


@pytest.mark.parametrize(
    "content", [{"name": "ResNet"}, {"name": "UNet3D", "width": None}, {"name": "VNet", "width": "a"}]
)
def test_a_description_of_no_network_is_refused(content):
    with pytest.raises((ValueError, LookupError)):
        described(content)


def test_a_spec_of_no_network_is_refused():
    with pytest.raises(TypeError, match="no network"):
        build(InputSpec(1.0))  # type: ignore[arg-type]


def test_a_model_file_says_which_network_it_holds(spec: Spec, tmp_path: Path):
    network = build(spec).eval()
    part = Stage(network, InputSpec(2.0, mode="resize", edge=32, crop="bone"), 32)
    save_model(tmp_path / "a.safetensors", "a", {"segment": part})
    back = load_model(tmp_path / "a.safetensors").stages["segment"]
    assert (back.network.spec, back.input, type(back.network)) == (spec, part.input, type(network))
    image = torch.rand(1, 1, *[2 * spec.multiple] * 3)
    with torch.inference_mode():
        torch.testing.assert_close(back.network(image), network(image))


def test_the_v_net_s_levels_are_the_paper_s():
    network = build(VNetSpec(width=2))
    assert isinstance(network, VNet)
    with torch.inference_mode():
        _, maps = network.eval().levels(torch.rand(1, 1, 16, 16, 16))
    assert [maps[f"encoder{level}"].shape[1] for level in range(5)] == [2, 4, 8, 16, 32]
    assert [maps[f"decoder{level}"].shape[1] for level in range(4)] == [4, 8, 16, 32]
