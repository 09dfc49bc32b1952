"""The VerSe release as it is unpacked, in phantoms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation.core.errors import InputError
from segmentation.core.volume import LabelMap
from segmentation.phantom import Phantom
from segmentation.training.config import TrainingConfig
from segmentation.training.load_cases import load_items
from segmentation.training.verse import find_verse
from segmentation.writers import write_nifti, write_volume


def empty(root: Path, split: str, name: str, ct: bool = True, mask: bool = True) -> None:
    """Files of no content, where VerSe has them."""
    subject = name.split("_")[0]
    for wanted, part, end in ((ct, "rawdata", "ct"), (mask, "derivatives", "seg-vert_msk")):
        folder = root / split / part / subject
        folder.mkdir(parents=True, exist_ok=True)
        if wanted:
            (folder / f"{name}_{end}.nii.gz").touch()


def names(scans: list) -> list[str]:
    return [scan.name for scan in scans]


@pytest.mark.parametrize(
    ("training", "validation", "test"),
    [
        ("dataset-01training", "dataset-02validation", "dataset-03test"),
        ("dataset-verse19training", "dataset-verse19validation", "dataset-verse19test"),
        ("VerSe20/01_training", "VerSe20/02_validation", "VerSe20/03_test"),
    ],
)
def test_the_splits_of_each_release(tmp_path, training, validation, test):
    empty(tmp_path, training, "sub-verse004")
    empty(tmp_path, training, "sub-verse406_split-verse261")
    empty(tmp_path, training, "sub-gl003_dir-ax")
    empty(tmp_path, validation, "sub-verse500_dir-sag")
    empty(tmp_path, test, "sub-verse600_dir-iso")
    release = find_verse(tmp_path)
    assert names(release.training) == ["sub-gl003_dir-ax", "sub-verse004", "sub-verse406_split-verse261"]
    assert names(release.validation) == ["sub-verse500_dir-sag"]
    assert names(release.test) == ["sub-verse600_dir-iso"]
    assert release.left_out == []
    one = release.training[1]
    assert one.ct == tmp_path / training / "rawdata/sub-verse004/sub-verse004_ct.nii.gz"
    assert one.mask == tmp_path / training / "derivatives/sub-verse004/sub-verse004_seg-vert_msk.nii.gz"


def test_one_split_s_own_folder_is_enough(tmp_path):
    empty(tmp_path, "dataset-01training", "sub-verse004")
    assert names(find_verse(tmp_path / "dataset-01training").training) == ["sub-verse004"]


def test_what_is_not_a_pair_is_named(tmp_path):
    empty(tmp_path, "dataset-01training", "sub-verse004")
    empty(tmp_path, "dataset-01training", "sub-verse005", mask=False)
    empty(tmp_path, "dataset-02validation", "sub-verse006", ct=False)
    release = find_verse(tmp_path)
    assert names(release.training) == ["sub-verse004"]
    assert release.left_out == [
        "sub-verse005 of dataset-01training has a CT but no mask (sub-verse005_seg-vert_msk.nii.gz).",
        "sub-verse006 of dataset-02validation has a mask but no CT (sub-verse006_ct.nii.gz).",
    ]


def test_a_subject_of_two_releases_is_never_both_trained_on_and_tested_on(tmp_path):
    empty(tmp_path, "VerSe19/dataset-verse19test", "sub-verse012")
    empty(tmp_path, "VerSe20/dataset-01training", "sub-verse012_dir-ax")
    empty(tmp_path, "VerSe20/dataset-01training", "sub-verse013_dir-ax")
    release = find_verse(tmp_path)
    assert (names(release.training), names(release.test)) == (["sub-verse013_dir-ax"], ["sub-verse012"])
    assert release.left_out == ["sub-verse012_dir-ax of training is left out: sub-verse012 is in test."]


def test_shadow_files_of_a_mac_are_passed_over(tmp_path):
    empty(tmp_path, "dataset-01training", "sub-verse004")
    (tmp_path / "dataset-01training/rawdata/sub-verse004/._sub-verse004_ct.nii.gz").touch()
    assert find_verse(tmp_path).left_out == []


def test_a_folder_without_verse_is_refused(tmp_path):
    empty(tmp_path, "dataset-01training", "sub-verse005", mask=False)
    with pytest.raises(InputError, match=r"holds no VerSe scan with a mask\. sub-verse005 of .* has a CT but no mask"):
        find_verse(tmp_path)


def test_training_reads_its_split_validates_on_its_own_and_leaves_the_test_split(small_phantom: Phantom, tmp_path):
    where = {"sub-a": "01training", "sub-b": "02validation", "sub-c": "03test", "sub-d": "01training"}
    for name, split in where.items():
        empty(tmp_path, f"dataset-{split}", name)
        root = tmp_path / f"dataset-{split}"
        write_volume(small_phantom.volume, root / f"rawdata/{name}/{name}_ct.nii.gz")
        labels = small_phantom.labels
        if name == "sub-d":
            labels = LabelMap(np.zeros_like(labels.labels), labels.grid, labels.kind)
        write_nifti(labels, root / f"derivatives/{name}/{name}_seg-vert_msk.nii.gz")
    content = {"name": "a", "out": tmp_path / "run", "data": {"verse": tmp_path}, "spacing_mm": 4.0, "window": 32}
    said: list[str] = []
    items = load_items(TrainingConfig.model_validate(content), said.append)
    assert [item.name for item in items.real] == ["sub-a"]
    assert [item.name for item in items.validation] == ["sub-b"]
    assert said == ["sub-d is left out: The mask sub-d_seg-vert_msk.nii.gz labels no vertebra."]
    assert not items.real[0].valid_mask.all()  # VerSe is partly labelled
