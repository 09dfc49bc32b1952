"""``spineview info`` on a folder prints what the page would show: every series, the proposed one, what was repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation.cli.main import main
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def study(oblique: Volume, tmp_path: Path) -> Path:
    ct = DicomSpec(series_uid="1.2.3", description="L-Spine 2.5", missing=(9,), burned_in=True)
    write_dicom(oblique, tmp_path / "study" / "ct", ct)
    write_dicom(
        oblique, tmp_path / "study" / "mr", DicomSpec(series_uid="1.2.4", series_number=3, modality="MR", seed=1)
    )
    (tmp_path / "study" / "letter").write_text("hello")
    return tmp_path / "study"


def test_a_folder_is_listed_as_the_page_would_show_it(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["info", str(study)]) == 0
    printed = capsys.readouterr().out
    assert printed.split("\n\n")[0].splitlines() == [
        "2 series, * is the one to segment unless you choose another with --series",
        "*    2  CT, L-Spine 2.5, 21 images of 36 x 34, every 1.5 x 2 x 2.5 mm, kernel BONE",
        "        Axial slices; A slice every 2.5 mm; Bone kernel (BONE); Named after the spine",
        "        note: Text, such as a name, may be burned into the images: look before you share them.",
        "        note: One slice was missing at -277.5 mm; it was interpolated from its neighbours.",
        "        1.2.3",
        "     3  MR, Spine phantom, 22 images of 36 x 34, kernel BONE",
        "        refused: Series 3 is not CT but magnetic resonance (MR).",
        "        Not CT but MR",
        "        1.2.4",
        "note: 1 files that are not DICOM images were left out.",
    ]
    assert "voxels       36 x 34 x 22" in printed
    assert "accepted     yes" in printed


def test_a_series_that_is_asked_for_and_refused_leaves_with_2(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["info", str(study), "--series", "3"]) == 2
    assert capsys.readouterr().err == "spineview: Series 3 is not CT but magnetic resonance (MR).\n"
