"""Measures of a mask over the API: computed once, changed by a reader, downloaded and reported."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pydicom
import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

import segmentation.morphometry
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.phantom.measured import Level, MeasuredPhantom, SpineSpec, make_measured
from segmentation.writers import write_nifti, write_volume
from tests.webapp.support import BoneEngine, wait_for
from webapp.asgi import create_asgi
from webapp.measures.edits import EDITS_FILE, shown_author
from webapp.measures.measuring import MEASURES_FILE
from webapp.settings import Settings
from webapp.storage.mask_files import write_mask

SCHEMA = json.loads(Path(segmentation.morphometry.__file__).with_name("measures.schema.json").read_text())
HEIGHT = "vertebra/L2/anterior_height_mm"
MASKS = "/api/v1/masks"


@pytest.fixture(scope="module")
def phantom() -> MeasuredPhantom:
    return make_measured(SpineSpec("api", (Level("L1"), Level("L2", 24.0, 27.0)), (2.0, 2.0, 2.2)))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("measures"), min_free_bytes=0, preload_model=False)
    with TestClient(create_asgi(settings, BoneEngine)) as client:
        yield client


@pytest.fixture(scope="module")
def mask(client: TestClient, phantom: MeasuredPhantom, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The reference of a study, with names."""
    folder = tmp_path_factory.mktemp("files")
    write_volume(phantom.volume, folder / "ct.nii.gz")
    write_nifti(phantom.labels, folder / "vert.nii.gz")
    files = {"file": ("Case 7.nii.gz", (folder / "ct.nii.gz").read_bytes()),
             "reference": ("vert.nii.gz", (folder / "vert.nii.gz").read_bytes())}  # fmt: skip
    study = client.post("/api/v1/studies", files=files).json()
    client.post(f"/api/v1/studies/{study['id']}/reviews",
                json={"verdict": "needs_work", "at_mm": [0, 0, 0], "comment": "Look at L2 again"})  # fmt: skip
    found: dict[str, Any] = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"][0]
    return found


def measured(client: TestClient, mask_id: str) -> dict[str, Any]:
    def closed() -> dict[str, Any]:
        answer: dict[str, Any] = client.get(f"{MASKS}/{mask_id}/measures").json()
        return answer if answer["state"] != "measuring" else {}

    return wait_for(closed, 120)


def folder_of(client: TestClient, mask: dict[str, Any]) -> Path:
    store = client.app.state.store  # type: ignore[attr-defined]
    found: Path = store.mask_folder(store.masks.get(mask["id"]))
    return found


def change(client: TestClient, mask: dict[str, Any], target: str = HEIGHT, lines: Any = None) -> Any:
    lines = lines or [[[0, 0, 0], [0, 0, 16]]]
    return client.post(f"{MASKS}/{mask['id']}/measures/edits", json={"target": target, "lines_mm": lines})


def test_a_mask_is_measured_once_and_its_values_follow_the_schema(client: TestClient, mask: dict[str, Any]):
    found = measured(client, mask["id"])
    assert (found["state"], found["progress"], found["error"]) == ("done", 1.0, None)
    jsonschema_rs.validate(SCHEMA, found["measures"])
    assert [each["name"] for each in found["measures"]["vertebrae"]] == ["L1", "L2"]
    drawing = found["drawings"][HEIGHT]
    assert (drawing["plane"], drawing["formula"], len(drawing["guides_mm"])) == ("sagittal", "distance", 2)
    kept = folder_of(client, mask) / MEASURES_FILE
    written = kept.stat().st_mtime_ns
    assert measured(client, mask["id"])["measures"] == found["measures"]
    assert kept.stat().st_mtime_ns == written


def test_a_reader_changes_a_height_and_goes_back(client: TestClient, mask: dict[str, Any]):
    before = measured(client, mask["id"])["measures"]["vertebrae"][1]["values"]
    answer = change(client, mask)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["value"], answer.json()["author"]) == (16.0, "testclient")
    assert change(client, mask, lines=[[[0, 0, 0], [0, 0, 17]]]).status_code == 201  # in the place of the first
    found = measured(client, mask["id"])
    (edit,) = found["edits"]
    height = found["measures"]["vertebrae"][1]["values"]["anterior_height_mm"]
    assert height == {"value": 17.0, "edited_by": "testclient", "automatic": before["anterior_height_mm"]["value"]}
    assert found["measures"]["vertebrae"][1]["genant_grade"] == 2
    rows = list(csv.DictReader(io.StringIO(client.get(found["csv_url"]).content.decode("utf-8-sig"))))
    (row,) = [row for row in rows if (row["name"], row["measure"]) == ("L2", "anterior_height_mm")]
    assert row["note"].startswith("edited by testclient; automatic")
    assert client.delete(edit["url"]).status_code == 204
    assert client.delete(edit["url"]).status_code == 404
    assert measured(client, mask["id"])["measures"]["vertebrae"][1]["values"] == before
    audit = [(each.action, each.detail) for each in client.app.state.store.audit.entries()]  # type: ignore[attr-defined]
    assert ("edit_measure", f"{mask['id']} {HEIGHT} 17.0") in audit
    assert ("delete", f"{mask['id']} {HEIGHT} 17.0") in audit


@pytest.mark.parametrize(
    ("target", "lines", "status", "code"),
    [
        ("vertebra/L2/volume_ml", None, 422, "not_editable"),
        ("vertebra/L2/wedge_ratio", None, 422, "not_editable"),  # follows from heights
        ("vertebra/T1/anterior_height_mm", None, 422, "not_editable"),
        (HEIGHT, [[[0, 0, 0], [0, 0, 9]]] * 2, 422, "bad_lines"),
        ("disc/L1-L2/wedge_angle_deg", [[[0, 0, 0], [5, 0, 0]]] * 2, 422, "bad_lines"),  # points, seen from the side
        (HEIGHT, [[[0, 0, 0]]], 400, "bad_request"),
        (HEIGHT, [[[0, 0, 0], [0, 0, 1e30]]], 400, "bad_request"),
    ],
)
def test_what_is_no_change_of_a_measure(
    client: TestClient, mask: dict[str, Any], target: str, lines: Any, status: int, code: str
):
    measured(client, mask["id"])
    answer = change(client, mask, target, lines)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not (folder_of(client, mask) / EDITS_FILE).exists() or measured(client, mask["id"])["edits"] == []


def test_changes_survive_measures_that_must_be_made_anew(client: TestClient, mask: dict[str, Any]):
    measured(client, mask["id"])
    edit = change(client, mask).json()
    (folder_of(client, mask) / MEASURES_FILE).write_text('{"schema": "spineview-measures-0"}')
    client.app.state.services.measuring._runs.clear()  # type: ignore[attr-defined] # as after a start
    found = measured(client, mask["id"])
    assert found["measures"]["vertebrae"][1]["values"]["anterior_height_mm"]["value"] == 16.0
    assert client.delete(edit["url"]).status_code == 204


@pytest.mark.parametrize(("lang", "words"), [("en", "Needs work"), ("zh", "需要修改")])
def test_the_report_has_the_reviewers_comments_and_the_alias(
    client: TestClient, mask: dict[str, Any], lang: str, words: str
):
    answer = client.get(f"{MASKS}/{mask['id']}/report.pdf", params={"lang": lang})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="Case_7_report.pdf"'
    pdf = PdfReader(io.BytesIO(answer.content))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "Look at L2 again" in text
    assert words in text
    assert "Case 7" in text
    assert len(pdf.pages[0].images) == 4


def test_what_cannot_be_measured_says_why(client: TestClient, mask: dict[str, Any], phantom: MeasuredPhantom):
    store = client.app.state.store  # type: ignore[attr-defined]
    staged = store.stage()
    spine = type(phantom.labels)((phantom.labels.labels > 0).astype("uint8"), phantom.labels.grid, "spine")
    made = write_mask(spine, phantom.volume, staged, mask["study_id"], "model")
    assert store.jobs.complete(store.jobs.add(mask["study_id"]).id, made, staged, "")
    found = measured(client, made.id)
    assert (found["state"], found["measures"]) == ("failed", None)
    assert "binary" in found["error"]["message"]
    assert change(client, {"id": made.id}).status_code == 409
    assert client.get(f"{MASKS}/{made.id}/report.pdf").status_code == 400
    assert client.get(f"{MASKS}/{made.id}/measures.csv", headers={"Accept-Language": "zh"}).status_code == 400


def test_objects_for_an_archive_need_a_dicom_study(client: TestClient, mask: dict[str, Any]):
    for name in ("report.dcm", "structured-report.zip"):
        assert client.get(f"{MASKS}/{mask['id']}/{name}").json()["error"]["code"] == "not_dicom"


def test_a_dicom_study_gets_its_report_and_measures_as_objects(
    client: TestClient, phantom: MeasuredPhantom, tmp_path: Path
):
    write_dicom(phantom.volume, tmp_path / "ct", DicomSpec())
    files = [("file", (path.name, path.read_bytes())) for path in sorted((tmp_path / "ct").iterdir())]
    waiting = client.post("/api/v1/imports", files=files).json()
    series = waiting["series"][0]["key"]
    study = client.post(f"/api/v1/imports/{waiting['id']}/studies", json={"series": series}).json()
    store = client.app.state.store  # type: ignore[attr-defined]
    staged = store.stage()
    made = write_mask(phantom.labels, phantom.volume, staged, study["id"], "vertebrae", "net 1")
    assert store.jobs.complete(store.jobs.add(study["id"]).id, made, staged, "")
    report = client.get(f"{MASKS}/{made.id}/report.dcm", params={"lang": "zh"})
    assert report.status_code == 200, report.text
    dataset = pydicom.dcmread(io.BytesIO(report.content))
    assert dataset.DocumentTitle == "脊柱 CT 测量报告"
    assert dataset.EncapsulatedDocument.startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(client.get(f"{MASKS}/{made.id}/structured-report.zip").content)) as archive:
        parts = {name: pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    assert set(parts) == {"SR.dcm", "SEG.dcm"}
    assert parts["SEG.dcm"].SOPInstanceUID in str(parts["SR.dcm"])
    assert parts["SR.dcm"].StudyInstanceUID == dataset.StudyInstanceUID


def test_an_address_is_no_name():
    assert [shown_author(who, "x") for who in ("127.0.0.1", "::1", "", "Dr Li")] == ["x", "x", "x", "Dr Li"]
