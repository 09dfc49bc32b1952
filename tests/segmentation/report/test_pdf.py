from __future__ import annotations

import io
from datetime import datetime

import pytest
from pypdf import PdfReader

from segmentation.morphometry.measure import measure_spine
from segmentation.morphometry.results import Quantity, SpineMeasures
from segmentation.phantom.measured import Level, MeasuredPhantom, SpineSpec, make_measured
from segmentation.report.pdf import ReportFacts, make_pdf
from segmentation.report.table import number
from segmentation.report.words import LANGUAGES, words


@pytest.fixture(scope="module")
def phantom() -> MeasuredPhantom:
    levels = (Level("L1", rotation=-5.0, slip=-4.0), Level("L2", 20.0, 27.0, core_hu=98.0))
    return make_measured(SpineSpec("report", levels, (1.4, 1.4, 1.6)))


@pytest.fixture(scope="module")
def measures(phantom: MeasuredPhantom) -> SpineMeasures:
    return measure_spine(phantom.labels, phantom.volume)


def read(phantom: MeasuredPhantom, measures: SpineMeasures, lang: str, **facts: str) -> PdfReader:
    made = ReportFacts(made=datetime(2026, 1, 2, 3, 4), **facts)
    return PdfReader(io.BytesIO(make_pdf(phantom.volume, phantom.labels, measures, made, lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_page_reads_back_with_every_sign(phantom: MeasuredPhantom, measures: SpineMeasures, lang: str):
    comments = "−12.5° ± 0.3, 5 µm, mm², ≤ 3 and ≥ 2; 腰椎第四节向前滑移。"
    pdf = read(phantom, measures, lang, alias="Demo 7 演示", model="tiny ab12", comments=comments)
    assert len(pdf.pages) == 1
    text = pdf.pages[0].extract_text()
    for part in (words(lang)["title"], words(lang)["purpose"], "Demo 7 演示", "tiny ab12", "2026-01-02 03:04"):
        assert part in text
    assert comments in text.replace("\n", "")
    assert "≤ 100" in text
    assert "mm²" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_holds_the_values(phantom: MeasuredPhantom, measures: SpineMeasures, lang: str):
    text = read(phantom, measures, lang).pages[0].extract_text()
    for vertebra in measures.vertebrae:
        heights = [vertebra.values[f"{place}_height_mm"].value for place in ("anterior", "middle", "posterior")]
        assert " / ".join(f"{height:.1f}" for height in heights) in text
        assert f"{vertebra.values['trabecular_mean_hu'].value:.0f} (" in text
    slip = measures.discs[0].values["slip_mm"].value
    assert slip == pytest.approx(-4, abs=0.5)
    assert f"−{-slip:.1f} I" in text  # a true minus sign, and Meyerding's grade


def test_the_font_and_four_pictures_are_embedded(phantom: MeasuredPhantom, measures: SpineMeasures):
    page = read(phantom, measures, "zh").pages[0]
    assert len(page.images) == 4
    (font,) = page["/Resources"]["/Font"].values()
    descendant = font.get_object()["/DescendantFonts"][0].get_object()
    assert "/FontFile2" in descendant["/FontDescriptor"].get_object()


def test_a_character_that_the_font_lacks_is_named(phantom: MeasuredPhantom, measures: SpineMeasures):
    text = read(phantom, measures, "en", comments="喆").pages[0].extract_text()
    assert "〓[U+5586]" in text


def test_long_comments_take_further_pages(phantom: MeasuredPhantom, measures: SpineMeasures):
    pdf = read(phantom, measures, "zh", comments="腰椎。" * 3000)
    assert len(pdf.pages) > 1
    assert words("zh")["purpose"] in pdf.pages[-1].extract_text()


def test_a_level_without_numbers_says_why(phantom: MeasuredPhantom):
    unsure = measure_spine(phantom.labels, uncertain={20: "incomplete"})
    text = read(phantom, unsure, "zh").pages[0].extract_text()
    assert words("zh")["reason.incomplete"] in text


def test_both_languages_have_the_same_words():
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    same = {key for key, text in chinese.items() if not any("\u4e00" <= sign <= "\u9fff" for sign in text)}
    assert same == {"fact", "warning", "angle", "genant"}


def test_a_minus_sign_is_no_hyphen_and_zero_has_none():
    assert [number(Quantity(value, 0.1)) for value in (-12.46, -0.04, 3.0)] == ["−12.5", "0.0", "3.0"]
    assert number(Quantity(None, reason="cut")) == "–"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_planned_screws_are_printed_with_grade_clearance_and_what_they_are_not_for(
    phantom: MeasuredPhantom, measures: SpineMeasures, lang: str
):
    good = {"level": "L4", "side": "right", "diameter_mm": 6.5, "length_mm": 45.0, "grade": "A", "breach_mm": 0,
            "least_clearance_mm": 1.24, "hu_mean": 212.4, "entry_ras_mm": [21.0, -30.5, 5.25],
            "tip_ras_mm": [8.0, 12.0, 4.0]}  # fmt: skip
    bad = good | {"side": "left", "grade": "C", "breach_mm": 2.61, "hu_mean": None}
    facts = ReportFacts(screws=[good, bad])
    text = all_text(make_pdf(phantom.volume, phantom.labels, measures, facts, lang))
    say = words(lang)
    for wanted in (say["screws"], f"L4 {say['right']}", f"L4 {say['left']}", "6.5 × 45 mm", "1.2", "−2.6", "212",
                   "21.0, −30.5, 5.2", say["screw_grade"], say["screws_purpose"][:10]):  # fmt: skip
        assert wanted in text
    assert say["screws"] not in all_text(make_pdf(phantom.volume, phantom.labels, measures, ReportFacts(), lang))


def all_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
