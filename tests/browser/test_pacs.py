"""What a doctor does with the PACS: search, fetch, segment, send back; the archive is a real Orthanc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmentation.core.volume import Volume
from segmentation.phantom import Phantom
from tests.browser.site import Site, serving
from tests.browser.support import expect
from tests.dicom_series import write_series
from tests.orthanc import PASSWORD, USER, Orthanc, running_orthanc
from tests.webapp.archive import send_by_c_store
from webapp.dicomweb.config import PacsServer

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, small_phantom: Phantom) -> Iterator[Orthanc]:
    folder = tmp_path_factory.mktemp("orthanc")
    volume = Volume(small_phantom.volume.hu.astype(np.int16), small_phantom.volume.grid)
    chinese = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Wang^Xiaodong=王^小东", "PatientID": "4711"}
    with running_orthanc(folder) as running:
        send_by_c_store(running, write_series(volume, folder / "doe"))
        send_by_c_store(running, write_series(volume, folder / "wang", StudyDescription=HOSTILE, **chinese)[:3])
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc) -> Iterator[Site]:
    server = PacsServer(name="Hospital", url=orthanc.dicomweb, username=USER, password=PASSWORD)
    with serving(tmp_path_factory.mktemp("site"), pacs=(server,), keep_identity=True) as site:
        yield site


@pytest.mark.parametrize(("locale", "sent"), [("en-GB", "Sent to Hospital."), ("zh-CN", "已发送到 Hospital。")])
def test_search_fetch_segment_and_send_back(
    browser: Any, site: Site, orthanc: Orthanc, tmp_path: Path, locale: str, sent: str
):
    before = len(orthanc.rest("POST", "/tools/find", json={"Level": "Instance", "Query": {"Modality": "SEG"}}).json())
    size = {"width": 820, "height": 1180} if locale == "zh-CN" else {"width": 1440, "height": 900}
    page = browser.new_page(viewport=size, locale=locale)
    page.goto(site.address)
    page.get_by_test_id("pacs-link").click()
    page.get_by_test_id("pacs-patient").fill("doe jane")
    page.get_by_test_id("pacs-search").click()
    expect(page.get_by_test_id("found-study")).to_have_count(1)
    expect(page.get_by_test_id("found-study")).to_contain_text("Doe Jane")
    page.get_by_test_id("found-open").click()
    ct = page.get_by_test_id("found-series").first
    expect(ct).to_contain_text("SPINE 1.0 BONE")
    ct.get_by_test_id("fetch-button").click()
    expect(ct.get_by_test_id("fetch-open")).to_be_visible(timeout=60_000)
    ct.get_by_test_id("fetch-open").click()
    page.get_by_test_id("segment-button").click()
    page.get_by_test_id("send-button").click(timeout=60_000)
    expect(page.get_by_test_id("send-status")).to_have_text(sent, timeout=60_000)
    found = orthanc.rest("POST", "/tools/find", json={"Level": "Instance", "Query": {"Modality": "SEG"}}).json()
    assert len(found) == before + 1
    page.close()


def test_names_of_any_script_are_shown_and_markup_is_text(browser: Any, site: Site):
    page = browser.new_page(locale="en-GB")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{site.address}/pacs")
    page.get_by_test_id("pacs-patient").fill("4711")
    page.get_by_test_id("pacs-search").click()
    row = page.get_by_test_id("found-study")
    expect(row).to_contain_text("王 小东 (Wang Xiaodong)")
    expect(row).to_contain_text(HOSTILE)
    assert row.locator("img").count() == 0
    page.close()


def test_nothing_found_and_an_archive_that_is_away_are_said(browser: Any, tmp_path: Path, site: Site):
    page = browser.new_page(locale="en-GB")
    page.goto(f"{site.address}/pacs")
    page.get_by_test_id("pacs-patient").fill("Nobody")
    page.get_by_test_id("pacs-search").click()
    expect(page.get_by_test_id("pacs-said")).to_contain_text("Nothing found")
    with serving(tmp_path, pacs=(PacsServer(name="Away", url="http://127.0.0.1:9/dicom-web"),)) as other:
        page.goto(f"{other.address}/pacs")
        page.get_by_test_id("pacs-search").click()
        expect(page.get_by_test_id("upload-error")).to_contain_text("Away cannot be reached")
    page.close()


def test_a_de_identified_study_offers_no_way_back_and_says_so(browser: Any, tmp_path: Path, orthanc: Orthanc):
    server = PacsServer(name="Hospital", url=orthanc.dicomweb, username=USER, password=PASSWORD)
    with serving(tmp_path, pacs=(server,)) as site:
        page = browser.new_page(locale="en-GB")
        page.goto(f"{site.address}/pacs")
        expect(page.get_by_test_id("pacs-identity")).to_contain_text("de-identified")
        page.get_by_test_id("pacs-patient").fill("SV-0001")
        page.get_by_test_id("pacs-search").click()
        page.get_by_test_id("found-open").click()
        ct = page.get_by_test_id("found-series").first
        ct.get_by_test_id("fetch-button").click()
        ct.get_by_test_id("fetch-open").click(timeout=60_000)
        expect(page.get_by_test_id("study-name")).not_to_contain_text("Doe")
        page.get_by_test_id("segment-button").click()
        expect(page.get_by_test_id("send-status")).to_contain_text("cannot be sent back", timeout=60_000)
        expect(page.get_by_test_id("send-button")).to_have_count(0)
        page.close()
