from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap
from segmentation.writers import write_nifti
from tests.webapp.support import AFFINE, SHAPE
from webapp.api.uploads import StudyFiles
from webapp.http.errors import WebError
from webapp.http.multipart_form import MultipartFiles
from webapp.settings import Settings

URL = "/api/v1/studies"


def left_behind(settings: Settings) -> list[str]:
    """Everything in the store's folders."""
    return [str(p) for part in ("incoming", "studies") for p in (settings.data_dir / part).rglob("*")]


def refused(client: TestClient, settings: Settings, status: int, code: str, **request: object) -> dict:
    answer = client.post(URL, **request)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert left_behind(settings) == []
    assert client.get(URL).json() == {"studies": []}
    return answer.json()["error"]


def test_an_upload_becomes_a_study_and_is_kept_byte_for_byte(
    client: TestClient, settings: Settings, upload: Callable[..., dict], ct: Path
):
    study = upload(ct)
    assert study["name"] == "patient scan.nii.gz"
    assert study["shape"] == list(SHAPE)
    assert study["spacing_mm"] == [1.5, 1.5, 2.0]
    assert (study["orientation"], study["state"], study["has_reference"]) == ("LPS", "ready", False)
    assert study["size_bytes"] == ct.stat().st_size
    assert client.get(f"{URL}/{study['id']}").json() == study
    original = settings.data_dir / "studies" / study["id"] / "original.nii.gz"
    assert original.read_bytes() == ct.read_bytes()


def test_the_answer_names_its_own_address(client: TestClient, ct: Path):
    answer = client.post(URL, files={"file": (ct.name, ct.read_bytes())})
    assert answer.headers["location"] == f"{URL}/{answer.json()['id']}"


def test_a_reference_counts_vertebrae_without_the_sacrum(
    client: TestClient, upload: Callable[..., dict], ct: Path, reference: Path
):
    study = upload(ct, reference)
    assert study["has_reference"]
    [mask] = client.get(f"{URL}/{study['id']}/masks").json()["masks"]
    assert (mask["kind"], mask["label_map_kind"], mask["labels"]) == ("reference", "vertebrae", [20, 21, 26])
    assert mask["volume_ml"] == pytest.approx(8 * 6 * 10 * 4.5 / 1000)  # voxels of 1.5 x 1.5 x 2 mm


@pytest.mark.parametrize("name", ["../../evil.nii.gz", "..\\..\\evil.nii.gz", "/etc/evil.nii.gz"])
def test_a_hostile_name_never_reaches_the_disk(client: TestClient, settings: Settings, ct: Path, name: str):
    answer = client.post(URL, files={"file": (name, ct.read_bytes())})
    assert answer.status_code == 201
    assert answer.json()["name"] == "evil.nii.gz"
    assert [path for path in left_behind(settings) if "evil" in path] == []


def test_a_broken_file_is_refused_with_the_name_that_the_user_gave(client: TestClient, settings: Settings):
    error = refused(client, settings, 400, "unreadable_file", files={"file": ("a <b>.nii.gz", b"nonsense")})
    assert error["message"].startswith("a <b>.nii.gz")
    assert error["hint"]


def test_a_truncated_file_is_refused(client: TestClient, settings: Settings, ct: Path):
    whole = gzip.decompress(ct.read_bytes())
    broken = gzip.compress(whole[: len(whole) // 2])
    refused(client, settings, 400, "unreadable_file", files={"file": ("a.nii.gz", broken)})


def test_a_foreign_type_is_refused(client: TestClient, settings: Settings):
    error = refused(client, settings, 415, "unsupported_format", files={"file": ("a.exe", b"MZ")})
    assert error["message"] == "a.exe is not a file type that SpineView reads."


def test_a_thin_slab_is_refused(client: TestClient, settings: Settings, tmp_path: Path):
    path = tmp_path / "thin.nii.gz"
    write_nifti(LabelMap(np.zeros((4, 40, 40), dtype=np.uint8), Grid((4, 40, 40), np.eye(4))), path)
    refused(client, settings, 422, "too_small", files={"file": (path.name, path.read_bytes())})


def test_a_reference_on_another_grid_is_refused(client: TestClient, settings: Settings, tmp_path: Path, ct: Path):
    moved = AFFINE.copy()
    moved[0, 3] += 3
    path = tmp_path / "ref.nii.gz"
    write_nifti(LabelMap(np.ones(SHAPE, dtype=np.uint8), Grid(SHAPE, moved)), path)
    files = {"file": (ct.name, ct.read_bytes()), "reference": ("r.nii.gz", path.read_bytes())}
    error = refused(client, settings, 422, "grid_mismatch", files=files)
    assert "30 x 28 x 24 voxels" in error["message"]


def test_a_ct_is_not_a_reference(client: TestClient, settings: Settings, ct: Path):
    files = {"file": (ct.name, ct.read_bytes()), "reference": ("r.nii.gz", ct.read_bytes())}
    error = refused(client, settings, 400, "bad_input", files=files)
    assert error["message"].startswith("The reference mask is not a label map")


def test_more_than_the_limit_is_refused(ct: Path, client: TestClient):
    services = client.app.state.services
    small = services.settings.model_copy(update={"max_upload_bytes": 1000})
    client.app.state.services = replace(services, settings=small)
    big = {"file": ("a.nii", b"0" * 5000)}
    refused(client, small, 413, "too_large", files=big)

    def unannounced():  # no Content-Length: counted as it comes
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.nii"\r\n\r\n'
        yield b"0" * 5000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    refused(client, small, 413, "too_large", content=unannounced(), headers=headers)


def test_a_full_disk_is_said(client: TestClient, settings: Settings):
    services = client.app.state.services
    greedy = services.settings.model_copy(update={"min_free_bytes": 1 << 60})
    client.app.state.services = replace(services, settings=greedy)
    refused(client, settings, 507, "disk_full", files={"file": ("a.nii", b"0")})


def test_what_is_not_multipart_is_refused(client: TestClient, settings: Settings):
    refused(client, settings, 415, "unsupported_format", content=b"{}")


def test_a_form_without_a_ct_is_refused(client: TestClient, settings: Settings, reference: Path):
    files = {"reference": ("r.nii.gz", reference.read_bytes())}
    refused(client, settings, 400, "bad_request", files=files)
    refused(client, settings, 400, "bad_request", files={"file": ("", b"")}, data={"file": "words"})


def test_a_file_in_an_unknown_field_is_refused(client: TestClient, settings: Settings, ct: Path):
    refused(client, settings, 400, "bad_request", files={"other": (ct.name, ct.read_bytes())})


def test_a_body_that_breaks_off_is_refused(client: TestClient, settings: Settings):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.nii"\r\n\r\n123'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    refused(client, settings, 400, "bad_request", content=body, headers=headers)
    refused(client, settings, 400, "bad_request", content=b"not multipart", headers=headers)


def test_a_boundary_longer_than_the_standard_allows_is_refused(client: TestClient, settings: Settings):
    for length in (71, 50_000):
        headers = {"content-type": f"multipart/form-data; boundary={'b' * length}"}
        refused(client, settings, 400, "bad_request", content=b"--", headers=headers)


def test_a_body_of_many_pieces_arrives_whole(client: TestClient, settings: Settings):
    error = refused(client, settings, 400, "unreadable_file", files={"file": ("a.nii", bytes(3 << 20))})
    assert error["message"].startswith("a.nii")


@pytest.mark.parametrize("step", [1, 7, 64, 100_000])
def test_the_sink_writes_the_same_file_however_the_body_is_cut(tmp_path: Path, step: int):
    content = os.urandom(3000) + b"\r\n--boundary\r" + os.urandom(100)
    head = b'--boundary-x\r\ncontent-disposition: form-data; name="file"; filename="\xc3\xa9.NII"\r\n\r\n'
    body = head + content + b"\r\n--boundary-x--\r\n"
    places = StudyFiles(tmp_path)
    sink = MultipartFiles(b"boundary-x", places.place)
    for start in range(0, len(body), step):
        sink.write([body[start : start + step]])
    sink.check_end()
    upload = places.upload()
    assert (upload.name, upload.original, upload.reference) == ("é.NII", "original.nii", None)
    assert (tmp_path / "original.nii").read_bytes() == content


def test_two_files_in_one_field_are_refused(tmp_path: Path):
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.nii"\r\n\r\nx\r\n'
    sink = MultipartFiles(b"b", StudyFiles(tmp_path).place)
    with pytest.raises(WebError, match="not expected"):
        sink.write([part + part + b"--b--\r\n"])


def test_uploads_are_in_the_audit_trail(client: TestClient, upload: Callable[..., dict], ct: Path):
    study = upload(ct)
    [entry] = client.app.state.store.audit.entries()
    assert (entry.action, entry.study_id, entry.who) == ("upload", study["id"], "testclient")
