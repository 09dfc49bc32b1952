"""A network that was trained on whole scans: how its scans are made, and how it is run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.inference.checkpoint import Stage, save_model
from segmentation.inference.engine import Engine
from segmentation.networks import UNet3DSpec, build
from segmentation.phantom import Phantom
from segmentation.preprocessing.preprocess import InputSpec, prepare, restore
from segmentation.readers import read_volume
from segmentation.training.dataset import FULL, label_map_item, labelled_item
from segmentation.training.sampling import Sampler

SPECS = [
    InputSpec(1.0, mode="whole", edge=32),
    InputSpec(1.0, mode="whole", edge=32, crop="bone"),
    InputSpec(1.0, mode="resize", edge=32),
    InputSpec(1.0, mode="resize", edge=32, crop="bone"),
]
each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.mode} {spec.crop}")


@each_spec
def test_the_target_lies_where_the_image_shows_it(case: Path, small_phantom: Phantom, spec: InputSpec):
    item = labelled_item(case, spec, "segment", partial=False)
    assert item.image is not None
    assert item.image.shape == item.target.shape == item.valid_mask.shape == (32, 32, 32)
    prepared = prepare(small_phantom.volume, spec)
    content = tuple(slice(0, n) for n in prepared.valid_shape)
    back = restore(np.where(item.target > FULL / 2, 1, -1).astype(np.float32), prepared) > 0
    expected = small_phantom.labels.labels > 0
    assert 2 * (back & expected).sum() / (back.sum() + expected.sum()) > 0.8  # what 32 voxels an axis can hold
    assert item.target.sum() == item.target[content].sum()


@each_spec
def test_of_a_partly_labelled_scan_the_ends_are_not_known(case: Path, spec: InputSpec):
    item = labelled_item(case, spec, "segment", partial=True)
    known = item.valid_mask[0, 0] > 0
    content = prepare_content(case, spec)
    assert not known[0]
    assert not known[content - 1]
    assert known.any()
    assert item.valid_mask[item.target > FULL / 2].all()


def prepare_content(case: Path, spec: InputSpec) -> int:
    """Voxels along the body's axis that show the scan."""
    return prepare(read_volume(case / "ct.nii.gz"), spec).valid_shape[2]


@each_spec
def test_a_label_map_fills_the_cube_as_its_scan_does(case: Path, spec: InputSpec):
    item = label_map_item(case / "vert.nii.gz", spec)
    assert item.image is None
    assert item.bone is not None
    assert item.bone.shape == item.target.shape == (32, 32, 32)
    assert np.abs(item.bone.astype(int) - item.target).max() <= 1  # the phantom labels vertebrae alone


def test_every_crop_shows_the_whole_scan_from_its_middle(case: Path):
    item = labelled_item(case, SPECS[2], "segment", partial=False)
    sampler = Sampler([item], [], 0.0, 32, cropped_share=0.0, centred=True)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(sampler._centre(item, rng), [15.5, 15.5, 15.5])
    _, target, _ = sampler.batch(3, rng)
    assert target.shape == (3, 1, 32, 32, 32)
    assert (target.sum((1, 2, 3, 4)) > 0.4 * item.target.sum() / FULL).all()


@each_spec
def test_the_engine_shows_it_whole_scans_whatever_is_asked(small_phantom: Phantom, tmp_path: Path, spec: InputSpec):
    torch.manual_seed(0)
    network = build(UNet3DSpec(width=2, depth=1)).eval()
    save_model(tmp_path / "a.safetensors", "a", {"segment": Stage(network, spec, 32)})
    prepared = prepare(small_phantom.volume, spec)
    with torch.inference_mode():
        logits = network(torch.from_numpy(prepared.image)[None, None])[0, 0].numpy()
    expected = restore(logits, prepared)
    answer = Engine(tmp_path / "a.safetensors", "cpu").logits(small_phantom.volume, "patch")
    assert answer.shape == small_phantom.volume.hu.shape
    np.testing.assert_allclose(answer, expected, atol=1e-4)
