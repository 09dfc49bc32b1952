"""What a doctor does in a real Chromium at a server below a path of another site: nginx, TLS, sockets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segmentation.phantom import Phantom
from segmentation.writers import write_volume
from tests.browser.support import LINE_PIXELS, amber, expect, pixels
from tests.browser.test_remote import NO_WEBGL, colourful
from tests.webapp.accounts.proxied import IS_MISSING, below_another_site, free_ports, make_certificate, proxied
from tests.webapp.accounts.support import PASSWORD
from tests.webapp.support import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.skipif(IS_MISSING, reason="nginx or openssl is not installed")]
JOB_MS = 120_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    make_certificate(folder)
    ports = free_ports()
    below_another_site(ports, folder)
    address = f"https://localhost:{ports.secure}/spineview"
    with proxied(folder, ports, address):
        yield address


@pytest.fixture(scope="module")
def context(browser: Any, site: str) -> Iterator[Any]:
    """A browser that is signed in, and every request of which must be below the path."""
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-GB", accept_downloads=True
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context
    elsewhere = [url for url in asked if not url.startswith((f"{site}/", "data:", "blob:"))]
    context.close()
    assert len(asked) > 40
    assert elsewhere == []


@pytest.fixture(scope="module")
def study_url(context: Any, site: str, small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Sign in by the form and upload a scan."""
    ct = tmp_path_factory.mktemp("ct") / "ct.nii.gz"
    write_volume(small_phantom.volume, ct)
    page = context.new_page()
    page.goto(f"{site}/account")
    assert page.url == f"{site}/signin?next=/account"
    page.locator("[name=name]").fill("clinician")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("#signin button[type=submit]").click()
    page.wait_for_url(f"{site}/account")
    page.goto(f"{site}/")
    page.get_by_test_id("upload-input").set_input_files(ct)
    page.wait_for_url(f"{site}/studies/*", timeout=60_000)
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)
    url = str(page.url).partition("?")[0]  # trame's client adds how it reconnects
    page.close()
    return url


def test_a_study_is_segmented_looked_at_and_downloaded(context: Any, study_url: str, tmp_path: Path) -> None:
    page = context.new_page()
    page.goto(study_url)
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)
    assert str(page.url).startswith(study_url)
    page.get_by_test_id("segment-button").click()
    expect(page.get_by_test_id("stage")).to_have_text(re.compile("^Done"), timeout=JOB_MS)
    wait_for(lambda: amber(pixels(page, "view-3d")).sum() > 2 * LINE_PIXELS, 60)
    with page.expect_download() as download:
        page.get_by_test_id("download-mask").first.click()
    download.value.save_as(tmp_path / "mask.nii.gz")
    assert (tmp_path / "mask.nii.gz").stat().st_size > 100
    page.close()


def test_a_share_link_opens_the_study_in_another_browser(context: Any, browser: Any, study_url: str, site: str) -> None:
    made = context.request.post(
        study_url.replace("/studies/", "/api/v1/studies/") + "/shares",
        data={"kind": "view", "days": 1},
        headers={"origin": site.removesuffix("/spineview")},
    )
    assert made.status == 201, made.text()
    guest = browser.new_context(ignore_https_errors=True)
    page = guest.new_page()
    page.goto(made.json()["link"])
    page.wait_for_url(re.compile(re.escape(study_url)), timeout=60_000)
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)
    guest.close()


def test_the_server_draws_where_the_browser_cannot(context: Any, study_url: str) -> None:
    page = context.new_page()
    page.add_init_script(NO_WEBGL)
    page.goto(study_url)
    wait_for(lambda: colourful(pixels(page, "remote-view")) > 1500, 90)
    page.close()


def test_theme_and_language_are_remembered_and_signing_out_leads_to_the_form(context: Any, site: str) -> None:
    page = context.new_page()
    page.goto(f"{site}/")
    page.get_by_test_id("theme-switch").click()
    page.get_by_test_id("language-switch").click()
    page.wait_for_url(f"{site}/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    kept = {cookie["name"]: cookie["path"] for cookie in context.cookies()}
    assert set(kept.values()) == {"/spineview/"}
    assert {"theme", "lang"} <= set(kept)
    page.get_by_test_id("sign-out").click()
    page.wait_for_url(f"{site}/signin")
    page.close()
