"""Errors reach readers in their language: of a request, of a series, of a job, and on a page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from segmentation.core.errors import NotAVolume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from tests.webapp.support import BoneEngine, small_volume, wait_for
from webapp.http.errors import from_input_error, from_status
from webapp.translations import COOKIE

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


def sent(client: TestClient, name: str, data: bytes, **headers: str) -> dict:
    answer = client.post("/api/v1/studies", files={"file": (name, data)}, headers=headers)
    return answer.json()["error"]


def test_a_bad_file_is_refused_in_the_language_of_the_reader(client: TestClient):
    english = {
        "code": "unreadable_file",
        "message": "knee.nii is not a NIfTI file: its header is not one.",
        "hint": "Check that the file is what its name says.",
    }
    chinese = {
        "code": "unreadable_file",
        "message": "knee.nii 不是 NIfTI 文件：文件头不符合该格式。",
        "hint": "请检查文件内容是否与其名称相符。",
    }
    bad = b"no header" * 100
    assert sent(client, "knee.nii", bad) == english
    assert sent(client, "knee.nii", bad, **CHINESE) == chinese
    client.cookies.set(COOKIE, "zh")
    assert sent(client, "knee.nii", bad) == chinese
    client.cookies.set(COOKIE, "en")
    assert sent(client, "knee.nii", bad, **CHINESE) == english


def test_a_too_large_upload_is_refused_in_chinese(client: TestClient):
    services = client.app.state.services
    small = services.settings.model_copy(update={"max_upload_bytes": 1 << 20})
    client.app.state.services = replace(services, settings=small)
    error = sent(client, "scan.nii", bytes(1 << 21), **CHINESE)
    assert error["message"] == "本次上传超过了服务器允许的 0.000977 GiB。"
    assert error["hint"] == "请将影像裁剪到脊柱区域，或请管理人员调高 SPINEVIEW_MAX_UPLOAD_BYTES。"


def test_a_series_that_is_no_ct_is_refused_in_chinese(client: TestClient, tmp_path: Path):
    write_dicom(small_volume(), tmp_path / "mr", DicomSpec(modality="MR", series_number=3))
    files = [("file", (path.name, path.read_bytes())) for path in sorted((tmp_path / "mr").iterdir())]
    waiting = client.post("/api/v1/imports", files=files, headers=CHINESE).json()
    chinese = {"code": "not_ct", "message": "序列 3 不是 CT，而是磁共振（MR）。", "hint": "请选择 CT 序列。"}
    assert waiting["series"][0]["problem"] == chinese
    address = f"/api/v1/imports/{waiting['id']}"
    assert client.get(address, headers=CHINESE).json() == waiting
    assert client.post(f"{address}/studies", headers=CHINESE).json()["error"] == chinese
    english = client.get(address).json()["series"][0]["problem"]
    assert english["message"] == "Series 3 is not CT but magnetic resonance (MR)."


def test_why_a_job_failed_is_shown_in_the_language_of_the_reader(
    client: TestClient, upload: Callable[..., dict], ct: Path, engine: BoneEngine, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine, "segment", fail)
    study = upload(ct)
    job = client.post(f"/api/v1/studies/{study['id']}/jobs").json()
    address = f"/api/v1/jobs/{job['id']}"
    assert wait_for(lambda: client.get(address).json()["state"] == "failed")
    english = "The segmentation stopped because of a fault in the program (ZeroDivisionError)."
    assert client.get(address).json()["error"]["message"] == english
    studies = client.get("/api/v1/studies", headers=CHINESE).json()["studies"]
    assert studies[0]["latest_job"]["error"]["message"] == "分割因程序故障而中止（ZeroDivisionError）。"


OLD = {"code": "not_a_volume", "message": "{0}.nii holds a single slice.", "hint": "Choose, or upload, another."}


@pytest.mark.parametrize(
    "stored",
    [
        OLD,
        {**OLD, "key": "of.another.version", "values": {"name": "a.nii"}},
        {**OLD, "key": "image.single_slice", "values": {"name": "a.nii"}},
        {**OLD, "key": "dicom.nothing_here_because", "values": {"reasons": {"key": "of.another", "values": {}}}},
    ],
)
def test_why_a_job_failed_is_shown_as_another_version_stored_it(
    client: TestClient, upload: Callable[..., dict], ct: Path, stored: dict
):
    study = upload(ct)
    job = client.post(f"/api/v1/studies/{study['id']}/jobs").json()
    address = f"/api/v1/jobs/{job['id']}"
    assert wait_for(lambda: client.get(address).json()["state"] == "done")
    with sqlite3.connect(client.app.state.settings.data_dir / "spineview.sqlite3") as database:
        database.execute("UPDATE jobs SET state = 'failed', error = ?", [json.dumps(stored)])
    for headers in ({}, CHINESE):
        assert client.get(address, headers=headers).json()["error"] == OLD
        [listed] = client.get("/api/v1/studies", headers=headers).json()["studies"]
        assert listed["latest_job"]["error"] == OLD


def test_an_error_keeps_its_code_and_gets_a_status():
    single = from_input_error(NotAVolume("slices.single", name="a.nii"))
    assert (single.status, single.code, single.message) == (422, "not_a_volume", "a.nii holds a single slice.")


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "not_found", "There is nothing at this address."),
        (403, "forbidden", "Forbidden."),
        (409, "conflict", "Conflict."),
    ],
)
def test_a_bare_status_has_words(status: int, code: str, message: str):
    error = from_status(status)
    assert (error.status, error.code, str(error)) == (status, code, message)


@pytest.mark.parametrize("path", ["/api/v1/studies/none", "/api/v1/masks/none/volume.bin"])
def test_what_is_not_there_is_said_in_chinese(client: TestClient, path: str):
    assert client.get(path, headers=CHINESE).json()["error"]["hint"] == "可能已被删除。"
    assert client.get(path).json()["error"]["hint"] == "It may have been deleted."


def test_a_page_of_another_site_is_refused_in_chinese(client: TestClient):
    answer = client.post("/api/v1/studies", headers={**CHINESE, "Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "此请求来自其他网站的页面。")


def test_an_error_page_tells_it_in_its_language(client: TestClient):
    assert "此地址不支持该请求方法。" in client.post("/", headers=CHINESE).text
    assert "This address does not answer to that method." in client.post("/").text
