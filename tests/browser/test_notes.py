"""What was repaired in a scan is said in its viewer, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from segmentation.phantom.dicom import DicomSpec, write_dicom
from tests.browser.site import Site, serving
from tests.browser.support import expect
from tests.webapp.support import small_volume

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("notes")) as site:
        yield site


@pytest.mark.parametrize(
    ("locale", "title", "sentence"),
    [
        ("en-GB", "About this scan", r"One slice was missing at [-\d.]+ mm; it was interpolated"),
        ("zh-CN", "关于此影像", r"在 [-\d.]+ mm 处缺少一个层面"),
    ],
)
def test_a_missing_slice_is_said_beside_the_pictures(
    browser: Any, site: Site, tmp_path: Path, locale: str, title: str, sentence: str
) -> None:
    write_dicom(small_volume(), tmp_path / "series", DicomSpec(missing=(3,)))
    files = [("file", (path.name, path.read_bytes())) for path in sorted((tmp_path / "series").iterdir())]
    waiting = httpx.post(f"{site.address}/api/v1/imports", files=files, timeout=60).json()
    study = httpx.post(f"{site.address}/api/v1/imports/{waiting['id']}/studies", json={}, timeout=60).json()
    page = browser.new_page(locale=locale)
    page.goto(site.address + study["url"])
    notes = page.get_by_test_id("study-notes")
    expect(notes).to_contain_text(title)
    expect(notes.get_by_role("listitem").first).to_be_visible()
    expect(notes).to_contain_text(re.compile(sentence))
    page.close()


def test_nothing_is_said_of_a_scan_that_is_as_it_should_be(browser: Any, site: Site, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(site.add_volume(tmp_path / "plain", small_volume()))
    expect(page.get_by_test_id("segment-button")).to_be_visible()
    expect(page.get_by_test_id("study-notes")).to_have_count(0)
    page.close()
