"""Why a segmentation failed is said in its viewer, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segmentation.core.errors import NotAVolume
from tests.browser.site import serving
from tests.browser.support import expect
from tests.webapp.support import BoneEngine, small_volume

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("locale", "sentence", "advice"),
    [
        ("en-GB", "ct.nii.gz holds a single slice.", "Choose, or upload, the whole series."),
        ("zh-CN", "ct.nii.gz 只有一层。", "请选择或上传完整的序列。"),
    ],
)
def test_a_failed_segmentation_says_why(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str, sentence: str, advice: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotAVolume("slices.single", name="ct.nii.gz")

    monkeypatch.setattr(BoneEngine, "segment", refuse)
    with serving(tmp_path) as site:
        page = browser.new_page(locale=locale)
        page.goto(site.add_volume(tmp_path / "scan", small_volume()))
        page.get_by_test_id("segment-button").click()
        alert = page.get_by_role("alert").filter(has_text=sentence)
        expect(alert).to_contain_text(advice, timeout=60_000)
        page.goto(site.address)
        expect(page.get_by_test_id("study-row")).to_contain_text(sentence)
        page.close()
