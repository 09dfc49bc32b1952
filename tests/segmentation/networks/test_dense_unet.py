from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from segmentation.inference.checkpoint import DEFAULT_MODEL, load_model
from segmentation.networks import DenseUNet3d, DenseUNetSpec
from segmentation.networks.dense_unet import DenseLayer, depth_to_space, space_to_depth

TINY = DenseUNetSpec(stem=2, width=4, growth=(4, 4), encoder_layers=(1, 2), decoder_layers=(1,))
FULL_RESOLUTION = DenseUNetSpec(stem=1, width=4, growth=(2, 4, 6), encoder_layers=(1, 2, 1), decoder_layers=(1, 2))


def count(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@given(st.sampled_from([1, 2, 4]), st.tuples(*[st.integers(1, 3)] * 5))
def test_depth_to_space_undoes_space_to_depth(edge, sizes):
    batch, channels, *cubes = sizes
    image = torch.randn(batch, channels, *[n * edge for n in cubes])
    folded = space_to_depth(image, edge)
    assert folded.shape == (batch, channels * edge**3, *cubes)
    assert torch.equal(depth_to_space(folded, edge), image)


@given(st.sampled_from([1, 2, 4]), st.tuples(*[st.integers(1, 3)] * 5))
def test_space_to_depth_undoes_depth_to_space(edge, sizes):
    batch, channels, *cubes = sizes
    features = torch.randn(batch, channels * edge**3, *cubes)
    assert torch.equal(space_to_depth(depth_to_space(features, edge), edge), features)


def test_a_cube_is_folded_in_the_order_of_its_voxels():
    image = torch.zeros(1, 1, 4, 4, 4)
    image[0, 0, 2:, 2:, :2] = torch.arange(8.0).reshape(2, 2, 2)
    folded = space_to_depth(image, 2)
    assert folded[0, :, 1, 1, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert folded.sum() == 28


@pytest.mark.parametrize("norm", ["batch", "group"])
@pytest.mark.parametrize(("order", "companding"), [("pre", 0.0), ("post", 0.0), ("pre", 20.0), ("post", 20.0)])
@pytest.mark.parametrize("spec", [TINY, FULL_RESOLUTION], ids=["stem 2", "stem 1"])
def test_gradient_reaches_every_parameter(spec, norm, order, companding):
    torch.manual_seed(0)
    network = DenseUNet3d(replace(spec, norm=norm, order=order, companding=companding))
    logits = network(torch.rand(2, 1, 8, 8, 8))
    (logits * torch.randn_like(logits)).sum().backward()
    untouched = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert untouched == []


@pytest.mark.parametrize(
    "spec", [TINY, FULL_RESOLUTION, DenseUNetSpec(out_channels=3), replace(TINY, order="post", companding=20.0)]
)
def test_logits_lie_on_the_image_s_voxels(spec):
    edges = (spec.multiple, 2 * spec.multiple, spec.multiple)
    with torch.inference_mode():
        assert DenseUNet3d(spec)(torch.zeros(2, 1, *edges)).shape == (2, spec.out_channels, *edges)


def test_feature_maps_of_each_level_halve_in_resolution():
    with torch.inference_mode():
        logits, maps = DenseUNet3d(FULL_RESOLUTION).levels(torch.zeros(1, 1, 8, 8, 8))
    assert logits.shape == (1, 1, 8, 8, 8)
    assert {name: tuple(value.shape[1:]) for name, value in maps.items()} == {
        "encoder0": (4 + 2, 8, 8, 8),
        "encoder1": (3 + 2 * 4, 4, 4, 4),
        "encoder2": (5 + 6, 2, 2, 2),
        "decoder1": (8 + 2 * 4, 4, 4, 4),
        "decoder0": (4 + 2, 8, 8, 8),
    }


def test_parameters_counted_by_hand():
    spec = DenseUNetSpec(stem=1, width=2, growth=(1,), encoder_layers=(1,), decoder_layers=())
    stem, layer, head = 1 * 2 * 27, 2 * 2 + 2 * 1 * 27, 2 * 3 + 3 * 1
    assert count(DenseUNet3d(spec)) == stem + layer + head


def test_parameters_of_the_post_order_counted_by_hand():
    spec = DenseUNetSpec(stem=1, width=2, growth=(1,), encoder_layers=(1,), decoder_layers=(), order="post")
    stem, layer, head = 1 * 2 * 27 + 2 * 2, 2 * 1 * 27 + 2 * 1, 3 * 1 + 1  # logits have a bias and no norm
    assert count(DenseUNet3d(spec)) == stem + layer + head


def test_what_the_post_order_makes_is_never_negative():
    torch.manual_seed(0)
    with torch.inference_mode():
        logits, maps = DenseUNet3d(replace(TINY, order="post")).levels(torch.rand(1, 1, 8, 8, 8))
    assert all(value.min() >= 0 for value in maps.values())
    assert logits.min() < 0 or logits.max() > 0


def test_companding_is_the_logarithm_at_the_entrance():
    torch.manual_seed(0)
    plain = DenseUNet3d(TINY).eval()
    companded = DenseUNet3d(replace(TINY, companding=20.0)).eval()
    companded.load_state_dict(plain.state_dict())
    image = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(companded(image), plain(torch.log(1 + 20 * image) / np.log(21)))
        torch.testing.assert_close(companded(image.round()), plain(image.round()))  # 0 stays 0, and 1 stays 1


@pytest.mark.parametrize("order", ["pre", "post"])
def test_the_detail_adds_nothing_until_it_is_learned_and_can_be_learned_whole(order):
    torch.manual_seed(0)
    plain = DenseUNet3d(replace(TINY, order=order)).eval()
    network = DenseUNet3d(replace(TINY, order=order, detail=4)).eval()
    assert network.load_state_dict(plain.state_dict(), strict=False).unexpected_keys == []
    image = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(network(image), plain(image))
    assert network.detail is not None
    torch.nn.init.normal_(network.detail.add.weight)
    logits = network(image) - plain(image)
    logits.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for n, p in network.named_parameters() if n.startswith("detail"))


@pytest.mark.parametrize("order", ["pre", "post"])
def test_a_dense_layer_passes_on_what_came_in(order):
    features = torch.randn(1, 3, 4, 4, 4)
    out = DenseLayer(3, 2, replace(TINY, order=order))(features)
    assert out.shape == (1, 5, 4, 4, 4)
    assert torch.equal(out[:, :3], features)


def test_windows_of_one_batch_do_not_see_each_other():
    torch.manual_seed(0)
    network, pair = DenseUNet3d(TINY).eval(), torch.randn(2, 1, 8, 8, 8)
    with torch.inference_mode():
        together = network(pair)
        apart = torch.cat([network(pair[:1]), network(pair[1:])])
    np.testing.assert_allclose(together.numpy(), apart.numpy(), atol=1e-5)


def test_levels_and_layers_must_agree_in_number():
    with pytest.raises(ValueError):
        DenseUNet3d(DenseUNetSpec(growth=(4, 4), encoder_layers=(1, 1, 1), decoder_layers=(1,)))


@pytest.mark.skipif(not DEFAULT_MODEL.is_file(), reason="no model is packaged")
def test_the_packaged_weights_fit_the_network():
    assert set(load_model(DEFAULT_MODEL).stages) == {"locate", "segment"}  # which refuses a missing or a spare tensor
