from __future__ import annotations

from pathlib import Path

import highdicom as hd
import pydicom
import pytest

from segmentation.cli.main import main
from segmentation.phantom import Phantom, PhantomSpec, make_phantom
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.writers import write_nifti
from tests.dicom_judges import complaints
from tests.segmentation.writers.dicom.test_odd_sources import CHINESE, in_gb_2312


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    spec = PhantomSpec(("L3", "L4"), sacrum=False, organs=False, ribs=False, fov_mm=(110, 140, 110))
    return make_phantom(spec)


@pytest.fixture(scope="module")
def written(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objects")
    write_dicom(phantom.volume, folder / "ct", DicomSpec())
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    arguments = ["measure", str(folder / "ct"), str(folder / "vert.nii.gz"), "--lang", "zh", "--alias", "演示"]
    outputs = {"-o": "m.json", "--csv": "m.csv", "--pdf": "m.pdf", "--dicom-pdf": "pdf.dcm", "--dicom-sr": "sr.dcm",
               "--dicom-seg": "seg.dcm"}  # fmt: skip
    for option, name in outputs.items():
        arguments += [option, str(folder / name)]
    assert main(arguments) == 0
    assert all((folder / name).stat().st_size > 500 for name in outputs.values())
    return folder


def test_the_report_refers_to_the_segment_of_each_vertebra(written: Path):
    report = hd.sr.srread(written / "sr.dcm")
    segmentation = pydicom.dcmread(written / "seg.dcm")
    labels = {item.SegmentNumber: item.SegmentLabel for item in segmentation.SegmentSequence}
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [labels[group.referenced_segment.referenced_segment_numbers[0]] for group in groups] == ["L3", "L4"]
    assert {group.referenced_segment.referenced_sop_instance_uid for group in groups} == {segmentation.SOPInstanceUID}
    depth = {measure.name.meaning: measure for measure in groups[0].get_measurements()}["Body depth"]
    assert depth.value == pytest.approx(34, abs=0.6)
    assert depth.unit.value == "mm"
    content = (written / "sr.dcm").read_bytes()
    assert b"SpineView disc L3-L4" in content
    assert b"SpineView sagittal angle" not in content  # L1 and L5 are not in view


def test_the_pdf_comes_back_from_its_object(written: Path):
    dataset = pydicom.dcmread(written / "pdf.dcm")
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == (written / "m.pdf").read_bytes()
    assert dataset.DocumentTitle == "脊柱 CT 测量报告"
    ct = pydicom.dcmread(next((written / "ct").iterdir()), stop_before_pixels=True)
    assert dataset.StudyInstanceUID == ct.StudyInstanceUID


def test_objects_of_odd_sources_refer_to_their_images_alone_and_name_their_patient(
    phantom: Phantom, written: Path, tmp_path: Path
):
    """Two images have one SOPInstanceUID each time, every image its own frame of reference; the name is Chinese."""
    name = "Wang^XiaoDong=王^小东"
    for k, path in enumerate(write_dicom(phantom.volume, tmp_path / "ct", DicomSpec(disorder=False))):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k // 2}"
        dataset.FrameOfReferenceUID = f"1.2.4.{k}"
        dataset.SpecificCharacterSet, dataset.PatientName = CHINESE, in_gb_2312(name)
        dataset.save_as(path)
    arguments = ["measure", str(tmp_path / "ct"), str(written / "vert.nii.gz"), "-o", str(tmp_path / "m.json")]
    for option in ("pdf", "sr", "seg"):
        arguments += [f"--dicom-{option}", str(tmp_path / f"{option}.dcm")]
    assert main(arguments) == 0
    report, segmentation, pdf = (pydicom.dcmread(tmp_path / f"{each}.dcm") for each in ("sr", "seg", "pdf"))
    assert {str(each.PatientName) for each in (report, segmentation, pdf)} == {name}
    images = [f"1.2.3.{k}" for k in range((phantom.volume.grid.shape[2] + 1) // 2)]
    [study] = report.CurrentRequestedProcedureEvidenceSequence
    evidence = [[str(each.ReferencedSOPInstanceUID) for each in series.ReferencedSOPSequence]
                for series in study.ReferencedSeriesSequence]  # fmt: skip
    assert sorted(map(sorted, evidence)) == sorted([sorted(images), [segmentation.SOPInstanceUID]])
    referred = [element.value for element in report.iterall() if element.keyword == "ReferencedSOPInstanceUID"]
    assert set(referred) == {*images, segmentation.SOPInstanceUID}


@pytest.mark.parametrize("name", ["pdf.dcm", "seg.dcm", "sr.dcm"])
def test_dciodvfy_complains_of_nothing_but_the_private_scheme(written: Path, name: str):
    assert [line for line in complaints(written / name) if "99SPINEVIEW" not in line] == []


def test_a_structured_report_needs_its_segmentation(written: Path, capsys: pytest.CaptureFixture[str]):
    paths = [str(written / "ct"), str(written / "vert.nii.gz")]
    assert main(["measure", *paths, "--dicom-sr", str(written / "alone.dcm")]) == 2
    assert "--dicom-seg" in capsys.readouterr().err


def test_objects_need_a_dicom_ct(written: Path, capsys: pytest.CaptureFixture[str]):
    path = str(written / "vert.nii.gz")
    assert main(["measure", path, path, "--dicom-pdf", str(written / "alone.dcm")]) == 2
    assert "DICOM" in capsys.readouterr().err


def test_two_files_are_needed(capsys: pytest.CaptureFixture[str]):
    assert main(["measure"]) == 2
    assert "label map" in capsys.readouterr().err
