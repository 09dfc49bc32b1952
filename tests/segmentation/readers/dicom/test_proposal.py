from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.core.notes import sentences
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers.dicom.propose import _BONE, _LUNG, _STANDARD
from tests.segmentation.readers.dicom.conftest import Writer, listed


@pytest.mark.parametrize("kernel", ["BONE", "BONEPLUS", "EDGE", "B70f", "Br59f", "Hr60s", "FC30", "YD", "D", "I70f 3"])
def test_kernels_for_bone(kernel: str):
    assert _BONE.search(kernel.upper()) or kernel.startswith("I70")


@pytest.mark.parametrize("kernel", ["STANDARD", "SOFT", "B30f", "Br40", "Qr36", "H31s", "FC08", "B", "I31f 2"])
def test_kernels_for_everything(kernel: str):
    assert _STANDARD.search(kernel.upper())
    assert not _BONE.search(kernel.upper())


@pytest.mark.parametrize("kernel", ["LUNG", "Bl57", "FC51", "L"])
def test_kernels_for_the_lung(kernel: str):
    assert _LUNG.search(kernel.upper())


@pytest.fixture
def study(oblique: Volume, tmp_path: Path) -> Path:
    """A localizer, thick soft-tissue slices, thin bone slices, a sagittal-named reformat, a lung series, a capture."""
    thick = Volume(oblique.hu[:, :, ::2], _every_second(oblique))
    for volume, spec in (
        (oblique, DicomSpec(series_number=1, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), missing=range_from(2))),
        (thick, DicomSpec(series_number=2, kernel="Br40", description="Abdomen 5.0")),
        (oblique, DicomSpec(series_number=3, kernel="Br59", description="L-Spine 2.5 bone")),
        (oblique, DicomSpec(series_number=4, kernel="Br59", image_type=("DERIVED", "SECONDARY", "REFORMATTED"))),
        (oblique, DicomSpec(series_number=5, kernel="LUNG", description="Thorax")),
        (oblique, DicomSpec(series_number=6, modality="SR", description="Dose Report", missing=range_from(1))),
    ):
        write_dicom(volume, tmp_path / "study" / str(spec.series_number), replace_seed(spec))
    return tmp_path / "study"


def range_from(first: int) -> tuple[int, ...]:
    return tuple(range(first, 22))


def replace_seed(spec: DicomSpec) -> DicomSpec:
    return DicomSpec(**{**vars(spec), "seed": spec.series_number})


def _every_second(volume: Volume):
    from segmentation.core.geometry import Grid

    shape = volume.hu[:, :, ::2].shape
    return Grid(shape, volume.grid.affine @ np.diag([1, 1, 2.0, 1]))


@pytest.mark.usefixtures("inline")
def test_the_thin_bone_series_is_proposed_and_every_other_told_why_not(study: Path):
    series, spine = listed(study).series, "Named after the spine"
    assert [entry.number for entry in series] == [1, 2, 3, 4, 5, 6]
    assert [entry.number for entry in series if entry.proposed] == [3]
    assert [sentences(entry.reasons) for entry in series] == [
        ["A localizer (scout view)"],
        ["Axial slices", "Thick slices, every 5 mm", "Standard kernel (Br40)", spine, "Only 11 images"],
        ["Axial slices", "A slice every 2.5 mm", "Bone kernel (Br59)", spine],
        ["Axial slices", "A slice every 2.5 mm", "Bone kernel (Br59)", spine, "A reformat of another series"],
        ["Axial slices", "A slice every 2.5 mm", "Lung kernel (LUNG)", spine],
        ["A dose report"],
    ]  # fmt: skip
    assert [entry.problem is None for entry in series] == [False, True, True, True, True, False]


@pytest.mark.usefixtures("inline")
def test_a_listing_has_the_facts_that_the_page_shows(written: Writer, tmp_path: Path):
    (tmp_path / "thumbs").mkdir()
    folder = written(description="WS  <b>Knochen</b>\x00\n")
    [entry] = listed(folder, thumbnails=tmp_path / "thumbs").series
    assert (entry.modality, entry.images, entry.size, entry.kernel) == ("CT", 22, (36, 34), "BONE")
    assert entry.description == "WS  <b>Knochen</b>"  # escaped where it is shown, not here
    assert entry.grid is not None
    assert entry.grid.spacing_mm == pytest.approx((1.5, 2.0, 2.5))
    with Image.open(tmp_path / "thumbs" / entry.thumbnail) as picture:
        assert max(picture.size) == 192
        low, high = picture.getextrema()
        assert high - low > 60


@pytest.mark.usefixtures("inline")
def test_where_nothing_can_be_segmented_nothing_is_proposed(written: Writer):
    listing = listed(written(modality="MR"))
    assert listing.proposed is None
    assert [sentences(entry.reasons) for entry in listing.series] == [["Not CT but MR"]]
