"""Every refusal that can reach a page has Chinese words, and readers of Chinese get them."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from string import Formatter

import pytest
from starlette.testclient import TestClient

from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers.dicom.group_series import MODALITIES
from tests.webapp.refusal_sentences import ROOT, Sentences, modules
from tests.webapp.support import BoneEngine, small_volume, wait_for
from webapp.paths import STATIC_DIR
from webapp.refusals import say
from webapp.translations import COOKIE

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
TABLES = json.loads((STATIC_DIR / "i18n" / "refusals.zh.json").read_text(encoding="utf-8"))
BARE_STATUS = "{}."  # "Forbidden.": the words of HTTP for a status without others


def placeholders(text: str) -> list[str]:
    """Names of the fields of a format string, numbered where they have none."""
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    return sorted(name or str(number) for number, name in enumerate(names))


def test_every_refusal_that_can_reach_a_page_has_chinese_words():
    read = modules()
    told = set().union(*(module.sentences for module in read)) - {BARE_STATUS}
    statuses = {f"{status.phrase}." for status in HTTPStatus}
    assert len(told) > 200
    assert sorted(told - TABLES["sentences"].keys()) == []
    assert sorted(TABLES["sentences"].keys() - told - statuses) == [], "words for what nothing says any more"
    assert sorted(set().union(*(module.phrases for module in read)) - TABLES["phrases"].keys()) == []


def test_no_refusal_is_overlooked():
    """What is no text where it is raised is handed on from a refusal that is one."""
    handed_on = {line.partition(": ")[2] for module in modules() for line in module.unread}
    assert handed_on == {"error.message", "error.hint", "message", "hint"}


@pytest.mark.parametrize("table", ["sentences", "phrases"])
def test_chinese_words_hold_the_same_values(table: str):
    for english, chinese in TABLES[table].items():
        assert placeholders(chinese) == placeholders(english), english
        assert len(set(placeholders(chinese))) == len(placeholders(chinese)), english
        assert "{}{}" not in english, "two values with nothing between them cannot be told apart"


def test_every_word_that_readers_put_into_a_sentence_is_chinese():
    values = Sentences(ROOT / "segmentation" / "readers" / "values.py")
    reasons = [
        text
        for inner in ast.walk(values.functions["reason_not_hounsfield"])
        if isinstance(inner, ast.Return)
        for text in values.templates(inner.value)
    ]
    assert len(reasons) == 8  # seven, and none
    for words in (*MODALITIES.values(), "another kind of object", *filter(None, reasons)):
        assert words in TABLES["phrases"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("scan (1).nii holds a single slice (size 9 x 9 x 1).", "scan (1).nii 只有一层（大小 9 x 9 x 1）。"),
        ("head and neck.nii is empty.", "head and neck.nii 是空文件。"),
        ("The reference mask is empty.", "参考掩膜是空文件。"),
        ("a.nii is not gzip-compressed, although its name says otherwise.", "a.nii 不是 gzip 压缩文件，与其名称不符。"),
        (
            "2 images of Series 2 are damaged (slices 3, 5 to 9 and 12 of 60): their pixels cannot be decoded, "
            "and more than one cannot be made up.",
            "序列 2 中有 2 幅图像已损坏（第 3, 5 至 9 和 12 层，共 60 层）：像素无法解码；缺失不止一层时无法插值补全。",
        ),
        (
            "There are no DICOM images here. 3 files that are not DICOM images were left out. "
            "2 links were not followed.",
            "此处没有 DICOM 图像。已略去 3 个不是 DICOM 图像的文件。未跟随 2 个链接。",
        ),
        ("PACS1 did not take 2 of 3 files.", "PACS1 未接收 3 个文件中的 2 个。"),
        (
            "This review cannot be stored: this study has 500 already.",
            "无法保存此审核意见：该检查已有 500 条。",
        ),
        ("verdict must be one of accepted, needs_work.", "verdict 必须是以下之一：accepted, needs_work。"),
        ("Nobody has translated this.", "Nobody has translated this."),
        ("", ""),
    ],
)
def test_sentences_are_told_with_their_values(english: str, chinese: str):
    assert say(english, "zh") == chinese
    assert say(english, "en") == english


def test_a_value_with_braces_is_told_as_it_is():
    assert say("{0}{x}.nii is empty.", "zh") == "{0}{x}.nii 是空文件。"


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


def test_why_a_job_failed_is_stored_in_english_and_shown_in_chinese(
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
