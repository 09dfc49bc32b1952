"""What the page starts with, and that its components find there what they need."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webapp.enumerations import PLANES, POINTS, VERDICTS
from webapp.paths import STATIC_DIR
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.tables import Study
from webapp.translations import LANGUAGES, page_texts, table, translate
from webapp.viewer.page import initial_state

SOURCE = STATIC_DIR / "viewer" / "src"
STUDY = Study("s1", "ct.nii.gz", datetime(2026, 1, 1, tzinfo=UTC), (4, 5, 6), (1.0, 1.0, 2.5), "LPS", 1000)
STATE = initial_state(STUDY, "en", translate("en"))


def scripts() -> list[Path]:
    return [path for path in SOURCE.rglob("*") if path.suffix in (".js", ".vue")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_that_a_component_shows_is_sent_to_it(lang: str) -> None:
    named = {
        key
        for path in scripts()
        for found in re.finditer(r"\btexts\??(?:\.(\w+)|\['([\w.]+)'\])", path.read_text(encoding="utf-8"))
        for key in found.groups()
        if key
    }
    assert len(named) > 60
    assert named - set(page_texts(lang)) == set()


def test_no_two_words_of_the_page_have_the_same_name() -> None:
    sent = [key for key in table("en") if key.startswith(("viewer.", "common."))]
    assert len(page_texts("en")) == len(sent)


def test_every_value_that_a_component_reads_is_in_the_state() -> None:
    read = {
        key
        for path in (SOURCE / "page").rglob("*.vue")
        for key in re.findall(r"(?<![-\w])state\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert len(read) > 25
    assert read - set(STATE) == {"job"}  # a session sets it before its page opens


def test_a_page_starts_with_what_its_components_offer() -> None:
    presets = (SOURCE / "page" / "window-presets.js").read_text(encoding="utf-8")
    windows = [[int(n) for n in pair] for pair in re.findall(r"^  \w+: \[(-?\d+), (\d+)\],$", presets, re.MULTILINE)]
    assert len(windows) == 4
    assert STATE["level"] in windows
    layouts = (SOURCE / "page" / "layouts.js").read_text(encoding="utf-8")
    assert f"LAYOUTS = ['{STATE['layout']}'" in layouts


def test_a_page_offers_the_other_languages() -> None:
    assert STATE["languages"] == [{"code": "zh", "name": "简体中文", "url": "/language/zh?next=/studies/s1"}]


def test_only_a_study_that_came_as_dicom_offers_dicom() -> None:
    assert STATE["dicom_kinds"] == []
    came_as_dicom = replace(STUDY, original=DICOM_FOLDER)
    assert initial_state(came_as_dicom, "en", translate("en"))["dicom_kinds"] == ["seg", "rtstruct", "capture"]


def test_the_components_know_the_same_words_as_the_api() -> None:
    review = (SOURCE / "page" / "tools" / "ReviewTools.vue").read_text(encoding="utf-8")
    assert f"VERDICTS = {list(VERDICTS)}" in review
    clicks = (SOURCE / "measure" / "math.js").read_text(encoding="utf-8")
    assert set(re.findall(r"(\w+): \d", re.search(r"CLICKS = {(.*?)}", clicks)[1])) == set(POINTS)  # type: ignore[index]
    geometry = (SOURCE / "core" / "geometry.js").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+): { axis", geometry, re.MULTILINE) == list(PLANES)
