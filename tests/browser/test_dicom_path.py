"""DICOM in a browser: a folder, loose files, a zip, dropped or chosen; the series picked; the mask downloaded."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.readers import read_label_map
from tests.browser.support import expect
from tests.webapp.support import BONE_HU, small_volume
from tests.webapp.test_serve import Process

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real server around an engine that marks bone."""
    process = Process(tmp_path_factory.mktemp("server"))
    process.gate.touch()
    yield process.start()
    log = process.log()
    process.close()
    assert not [word for word in (HOSTILE, "Phantom", "onerror") if word.lower() in log.lower()]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thick slices, thin bone slices with a hostile description and a missing slice, and MR; in folders."""
    folder = tmp_path_factory.mktemp("study")
    volume = small_volume()
    thick = Volume(volume.hu[:, :, ::2], Grid((30, 28, 12), volume.grid.affine @ np.diag([1, 1, 2.0, 1])))
    write_dicom(thick, folder / "a", DicomSpec(series_number=2, kernel="Br40", description="Abdomen", seed=2))
    bone = DicomSpec(series_number=3, kernel="Br59", description=HOSTILE, missing=(3,), seed=3)
    write_dicom(volume, folder / "b" / "c", bone)
    write_dicom(volume, folder / "d", DicomSpec(series_number=4, modality="MR", seed=4))
    return folder


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Any, site: str) -> Iterator[Any]:
    """A desk in English, or a tablet in Chinese where the test asks for it."""
    tablet = getattr(request, "param", "desk") == "tablet"
    size = {"width": 820, "height": 1180} if tablet else {"width": 1440, "height": 900}
    locale = "zh-CN" if tablet else "en-GB"
    context = browser.new_context(viewport=size, has_touch=tablet, locale=locale, accept_downloads=True)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"the header's script ran: {dialog.message}"))
    page.goto(site)
    yield page
    assert faults == []
    for each in page.request.get(f"{site}/api/v1/studies").json()["studies"]:
        page.request.delete(f"{site}/api/v1/studies/{each['id']}")
    context.close()


@pytest.mark.parametrize("page", ["desk", "tablet"], indirect=True)
def test_a_folder_is_chosen_its_spine_series_proposed_and_segmented(
    page: Any, site: str, study: Path, tmp_path: Path
) -> None:
    page.get_by_test_id("folder-input").set_input_files(study)
    rows = page.get_by_test_id("series-row")
    expect(rows).to_have_count(3, timeout=60_000)
    expect(rows.nth(0)).to_contain_text(HOSTILE)  # as text
    for words in ("CT", "23", "1.5 × 1.5 × 2 mm", "Br59"):
        expect(rows.nth(0)).to_contain_text(words)
    expect(rows.nth(0).get_by_role("radio")).to_be_checked()
    expect(rows.nth(0).get_by_test_id("series-proposed")).to_be_visible()
    expect(rows.nth(1).get_by_test_id("series-proposed")).to_be_hidden()
    chinese = page.evaluate("document.documentElement.lang").startswith("zh")
    why = "序列 4 不是 CT，而是磁共振（MR）。" if chinese else "Series 4 is not CT but magnetic resonance (MR)."
    expect(rows.nth(2)).to_contain_text(why)
    expect(rows.nth(2).get_by_role("radio")).to_be_disabled()
    picture = rows.nth(0).locator("img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 192
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    low = page.evaluate(
        "[...document.querySelectorAll('dialog[open] button, .series-row')].filter((b) => b.offsetHeight < 44).length"
    )
    assert low == 0

    page.get_by_test_id("series-use").click()
    expect(page.get_by_test_id("study-name")).to_contain_text("Series 3: 23 images, 2 mm, Br59", timeout=60_000)
    expect(page.get_by_test_id("study-facts")).to_contain_text("30 × 28 × 24")
    expect(page.get_by_test_id("study-notes")).to_contain_text("缺少一个层面" if chinese else "One slice was missing")
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)
    page.get_by_test_id("segment-button").click()
    expect(page.get_by_test_id("download-mask").first).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_test_id("download-mask").first.click()
    path = tmp_path / "mask.nii.gz"
    download.value.save_as(path)
    mask, volume = read_label_map(path), small_volume()
    hu = volume.hu.astype(float)
    hu[:, :, 3] = np.rint((hu[:, :, 2] + hu[:, :, 4]) / 2)
    np.testing.assert_array_equal(mask.labels, hu > BONE_HU)
    np.testing.assert_allclose(mask.grid.affine, volume.grid.affine, atol=1e-4)


def test_loose_files_a_zip_and_a_dropped_folder_show_the_same_series(page: Any, study: Path, tmp_path: Path) -> None:
    loose = [path for path in study.rglob("*") if path.is_file()]
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in loose:
            archive.write(path, path.relative_to(study))
    for give in (
        lambda: page.get_by_test_id("upload-input").set_input_files(loose),
        lambda: page.get_by_test_id("upload-input").set_input_files(packed),
        lambda: drop(page, study),
    ):
        give()
        expect(page.get_by_test_id("series-dialog")).to_be_visible(timeout=60_000)
        expect(page.get_by_test_id("series-row")).to_have_count(3)
        expect(page.get_by_test_id("series-row").nth(0).get_by_role("radio")).to_be_checked()
        page.get_by_test_id("series-cancel").click()
        expect(page.get_by_test_id("series-dialog")).to_be_hidden()


def drop(page: Any, folder: Path) -> None:
    """Drag a folder from the desktop onto the page, as the browser itself would report it."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 250, "data": data})
    session.detach()


def test_a_disc_with_a_dicomdir_is_read_and_what_it_lacks_is_said(page: Any, site: str, tmp_path: Path) -> None:
    medium = FileSet()
    for path in write_dicom(small_volume(), tmp_path / "files", DicomSpec()):
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "A"
        medium.add(dataset)
    medium.write(tmp_path / "disc")
    medium._stage["t"].cleanup()  # left to itself, it would warn
    by_position = sorted(
        (path for path in (tmp_path / "disc").rglob("*") if path.is_file() and path.name != "DICOMDIR"),
        key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2]),
    )
    for path in by_position[:2]:
        path.unlink()
    page.get_by_test_id("folder-input").set_input_files(tmp_path / "disc")
    rows = page.get_by_test_id("series-row")
    expect(rows).to_have_count(1, timeout=60_000)
    expect(rows).to_contain_text("22")
    expect(page.get_by_test_id("series-notes")).to_have_text("The DICOMDIR lists 24 images, of which 2 are not here.")
    page.get_by_test_id("series-use").click()
    expect(page.get_by_test_id("study-facts")).to_contain_text("30 × 28 × 22", timeout=60_000)
    expect(page.get_by_test_id("study-notes")).to_contain_text("The DICOMDIR lists 24 images")
    page.goto(site)
    expect(page.get_by_test_id("study-row").get_by_test_id("study-notes")).to_contain_text("The DICOMDIR lists")


@pytest.mark.parametrize("page", ["tablet"], indirect=True)
def test_burned_in_text_is_warned_of_before_and_after_the_choice(page: Any, tmp_path: Path) -> None:
    warning = "图像中可能烧录有姓名等文字：分享前请查看。"
    write_dicom(small_volume(), tmp_path / "ct", DicomSpec(burned_in=True))
    page.get_by_test_id("folder-input").set_input_files(tmp_path / "ct")
    expect(page.get_by_test_id("series-row")).to_contain_text(warning, timeout=60_000)
    page.get_by_test_id("series-use").click()
    page.wait_for_url("**/studies/*", timeout=60_000)
    expect(page.get_by_test_id("study-notes")).to_contain_text(warning, timeout=60_000)


def test_hostile_texts_of_a_header_are_text_on_every_page(page: Any, site: str, tmp_path: Path) -> None:
    texts = DicomSpec(
        description=HOSTILE, kernel=f"{{{{7*7}}}}{HOSTILE}", patient=HOSTILE, image_type=("ORIGINAL", HOSTILE, "AXIAL")
    )
    write_dicom(small_volume(), tmp_path / "ct", texts)
    write_dicom(small_volume(), tmp_path / "other", DicomSpec(modality=HOSTILE, series_number=3, seed=1))
    write_dicom(small_volume(), tmp_path / "none", DicomSpec(modality="", series_number=4, seed=2))
    page.get_by_test_id("folder-input").set_input_files(tmp_path)
    rows = page.get_by_test_id("series-row")
    expect(rows).to_have_count(3, timeout=60_000)
    expect(rows.nth(2)).to_contain_text("Series 4 does not say that it is CT: its header names no modality.")
    expect(rows.nth(2).locator("[data-part=facts]")).to_have_text("24 images · kernel BONE")
    expect(rows.nth(1)).to_contain_text("Series 3 is not CT but another kind of object (<IMG SRC=X")
    page.get_by_test_id("series-use").click()
    # The kernel is part of the study's name.
    expect(page.get_by_test_id("study-name")).to_contain_text("{{7*7}}<img src=x", timeout=60_000)
    page.wait_for_function("window.spineview && window.spineview.ready", timeout=60_000)
    assert page.locator("img[src=x]").count() == 0  # and the page fixture fails if a script has run
    page.goto(site)
    expect(page.get_by_test_id("study-row")).to_contain_text("{{7*7}}<img src=x")
    assert page.locator("img[src=x]").count() == 0


def test_another_series_can_be_chosen(page: Any, study: Path) -> None:
    page.get_by_test_id("folder-input").set_input_files(study)
    rows = page.get_by_test_id("series-row")
    expect(rows).to_have_count(3, timeout=60_000)
    rows.nth(1).click()
    page.get_by_test_id("series-use").click()
    expect(page.get_by_test_id("study-name")).to_contain_text("Series 2: 12 images, 4 mm", timeout=60_000)


def test_what_holds_no_ct_is_refused_with_its_modality(page: Any, study: Path) -> None:
    page.get_by_test_id("folder-input").set_input_files(study / "d")
    expect(page.get_by_test_id("series-row")).to_have_count(1, timeout=60_000)
    expect(page.get_by_test_id("series-row")).to_contain_text("not CT but magnetic resonance")
    expect(page.get_by_test_id("series-use")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("series-dialog")).to_be_hidden()
    expect(page.get_by_test_id("study-row")).to_have_count(0)


@pytest.mark.parametrize(
    ("page", "said", "advice"),
    [
        ("desk", "There are no DICOM images here.", "Choose the folder, or a zip of it"),
        ("tablet", "此处没有 DICOM 图像。已略去 1 个不是 DICOM 图像的文件。", "请选择由 CT 设备或 PACS 导出的文件夹"),
    ],
    indirect=["page"],
)
def test_a_folder_without_dicom_says_so(page: Any, tmp_path: Path, said: str, advice: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter").write_text("hello")
    page.get_by_test_id("folder-input").set_input_files(tmp_path / "folder")
    expect(page.get_by_test_id("upload-error")).to_contain_text(said, timeout=60_000)
    expect(page.get_by_test_id("upload-error")).to_contain_text(advice)


@pytest.mark.parametrize("page", ["tablet"], indirect=True)
def test_what_holds_no_ct_is_refused_in_chinese(page: Any, study: Path) -> None:
    page.get_by_test_id("folder-input").set_input_files(study / "d")
    expect(page.get_by_test_id("series-row")).to_contain_text("序列 4 不是 CT，而是磁共振（MR）。", timeout=60_000)
