"""The home page in a real Chromium, against the real server."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.webapp.test_serve import Process

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process = Process(tmp_path_factory.mktemp("server"))
    process.gate.touch()
    yield process.start()
    process.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: request.url.startswith((url, "data:")) or faults.append(request.url))
    page.on("console", lambda message: "Content Security" in message.text and faults.append(message.text))
    page.goto(url)
    yield page
    assert faults == []
    for study in page.request.get(f"{url}/api/v1/studies").json()["studies"]:
        page.request.delete(f"{url}/api/v1/studies/{study['id']}")
    context.close()


def add(page: Page, url: str, ct: Path, reference: Path | None = None) -> None:
    """Upload from elsewhere; the page lists it once it looks again."""
    files = {"file": ct} if reference is None else {"file": ct, "reference": reference}
    parts = {name: {"name": p.name, "mimeType": "", "buffer": p.read_bytes()} for name, p in files.items()}
    assert page.request.post(f"{url}/api/v1/studies", multipart=parts).status == 201
    page.goto(url)


def test_a_ct_is_uploaded_and_opens_and_is_listed_and_deleted(page: Page, url: str, ct: Path, reference: Path):
    expect(page.get_by_test_id("empty-state")).to_be_visible()
    page.get_by_test_id("reference-input").set_input_files(reference)
    page.get_by_test_id("upload-input").set_input_files(ct)
    page.wait_for_url(f"{url}/studies/*", timeout=60_000)
    expect(page.get_by_test_id("study-name")).to_have_text("patient scan.nii.gz", timeout=60_000)
    page.get_by_test_id("back").click()
    row = page.get_by_test_id("study-row")
    expect(row).to_have_count(1, timeout=60_000)
    for words in ("patient scan.nii.gz", "30 × 28 × 24", "1.5 × 1.5 × 2 mm", "Not segmented", "With reference"):
        expect(row).to_contain_text(words)
    expect(page.get_by_test_id("empty-state")).to_be_hidden()
    assert row.locator("img").evaluate("image => image.decode().then(() => image.naturalHeight)") == 240

    page.get_by_test_id("delete-button").click()
    page.get_by_role("button", name="Keep it").click()
    expect(row).to_have_count(1)
    page.get_by_test_id("delete-button").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_test_id("empty-state")).to_be_visible()
    assert page.request.get(f"{url}/api/v1/studies").json() == {"studies": []}


def test_a_job_is_followed_without_a_reload(page: Page, url: str, ct: Path, reference: Path):
    add(page, url, ct, reference)
    row = page.get_by_test_id("study-row")
    study_id = row.get_attribute("data-study-id")
    page.request.post(f"{url}/api/v1/studies/{study_id}/jobs", data={"task": "segment"})
    expect(page.get_by_test_id("study-state")).to_have_text("Segmented", timeout=20_000)
    expect(page.get_by_test_id("dice-value")).to_have_text("Dice 1.000")


def test_a_list_that_has_not_changed_is_not_sent_again(page: Page, url: str, ct: Path):
    add(page, url, ct)
    row = page.get_by_test_id("study-row")
    expect(row).to_have_count(1)

    def is_list(status: int) -> Callable[[Response], bool]:
        return lambda response: response.url == f"{url}/api/v1/studies" and response.status == status

    for _ in range(2):
        with page.expect_response(is_list(304), timeout=60_000):
            pass
    expect(row).to_have_count(1)
    study_id = row.get_attribute("data-study-id")
    with page.expect_response(is_list(200), timeout=60_000):
        page.request.delete(f"{url}/api/v1/studies/{study_id}")
    expect(row).to_have_count(0)


def test_a_refusal_says_why_on_the_page_and_names_are_only_text(page: Page, tmp_path: Path):
    bad = tmp_path / "<img src=x onerror=alert(1)>.nii.gz"
    bad.write_bytes(b"nonsense")
    page.get_by_test_id("upload-input").set_input_files(bad)
    error = page.get_by_test_id("upload-error")
    expect(error).to_contain_text("This file cannot be read")
    expect(error).to_contain_text("<img src=x onerror=alert(1)>.nii.gz")
    expect(page.get_by_test_id("study-row")).to_have_count(0)
    expect(page.get_by_test_id("upload-input")).to_be_enabled()
    error.get_by_role("button").click()
    expect(error).to_be_hidden()


def test_a_wrong_type_is_said_before_it_travels(page: Page, tmp_path: Path):
    wrong = tmp_path / "holiday.jpg"
    wrong.write_bytes(b"x")
    page.on("request", lambda request: pytest.fail("it travelled") if request.method == "POST" else None)
    page.get_by_test_id("upload-input").set_input_files(wrong)
    expect(page.get_by_test_id("upload-error")).to_contain_text("holiday.jpg is not a file type")


def test_a_ct_and_its_mask_are_dropped_together(page: Page, url: str, ct: Path, reference: Path):
    files = [{"name": f.name, "data": base64.b64encode(f.read_bytes()).decode()} for f in (reference, ct)]
    page.evaluate(
        """files => {
            const transfer = new DataTransfer();
            for (const { name, data } of files) {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            const zone = document.getElementById("dropzone");
            for (const type of ["dragenter", "dragover", "drop"])
                zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
        }""",
        files,
    )
    page.wait_for_url(f"{url}/studies/*", timeout=60_000)
    page.goto(url)
    row = page.get_by_test_id("study-row")
    expect(row).to_contain_text("patient scan.nii.gz")
    expect(row).to_contain_text("With reference")


def test_the_page_speaks_chinese_after_the_switch(page: Page):
    page.get_by_test_id("language-switch").click()
    expect(page.get_by_test_id("empty-state")).to_contain_text("暂无检查")
    expect(page.get_by_test_id("research-only")).to_contain_text("仅供科研使用")
    page.get_by_test_id("language-switch").click()
    expect(page.get_by_test_id("empty-state")).to_contain_text("No studies yet")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (820, 1180), (390, 844)])
def test_nothing_sticks_out_and_fingers_can_hit(page: Page, url: str, ct: Path, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    add(page, url, ct)
    expect(page.get_by_test_id("study-row")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """[...document.querySelectorAll("button, .button")].filter((b) => b.offsetParent !== null)
           .filter((b) => Math.min(b.offsetWidth, b.offsetHeight) < 44).map((b) => b.outerHTML)"""
    )
    assert small == []


def test_the_keyboard_reaches_everything_with_a_visible_focus(page: Page):
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"upload-input", "reference-input", "demo-button"} <= set(seen)
    page.locator("#demo-button").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.locator("#demo-button").evaluate("b => getComputedStyle(b).outlineStyle") == "solid"
