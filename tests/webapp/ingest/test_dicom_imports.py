"""DICOM over HTTP: uploaded, listed, chosen, de-identified, segmented."""

from __future__ import annotations

import io
import logging
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from starlette.testclient import TestClient

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import read_label_map, read_volume
from tests.webapp.support import small_volume, wait_for
from webapp.ingest import dicom_imports as imports
from webapp.maintenance.housekeeping import Housekeeping
from webapp.settings import Settings
from webapp.storage.dicom.files import source_instances

URL = "/api/v1/imports"
Send = Callable[..., dict]


@pytest.fixture
def volume() -> Volume:
    """The small CT, upright in the way that scanners send it: k towards the head."""
    return small_volume()


@pytest.fixture
def folder(volume: Volume, tmp_path: Path) -> Path:
    """Two series of one patient: thin bone slices, and MR."""
    write_dicom(volume, tmp_path / "study" / "DOE JANE", DicomSpec(patient="Doe^Jane", description="<b>LWS</b>"))
    mr = DicomSpec(modality="MR", series_number=3, seed=1, patient="Doe^Jane")
    write_dicom(volume, tmp_path / "study" / "mr", mr)
    return tmp_path / "study"


def parts(folder: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (str(p.relative_to(folder)), p.read_bytes())) for p in folder.rglob("*") if p.is_file()]


@pytest.fixture
def send(client: TestClient) -> Send:
    def upload(folder: Path) -> dict:
        answer = client.post(URL, files=parts(folder))
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"{URL}/{answer.json()['id']}"
        return answer.json()

    return upload


def refused(client: TestClient, settings: Settings, status: int, code: str, **request: object) -> dict:
    answer = client.post(URL, **request)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert list((settings.data_dir / "incoming").rglob("*")) == []
    return answer.json()["error"]


def test_the_series_are_listed_with_the_proposed_one_marked(client: TestClient, send: Send, folder: Path):
    waiting = send(folder)
    ct, mr = waiting["series"]
    assert (ct["number"], ct["description"], ct["modality"], ct["images"], ct["kernel"], ct["plane"]) == (
        2, "<b>LWS</b>", "CT", 24, "BONE", "axial",
    )  # fmt: skip
    assert ct["spacing_mm"] == [1.5, 1.5, 2.0]
    assert (ct["proposed"], ct["problem"]) == (True, None)
    assert "Bone kernel (BONE)" in [reason["message"] for reason in ct["reasons"]]
    assert (mr["proposed"], mr["problem"]["code"]) == (False, "not_ct")
    assert mr["problem"]["message"] == "Series 3 is not CT but magnetic resonance (MR)."
    assert waiting["keep_identity"] is False
    assert client.get(f"{URL}/{waiting['id']}").json() == waiting
    picture = client.get(ct["thumbnail_url"])
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).size == (192, 179)


def test_the_chosen_series_becomes_a_study_without_a_name(
    client: TestClient, settings: Settings, send: Send, folder: Path, volume: Volume
):
    waiting = send(folder)
    answer = client.post(f"{URL}/{waiting['id']}/studies", json={"series": waiting["series"][0]["key"]})
    assert answer.status_code == 201, answer.text
    study = answer.json()
    assert study["name"] == "Series 2: 24 images, 2 mm, BONE"
    assert (study["shape"], study["notes"]) == ([30, 28, 24], [])
    assert client.get(f"{URL}/{waiting['id']}").status_code == 404
    assert list((settings.data_dir / "incoming").iterdir()) == []
    store = client.app.state.store
    sources = source_instances(store, store.studies.get(study["id"]))
    assert len(sources) == 24
    for path in (settings.data_dir).rglob("*"):
        assert "DOE" not in str(path)
        if path.is_file():
            assert b"Jane" not in path.read_bytes(), path
    kept = read_volume(settings.data_dir / "studies" / study["id"] / "dicom")
    np.testing.assert_array_equal(kept.hu, volume.hu)


def test_the_whole_way_to_a_mask(client: TestClient, send: Send, folder: Path, volume: Volume, tmp_path: Path):
    study = client.post(f"{URL}/{send(folder)['id']}/studies").json()  # nothing said: the proposed one
    client.post(f"/api/v1/studies/{study['id']}/jobs")
    done = wait_for(lambda: client.get(f"/api/v1/studies/{study['id']}").json()["state"] == "done")
    assert done
    [mask] = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
    (tmp_path / "mask.nii.gz").write_bytes(client.get(mask["download_url"]).content)
    found = read_label_map(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(found.labels, volume.hu > 200)
    np.testing.assert_allclose(found.grid.affine, volume.grid.affine, atol=1e-4)


def test_repairs_are_told_with_the_study(client: TestClient, send: Send, volume: Volume, tmp_path: Path):
    files = write_dicom(volume, tmp_path / "tilted", DicomSpec(tilt_deg=10, missing=(9,), burned_in=True))
    files[3].write_bytes(files[3].read_bytes())
    waiting = send(tmp_path / "tilted")
    study = client.post(f"{URL}/{waiting['id']}/studies").json()
    assert [note["code"] for note in study["notes"]] == ["burned_in", "gap", "tilt"]
    assert study["notes"][2]["message"].startswith("The gantry was tilted by 10°")
    assert client.get(f"/api/v1/studies/{study['id']}").json()["notes"] == study["notes"]


def test_one_of_two_acquisitions_in_one_file_becomes_a_study(
    client: TestClient, send: Send, volume: Volume, tmp_path: Path
):
    write_dicom(volume, tmp_path / "both", DicomSpec(multiframe=True, acquisitions=2, syntax="rle"))
    waiting = send(tmp_path / "both")
    assert [(each["images"], each["problem"]) for each in waiting["series"]] == [(24, None), (24, None)]
    answer = client.post(f"{URL}/{waiting['id']}/studies", json={"series": waiting["series"][1]["key"]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["shape"] == [30, 28, 24]
    assert [note["message"] for note in answer.json()["notes"]] == [
        "The series holds images of different orientation, size or acquisition; it was split into 2 parts.",
        "This is part 2 of 2.",
    ]
    store = client.app.state.store
    [kept] = source_instances(store, store.studies.get(answer.json()["id"]))
    assert pydicom.dcmread(kept).NumberOfFrames == 24
    np.testing.assert_array_equal(read_volume(kept.parent).hu, volume.hu)


def test_a_zip_is_an_import(client: TestClient, folder: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, f"../../{path.name}")
    answer = client.post(URL, files={"file": ("study.zip", buffer.getvalue())})
    assert [series["modality"] for series in answer.json()["series"]] == ["CT", "MR"]
    assert client.post(f"{URL}/{answer.json()['id']}/studies").status_code == 201


def test_with_the_setting_the_identity_is_kept_byte_for_byte(client: TestClient, send: Send, folder: Path):
    keeping = client.app.state.services.settings.model_copy(update={"keep_identity": True})
    services = client.app.state.services
    door = imports.Imports(services.store, services.admission, keeping)
    client.app.state.services = replace(services, settings=keeping, imports=door)
    waiting = send(folder)
    assert waiting["keep_identity"] is True
    study = door.choose(waiting["id"], "", "test")
    originals = {path.read_bytes() for path in (folder / "DOE JANE").iterdir()}
    assert {path.read_bytes() for path in source_instances(services.store, study)} == originals
    assert "Doe" not in study.name


def test_a_series_that_cannot_be_used_is_refused_and_another_may_be_chosen(
    client: TestClient, send: Send, folder: Path
):
    waiting = send(folder)
    answer = client.post(f"{URL}/{waiting['id']}/studies", json={"series": waiting["series"][1]["key"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_ct")
    assert client.post(f"{URL}/{waiting['id']}/studies").status_code == 201


def test_a_folder_of_the_archive_is_admitted_without_asking(client: TestClient, settings: Settings, folder: Path):
    study_id = client.app.state.services.imports.admit_folder(folder, "PACS")
    assert client.get(f"/api/v1/studies/{study_id}").json()["shape"] == [30, 28, 24]
    assert len(list(folder.rglob("*"))) == 2 + 24 + 24  # the caller's files are the caller's
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_two_imports_of_one_study_share_its_uid(client: TestClient, send: Send, folder: Path):
    store = client.app.state.store
    uids = set()
    for _ in range(2):
        study = client.post(f"{URL}/{send(folder)['id']}/studies").json()
        uids |= {pydicom.dcmread(p).StudyInstanceUID for p in source_instances(store, store.studies.get(study["id"]))}
    assert len(uids) == 1
    key = client.app.state.services.settings.data_dir / "deidentify.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_an_import_can_be_given_up(client: TestClient, settings: Settings, send: Send, folder: Path):
    waiting = send(folder)
    assert client.delete(f"{URL}/{waiting['id']}").status_code == 204
    assert client.delete(f"{URL}/{waiting['id']}").status_code == 404
    assert list((settings.data_dir / "incoming").iterdir()) == []


def test_what_nobody_chooses_from_goes_after_a_while_without_a_visitor(
    client: TestClient, settings: Settings, send: Send, folder: Path
):
    old, new = send(folder), send(folder)
    place = settings.data_dir / "incoming" / old["id"]
    before = time.time() - imports.EXPIRES_S - 1
    os.utime(place / "listing.json", (before, before))
    assert client.get(f"{URL}/{old['id']}").status_code == 404, "not served any more"
    Housekeeping(client.app.state.services).round()  # type: ignore[attr-defined]
    assert not place.exists()
    assert client.get(f"{URL}/{new['id']}").status_code == 200


def test_files_that_are_not_dicom_are_refused(client: TestClient, settings: Settings):
    error = refused(client, settings, 400, "unreadable_file", files=[("file", ("a", b"x")), ("file", ("b", b"y"))])
    assert error["message"] == ("There are no DICOM images here. 2 files that are not DICOM images were left out.")
    refused(client, settings, 400, "unreadable_file", files={"file": ("a.zip", b"PK\x03\x04 and nothing")})


def test_a_form_without_files_is_refused(client: TestClient, settings: Settings):
    refused(client, settings, 400, "bad_request", files={"other": ("a", b"x")})
    refused(client, settings, 400, "bad_request", files={"file": ("", b"")}, data={"file": "words"})


@pytest.mark.parametrize("name", ["x" * 20, "0" * 19, "%2e%2e%2fstudies"])
def test_addresses_lead_to_no_other_folder(client: TestClient, name: str):
    for answer in (client.get(f"{URL}/{name}"), client.post(f"{URL}/{name}/studies"), client.delete(f"{URL}/{name}")):
        assert answer.status_code in (404, 405)
    assert client.get(f"{URL}/{name}/thumbnails/0.png").status_code == 404


def test_a_choice_must_be_text(client: TestClient, send: Send, folder: Path):
    waiting = send(folder)
    for body in (b"[]", b"7", b'{"series": 7}'):
        answer = client.post(f"{URL}/{waiting['id']}/studies", content=body, headers={"content-type": "text/json"})
        assert answer.status_code == 400
    assert client.get(f"{URL}/{waiting['id']}/thumbnails/7.png").status_code == 404


def test_names_reach_neither_log_nor_audit_trail(
    client: TestClient, send: Send, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    client.post(f"{URL}/{send(folder)['id']}/studies")
    client.post(f"{URL}/{send(folder)['id']}/studies", json={"series": "Doe^Jane"})
    trail = " ".join(entry.detail for entry in client.app.state.store.audit.entries())
    printed = capfd.readouterr()
    for text in (caplog.text, trail, printed.out, printed.err):
        assert "Jane" not in text
        assert "DOE" not in text


def test_a_volume_too_small_is_refused_when_listed(client: TestClient, send: Send, tmp_path: Path):
    thin = Volume(small_volume().hu[:, :, :3], Grid((30, 28, 3), small_volume().grid.affine))
    write_dicom(thin, tmp_path / "thin", DicomSpec())
    [series] = send(tmp_path / "thin")["series"]
    assert series["problem"]["code"] == "too_small"
    assert series["proposed"] is False
