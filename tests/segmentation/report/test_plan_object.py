from __future__ import annotations

import json
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

from segmentation.cli.main import main
from segmentation.phantom import PhantomSpec, make_phantom
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.writers import write_nifti
from tests.dicom_judges import complaints


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    spec = PhantomSpec(
        ("L3", "L4"), sacrum=False, organs=False, ribs=False, spacing_mm=(1.5,) * 3, fov_mm=(110, 140, 110)
    )
    phantom = make_phantom(spec)
    write_dicom(phantom.volume, folder / "ct", DicomSpec())
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    outputs = ["-o", str(folder / "plan.json"), "--dicom-sr", str(folder / "plan.dcm")]
    assert main(["plan", "propose", str(folder / "ct"), str(folder / "vert.nii.gz"), "--levels", "L3", *outputs]) == 0
    return folder


def test_each_screw_is_a_line_in_the_frame_of_reference_of_the_ct(planned: Path):
    screws = json.loads((planned / "plan.json").read_text())["screws"]
    report = hd.sr.srread(planned / "plan.dcm")
    ct = pydicom.dcmread(next((planned / "ct").iterdir()), stop_before_pixels=True)
    assert (report.StudyInstanceUID, report.PatientID) == (ct.StudyInstanceUID, ct.PatientID)
    assert "Research use only" in report.SeriesDescription
    groups = report.content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["SpineView screw L3 right", "SpineView screw L3 left"]
    for screw, group in zip(screws, groups, strict=True):
        found = {each.name.meaning: each for each in group.get_measurements()}
        assert found["Length"].value == pytest.approx(screw["length_mm"], abs=0.01)
        assert found["Diameter"].value == screw["diameter_mm"]
        [line] = [item for item in found["Length"][0].ContentSequence if item.ValueType == "SCOORD3D"]
        assert (line.GraphicType, line.ReferencedFrameOfReferenceUID) == ("POLYLINE", ct.FrameOfReferenceUID)
        lps = np.array([screw["entry_ras_mm"], screw["tip_ras_mm"]]) * [-1, -1, 1]
        assert np.reshape(line.GraphicData, (2, 3)) == pytest.approx(lps, abs=0.01)
        [site] = group.finding_sites
        assert (site.value.meaning, site.laterality.meaning.lower()) == ("L3 vertebra", screw["side"])
        [grade] = [each.value.meaning for each in group.get_qualitative_evaluations()]
        assert grade == f"Grade {screw['grade']}"


def test_dciodvfy_complains_of_nothing_but_the_private_scheme(planned: Path):
    assert [line for line in complaints(planned / "plan.dcm") if "99SPINEVIEW" not in line] == []


def test_it_needs_a_dicom_ct(planned: Path, capsys: pytest.CaptureFixture[str]):
    vertebrae, out = str(planned / "vert.nii.gz"), ["--dicom-sr", str(planned / "no.dcm")]
    assert main(["plan", "propose", vertebrae, vertebrae, "-o", str(planned / "no.json"), *out]) == 2
    assert "DICOM" in capsys.readouterr().err
    plan = str(planned / "plan.json")
    assert main(["plan", "check", plan, "--vertebrae", vertebrae, "-o", str(planned / "no.json"), *out]) == 2
    assert not (planned / "no.json").exists()
