"""The client against a real Orthanc."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pydicom
import pytest

from segmentation.core.errors import OperationCancelled
from segmentation.core.volume import Volume
from tests.dicom_series import scanner_grid, write_series
from tests.orthanc import PASSWORD, Orthanc, free_port
from tests.webapp.archive import send_by_c_store
from webapp.dicomweb.client import DicomWeb, Search
from webapp.dicomweb.config import PacsServer
from webapp.http.errors import WebError

GRID = scanner_grid((32, 24, 12), (1.5, 1.5, 3.0))


@pytest.fixture(scope="module")
def stored(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The only study of the archive."""
    orthanc.clear()
    hu = np.random.default_rng(4).integers(-1000, 1500, GRID.shape).astype(np.int16)
    paths = write_series(Volume(hu, GRID), tmp_path_factory.mktemp("stored"))
    send_by_c_store(orthanc, paths)
    return paths


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(patient="doe"), 1),
        (Search(patient="Doe^J*"), 1),
        (Search(patient="Doe, Ja"), 1),
        (Search(patient="Jane Doe"), 0),
        (Search(patient="SV-0001"), 1),
        (Search(patient="Smith"), 0),
        (Search(first_day="20260101", last_day="20260131"), 1),
        (Search(first_day="20260103"), 0),
        (Search(last_day="20260102"), 1),
        (Search(modality="MR"), 0),
        (Search(modality=""), 1),
    ],
)
def test_studies_are_found_by_patient_date_and_modality(
    stored: list[Path], server: PacsServer, search: Search, found: int
):
    studies = DicomWeb(server).search(search)
    assert len(studies) == found
    for study in studies:
        assert (study.patient_name, study.patient_id, study.date) == ("Doe Jane", "SV-0001", "2026-01-02")
        assert (study.description, study.modalities) == ("CT spine", ("CT",))


def test_the_series_of_a_study_are_listed(stored: list[Path], server: PacsServer):
    [study] = DicomWeb(server).search(Search())
    [series] = DicomWeb(server).series(study.uid)
    assert (series.description, series.modality, series.images, series.number) == ("SPINE 1.0 BONE", "CT", 12, 3)


def test_a_series_comes_back_voxel_for_voxel_with_progress(stored: list[Path], server: PacsServer, tmp_path: Path):
    first = pydicom.dcmread(stored[0])
    told: list[tuple[int, int]] = []
    (tmp_path / "back").mkdir()
    paths = DicomWeb(server).retrieve(
        first.StudyInstanceUID, first.SeriesInstanceUID, tmp_path / "back", lambda *at: told.append(at)
    )
    assert len(paths) == 12
    assert told[-1][0] == 12
    assert told[-1][1] > sum(path.stat().st_size for path in paths)
    sent = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, stored)}
    for dataset in map(pydicom.dcmread, paths):
        assert np.array_equal(dataset.pixel_array, sent[dataset.SOPInstanceUID].pixel_array)
        assert dataset.ImagePositionPatient == sent[dataset.SOPInstanceUID].ImagePositionPatient


def test_fetching_stops_when_asked_and_at_the_limit(stored: list[Path], server: PacsServer, tmp_path: Path):
    first = pydicom.dcmread(stored[0])
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    uids = (first.StudyInstanceUID, first.SeriesInstanceUID)
    with pytest.raises(OperationCancelled):
        DicomWeb(server).retrieve(*uids, tmp_path / "a", lambda *_: None, cancelled=lambda: True)
    with pytest.raises(WebError) as refusal:
        DicomWeb(server).retrieve(*uids, tmp_path / "b", lambda *_: None, most_bytes=1000)
    assert (refusal.value.status, refusal.value.code) == (413, "too_large")


def test_files_are_sent_back(orthanc: Orthanc, server: PacsServer, tmp_path: Path):
    paths = write_series(Volume(np.zeros(GRID.shape, np.int16), GRID), tmp_path / "ct")
    study_uid = pydicom.dcmread(paths[0]).StudyInstanceUID
    DicomWeb(server).store(paths, study_uid)
    [study] = orthanc.rest("POST", "/tools/lookup", content=study_uid).json()
    assert len(orthanc.rest("GET", f"/studies/{study['ID']}/instances").json()) == 12
    orthanc.rest("DELETE", f"/studies/{study['ID']}")


def test_what_the_archive_does_not_take_is_said(server: PacsServer, tmp_path: Path):
    (tmp_path / "bad.dcm").write_bytes(b"not DICOM at all")
    with pytest.raises(WebError) as refusal:
        DicomWeb(server).store([tmp_path / "bad.dcm"], "1.2.3")
    assert refusal.value.code == "pacs_refused"
    assert refusal.value.message.startswith("Hospital ")


def test_a_wrong_password_is_said_and_never_shown(server: PacsServer, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    wrong = PacsServer(name="Hospital", url=server.url, username="doctor", password="wrong-secret")
    with pytest.raises(WebError) as refusal:
        DicomWeb(wrong).search(Search(patient="Doe"))
    assert (refusal.value.status, refusal.value.message) == (502, "Hospital does not let this server in.")
    DicomWeb(server).search(Search(patient="Doe"))
    told = caplog.text + refusal.value.hint + repr(wrong) + str(server.model_dump())
    assert "wrong-secret" not in told
    assert PASSWORD not in told
    assert "Doe" not in caplog.text


def test_an_archive_that_is_away_or_no_archive_is_said(orthanc: Orthanc, tmp_path: Path):
    away = PacsServer(name="Away", url=f"http://127.0.0.1:{free_port()}/dicom-web")
    with pytest.raises(WebError, match="Away cannot be reached") as refusal:
        DicomWeb(away).search(Search())
    assert refusal.value.code == "pacs_unreachable"
    missing = PacsServer(name="Secretless", url="http://x/d", username="u", password_file=tmp_path / "none")
    with pytest.raises(WebError, match="secrets or certificates of Secretless"):
        DicomWeb(missing).search(Search())
