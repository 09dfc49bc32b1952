"""De-identified files name nobody, agree with each other and with PS3.15's own table, and show the same picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset

from segmentation.core.errors import UnreadableFile
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import SYNTAXES, DicomSpec, write_dicom
from segmentation.readers import DEFAULT_LIMITS, read_volume
from segmentation.readers.dicom import retain_files
from segmentation.readers.dicom.deidentify import deidentify
from segmentation.readers.dicom.reader import choose, keep_files
from tests.segmentation.readers.dicom.conftest import Writer, listed

SECRET = b"0123456789abcdef"
pytestmark = pytest.mark.usefixtures("inline")


def kept(folder: Path, into: Path, secret: bytes | None = SECRET) -> list[Dataset]:
    into.mkdir()
    [entry] = listed(folder).series
    count = keep_files(entry, into, secret, DEFAULT_LIMITS)
    files = sorted(into.iterdir())
    assert [path.name for path in files] == [f"{n:05d}.dcm" for n in range(1, count + 1)]
    return [pydicom.dcmread(path) for path in files]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("multiframe", [False, True])
def test_the_picture_stays_the_same(written: Writer, oblique: Volume, tmp_path: Path, syntax: str, multiframe: bool):
    datasets = kept(written(syntax=syntax, multiframe=multiframe), tmp_path / "kept")
    assert {dataset.file_meta.TransferSyntaxUID for dataset in datasets} == {SYNTAXES[syntax]}
    volume = read_volume(tmp_path / "kept")
    np.testing.assert_array_equal(volume.hu, oblique.hu)
    np.testing.assert_allclose(volume.grid.affine, oblique.grid.affine, atol=1e-6)


def test_no_name_number_or_date_is_left_in_any_byte(written: Writer, tmp_path: Path):
    kept(written(patient="Geheim^Rosa", description="Geheim spine"), tmp_path / "kept")
    for path in (tmp_path / "kept").iterdir():
        data = path.read_bytes()
        for word in (b"Geheim", b"Rosa", b"19500101", b"20240229", b"A-4711", b"SPINEVIEW TEST"):
            assert word not in data


def test_every_attribute_of_the_profile_is_gone_or_replaced():
    dataset = Dataset()
    tags = {tag for tag in table.ALL_TAGS if len(tag) == 2 and tag[0] < 0x5000 and dictionary_has_tag(tag)}
    for tag in tags:
        kind = dictionary_VR(tag).split(" or ")[0]
        if kind == "SQ":
            item = Dataset()
            item.PatientName = "Geheim"
            dataset.add_new(tag, kind, [item])
        elif kind in ("UI",):
            dataset.add_new(tag, kind, "1.2.3.4")
        elif kind not in ("OB", "OW", "UN", "OF", "OD", "OL", "OV", "AT"):
            dataset.add_new(tag, kind, values_of(kind))
    before = {element.tag: element.value for element in dataset}
    assert len(before) > 400
    deidentify(dataset, SECRET)
    for element in dataset:
        if element.tag in before and (element.tag.group, element.tag.element) in tags:
            assert element.value in ("", None) or element.value != before[element.tag], element
    assert "Geheim" not in str(dataset)
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.DeidentificationMethodCodeSequence[0].CodeValue == "113100"


def values_of(kind: str) -> object:
    numbers = {"DS": "7", "IS": "7", "FD": 7.0, "FL": 7.0, "SL": 7, "SS": 7, "UL": 7, "US": 7, "SV": 7, "UV": 7}
    dates = {"DA": "20200101", "TM": "121212", "DT": "20200101121212", "AS": "070Y"}
    return {**numbers, **dates}.get(kind, "Geheim")


def test_uids_are_new_and_agree_within_a_study(oblique: Volume, tmp_path: Path):
    for seed in (1, 2):
        write_dicom(oblique, tmp_path / str(seed), DicomSpec(study_uid="1.2.840.1", seed=seed, series_number=seed))
    one, two = (kept(tmp_path / str(seed), tmp_path / f"kept{seed}") for seed in (1, 2))
    old = [pydicom.dcmread(path) for path in (tmp_path / "1").iterdir()]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
        assert not {dataset[keyword].value for dataset in one} & {dataset[keyword].value for dataset in old}
    assert {dataset.StudyInstanceUID for dataset in one + two} == {one[0].StudyInstanceUID}
    assert one[0].SeriesInstanceUID != two[0].SeriesInstanceUID
    assert len({dataset.SOPInstanceUID for dataset in one}) == 22
    assert all(dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID for dataset in one)
    again = kept(tmp_path / "1", tmp_path / "again", b"another secret..")
    assert again[0].StudyInstanceUID != one[0].StudyInstanceUID


def test_one_patient_keeps_one_pseudonym(written: Writer, tmp_path: Path):
    first = kept(written("a", patient="A"), tmp_path / "1")
    second = kept(written("b", patient="A", seed=3), tmp_path / "2")
    other = kept(written("c", patient="B"), tmp_path / "3")
    assert first[0].PatientID == second[0].PatientID == str(first[0].PatientName)
    assert other[0].PatientID != first[0].PatientID
    assert first[0].PatientID.startswith("SV-")


def test_without_a_secret_files_are_kept_byte_for_byte_by_position(written: Writer, tmp_path: Path):
    folder = written()
    datasets = kept(folder, tmp_path / "kept", None)
    originals = sorted(path.read_bytes() for path in folder.iterdir())
    assert sorted(path.read_bytes() for path in (tmp_path / "kept").iterdir()) == originals
    heights = [float(dataset.ImagePositionPatient[2]) for dataset in datasets]
    assert heights == sorted(heights)


def test_duplicates_are_not_kept(written: Writer, tmp_path: Path):
    assert len(kept(written(duplicated=(3, 4)), tmp_path / "kept")) == 22


@pytest.mark.parametrize(("keyword", "meta", "multiframe"), [
    ("SOPClassUID", True, False), ("SOPClassUID", False, False), ("SOPInstanceUID", True, False),
    ("SOPInstanceUID", True, True), ("SOPInstanceUID", False, False), ("SeriesInstanceUID", True, False),
    ("StudyInstanceUID", True, True), ("FrameOfReferenceUID", True, False),
])  # fmt: skip
def test_a_series_that_lacks_a_uid_is_kept(
    written: Writer, oblique: Volume, tmp_path: Path, keyword: str, meta: bool, multiframe: bool
):
    folder = written(multiframe=multiframe)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        del dataset[keyword]
        if not meta:
            del dataset.file_meta[f"MediaStorage{keyword}"]
        dataset.save_as(path, enforce_file_format=False)
    for secret in (b"s", None):
        (tmp_path / f"kept {secret}").mkdir()
        keep_files(choose(listed(folder)), tmp_path / f"kept {secret}", secret, DEFAULT_LIMITS)
        np.testing.assert_array_equal(read_volume(tmp_path / f"kept {secret}").hu, oblique.hu)


def test_a_header_that_cannot_be_rewritten_is_refused(written: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def spoiled(dataset: Dataset, secret: bytes) -> None:
        raise ValueError("as pydicom does of an element that it cannot decode")

    monkeypatch.setattr(retain_files, "deidentify", spoiled)
    with pytest.raises(UnreadableFile, match="cannot be kept: its header is damaged"):
        kept(written(), tmp_path / "kept")
