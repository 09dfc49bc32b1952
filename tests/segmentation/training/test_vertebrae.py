"""Views of a spine that the naming network learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.cli.options import name_tables
from segmentation.core.errors import BadConfiguration
from segmentation.core.labels import NUMBERS, SACRUM
from segmentation.inference.name_vertebrae import Namer
from segmentation.networks.vertebra_unet import VertebraUNetSpec
from segmentation.phantom import Phantom
from segmentation.training.vertebrae.anatomy import (
    OTHER_BONE,
    RIB,
    Anatomy,
    body_centre,
    centres_of,
    codes_of,
    with_bones,
)
from segmentation.training.vertebrae.config import load_held_out_items, load_names_config, load_names_items
from segmentation.training.vertebrae.mask_errors import spoiled_mask
from segmentation.training.vertebrae.sampling import IGNORE, Item, draw
from segmentation.training.vertebrae.trainer import NameTrainer, loss_of
from segmentation.vertebrae.fields import OFFSET_MM, VOXEL_MM
from segmentation.writers import write_nifti

LABELS = tuple(range(NUMBERS["T10"], NUMBERS["L5"] + 1))


def column(shift: int = 0) -> Anatomy:
    """Eight vertebrae of a body and a spinous process each."""
    codes = np.zeros((60, 70, 190), np.uint8)
    for row, number in enumerate(reversed(LABELS)):
        low = 20 + 20 * row
        codes[20 + shift : 42 + shift, 30:50, low : low + 15] = number
        codes[28 + shift : 34 + shift, 8:30, low + 4 : low + 9] = number
    return Anatomy("made", codes, centres_of(codes), whole=False)


def test_the_bodys_centre_is_found_beside_its_processes():
    made = column()
    centre = made.centres[NUMBERS["L5"]]
    assert np.abs(centre - [30.5, 39.5, 27]).max() < 1.5


def test_a_sliver_has_no_centre():
    sliver = np.zeros((9, 9, 9), bool)
    sliver[:, :, 0] = True
    assert body_centre(sliver, 20) is None


def test_ribs_and_sacrum_come_along_with_the_vertebrae_of_another_spine():
    source = column()
    numbers = source.codes.copy()
    numbers[42:55, 30:36, 20 + 20 * 7 : 24 + 20 * 7] = 30 + NUMBERS["T10"] - 7
    numbers[20:42, 25:45, 2:18] = SACRUM
    numbers[2:6, 25:45, 2:18] = 78
    source = Anatomy("source", codes_of(numbers), source.centres)
    made = with_bones(column(shift=4), source, numbers)
    rib, sacrum = (np.argwhere(made.codes == code) for code in (RIB, SACRUM))
    last, tenth = made.centres[NUMBERS["L5"]], made.centres[NUMBERS["T10"]]
    assert (rib.mean(axis=0) - tenth)[0] > 10
    assert abs((rib.mean(axis=0) - tenth)[2]) < 8
    assert np.linalg.norm(sacrum.mean(axis=0) - last - [0, -4.5, -17.5]) < 3
    assert (made.codes == OTHER_BONE).any()


def test_targets_point_to_the_centre_and_name_the_level():
    items = [Item(column())]
    rng = np.random.default_rng(4)
    for _ in range(4):
        sample = draw(items, rng)
        here = sample.level != IGNORE
        assert set(np.unique(sample.level[here]) + 1) <= set(LABELS)
        for level in np.unique(sample.level[here]):
            where = np.argwhere(sample.level == level)
            votes = (where + 0.5) * VOXEL_MM + sample.offset[:, sample.level == level].T * OFFSET_MM
            assert votes.std(axis=0).max() < 0.01  # one centre
        assert all(n % VertebraUNetSpec().multiple == 0 for n in sample.image.shape[1:])
        assert 0 <= sample.image.min() <= sample.image.max() <= 1


def test_a_mask_with_errors_still_shows_the_spine():
    spine = column().codes > 0
    rng = np.random.default_rng(1)
    overlaps = []
    for _ in range(20):
        mask = spoiled_mask(column().codes, spine, rng)
        overlaps.append(2 * (mask & spine).sum() / (mask.sum() + spine.sum()))
    assert min(overlaps) > 0.5
    assert np.mean(overlaps) < 0.99


def test_the_loss_is_small_for_the_right_answer_alone():
    sample, spec = draw([Item(column())], np.random.default_rng(2)), VertebraUNetSpec()
    right = torch.full((1, 32, *sample.tissue.shape), -9.0)
    tissue, level = (torch.from_numpy(a.astype(np.int64)) for a in (sample.tissue, sample.level))
    right[0, :4].scatter_(0, tissue.clamp(max=3)[None], 9.0)
    right[0, 7:].scatter_(0, level.clamp(max=24)[None], -5.0)
    right[0, 4:7] = torch.from_numpy(sample.offset)
    assert sum(loss_of(right, sample, spec)) < 2  # of it the entropy of the blurred level
    assert sum(loss_of(torch.zeros_like(right), sample, spec)) > 4


def test_a_configuration_of_names_is_read_and_a_wrong_key_is_named(tmp_path: Path):
    path = tmp_path / "names.yaml"
    path.write_text("kind: names\nname: a\nout: run\nlabel_maps: maps\nbones: s\n", encoding="utf-8")
    assert load_names_config(path).label_maps == tmp_path / "maps"
    path.write_text("kind: names\nname: a\nout: run\nlabel_maps: maps\nbones: s\nminuets: 3\n", encoding="utf-8")
    with pytest.raises(BadConfiguration, match="minutes"):
        load_names_config(path)


def test_label_maps_are_trained_on_or_held_out_but_never_both(tmp_path: Path, small_phantom: Phantom):
    for name in ("s_vert", "s_bones", "first_vert", "held_vert"):
        write_nifti(small_phantom.labels, tmp_path / f"{name}.nii.gz")
    path = tmp_path / "names.yaml"
    path.write_text("kind: names\nname: a\nout: run\nlabel_maps: .\nbones: s\nexclude: [held]\n", encoding="utf-8")
    config = load_names_config(path)
    trained, held = ([item.anatomy.name for item in load(config)] for load in (load_names_items, load_held_out_items))
    assert trained == ["s_vert.nii.gz", "first_vert.nii.gz"]
    assert held == ["held_vert.nii.gz"]
    path.write_text("kind: names\nname: a\nout: run\nlabel_maps: .\nbones: s\n", encoding="utf-8")
    with pytest.raises(BadConfiguration):
        load_held_out_items(load_names_config(path))


def test_views_of_held_out_maps_are_named_and_scored(
    tmp_path: Path, small_phantom: Phantom, monkeypatch: pytest.MonkeyPatch
):
    for name in ("s_vert", "s_bones", "held_vert"):
        write_nifti(small_phantom.labels, tmp_path / f"{name}.nii.gz")
    path = tmp_path / "names.yaml"
    path.write_text("kind: names\nname: a\nout: run\nlabel_maps: .\nbones: s\nexclude: [held]\n", encoding="utf-8")
    monkeypatch.setattr(name_tables, "VIEWS", 2)
    scores = name_tables.named_views(path, Namer(), lambda *_: None)
    assert [one.name for one in scores] == ["view 1", "view 2"]
    assert all(1 <= one.vertebrae <= 3 and one.truth in ("L2-L4", "L2-L3", "L3-L4", "L3-L3") for one in scores)
    assert scores == name_tables.named_views(path, Namer(), lambda *_: None)


def test_a_run_is_resumed_from_its_folder(tmp_path: Path):
    trainer = NameTrainer(tmp_path, 1.0, 1e-3, 1, "made")
    trainer._learn(draw([Item(column())], np.random.default_rng(2)))
    trainer._save()
    again = NameTrainer(tmp_path, 1.0, 1e-3, 1, "made")
    assert again.step == 1
    assert torch.equal(again.network.fine.weight, trainer.network.fine.weight)
