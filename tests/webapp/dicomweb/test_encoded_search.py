"""Searches for what an address holds encoded, in a real Orthanc whose DICOMweb plugin decodes none of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from segmentation.core.volume import Volume
from tests.dicom_series import scanner_grid, write_series
from tests.orthanc import Orthanc
from tests.webapp.archive import send_by_c_store
from webapp.dicomweb.client import DicomWeb, Search
from webapp.dicomweb.config import PacsServer

NAMES = {
    "Döe^Max": "A/17 b",
    "张^三": "病-2",
    "Zhang^San=张^三=": "B&C",
    "Müller^Ärne": "d+e#1",
    "Dover^Mark": "A-17-b",
}


@pytest.fixture(scope="module")
def patients(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Studies of patients whose names and identifiers an address holds encoded, and of one who is similar."""
    orthanc.clear()
    volume = Volume(np.zeros((16, 16, 2), np.int16), scanner_grid((16, 16, 2), (1.5, 1.5, 3.0)))
    for number, (name, identifier) in enumerate(NAMES.items()):
        attributes = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": name, "PatientID": identifier}
        send_by_c_store(orthanc, write_series(volume, tmp_path_factory.mktemp(f"p{number}"), **attributes))
    yield
    orthanc.clear()


@pytest.mark.parametrize(
    ("typed", "identifiers"),
    [
        ("Döe", ["A/17 b"]),
        ("döe, max", ["A/17 b"]),
        ("Do", ["A-17-b"]),
        ("A/17 b", ["A/17 b"]),
        ("A-17-b", ["A-17-b"]),
        ("张", ["B&C", "病-2"]),
        ("张三", ["B&C", "病-2"]),
        ("病-2", ["病-2"]),
        ("B&C", ["B&C"]),
        ("müller", ["d+e#1"]),
        ("Ärne", ["d+e#1"]),
        ("d+e#1", ["d+e#1"]),
        ("李", []),
    ],
)
def test_names_and_identifiers_of_any_script_are_found(
    patients: None, server: PacsServer, typed: str, identifiers: list[str]
):
    studies = DicomWeb(server).search(Search(patient=typed, modality=""))
    assert sorted(study.patient_id for study in studies) == identifiers
