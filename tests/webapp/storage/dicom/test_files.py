from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient

from webapp.storage.dicom.files import DICOM_FOLDER, source_instances


def test_the_sources_of_a_study_are_its_dicom_files_in_order(client: TestClient, upload, ct: Path):
    store = client.app.state.store
    study = store.studies.get(upload(ct)["id"])
    assert source_instances(store, study) == []
    folder = store.folder(study.id) / DICOM_FOLDER
    folder.mkdir()
    for name in ("00002.dcm", "00001.dcm", "other.txt"):
        (folder / name).write_bytes(b"")
    found = source_instances(store, replace(study, original=DICOM_FOLDER))
    assert [path.name for path in found] == ["00001.dcm", "00002.dcm"]
