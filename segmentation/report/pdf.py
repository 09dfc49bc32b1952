"""The report as PDF: one page of A4, more only where comments do not fit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from segmentation.core.atomic import write_atomically
from segmentation.core.volume import LabelMap, Volume
from segmentation.morphometry.results import SpineMeasures
from segmentation.report.pictures import KeyPicture, key_pictures
from segmentation.report.table import COLUMNS, angle_lines, note_lines, screw_cells, table_rows
from segmentation.report.words import words

FONT = Path(__file__).with_name("fonts") / "NotoSansCJKsc-subset.ttf"
MISSING = "〓"
"""Drawn for a character that the packaged font lacks."""

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table that it subsets

_MARGIN, _WIDTH = 12.0, 186.0
_PICTURES_MM = 74.0
_GREY, _DARK, _RED = (110, 110, 110), (25, 30, 36), (170, 30, 30)


@dataclass(frozen=True)
class ReportFacts:
    """What the report says besides measures.

    Attributes:
        alias: Of the patient or study; never a name.
        model: Name and hash of the model that made the label map; empty if it was given.
        confidence: Of the label map, as words; may be empty.
        comments: Of the reader; any characters.
        screws: Of the newest plan, as ``docs/navigation.md`` describes them; not printed where there are none.
        made: When; now unless given.
    """

    alias: str = ""
    model: str = ""
    confidence: str = ""
    comments: str = ""
    screws: Sequence[Mapping[str, Any]] = ()
    made: datetime | None = None


def write_pdf(
    path: Path, volume: Volume, label_map: LabelMap, measures: SpineMeasures, facts: ReportFacts, lang: str = "en"
) -> None:
    """Write the report; the file appears whole or not at all."""
    write_atomically(path, make_pdf(volume, label_map, measures, facts, lang))


def make_pdf(
    volume: Volume, label_map: LabelMap, measures: SpineMeasures, facts: ReportFacts, lang: str = "en"
) -> bytes:
    """Make the report.

    Args:
        volume: The CT.
        label_map: Its vertebrae, on the same grid.
        measures: Of them.
        facts: Alias, model, comments.
        lang: ``"en"`` or ``"zh"``.

    Returns:
        bytes: a PDF whose only font is embedded, as a subset.
    """
    page = _Page(lang, facts.made or datetime.now())
    page.head(volume, measures, facts)
    page.pictures(key_pictures(volume, label_map, measures))
    page.angles(angle_lines(measures, words(lang)))
    page.levels(table_rows(measures, words(lang)), measures)
    page.notes(note_lines(measures, words(lang)))
    page.screws(facts.screws)
    page.comments(facts.comments)
    return bytes(page.output())


class _Page(FPDF):
    """The page under construction."""

    def __init__(self, lang: str, made: datetime) -> None:
        super().__init__(format="A4")
        self.words, self.made = words(lang), made
        self.add_font("noto", fname=FONT)
        self.known = set(self.fonts["noto"].cmap)  # type: ignore[union-attr]
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, 16)
        self.alias_nb_pages("{pages}")
        self.set_lang("zh-CN" if lang == "zh" else "en")
        self.set_title(self.words["title"])
        self.set_creator("SpineView")
        self.add_page()

    def footer(self) -> None:
        """Write what the report must not be used for, on every page."""
        self.set_y(-13)
        self._write(self.words["purpose"], 8, _RED, align="C")
        number = self.words["page"].replace("{page}", str(self.page_no()))
        self.set_xy(_MARGIN, -9)
        self._write(f"{number}   {self.made:%Y-%m-%d %H:%M}", 6, _GREY, align="C")

    def head(self, volume: Volume, measures: SpineMeasures, facts: ReportFacts) -> None:
        """Write title and facts."""
        say = self.words
        self._write(say["title"], 15, _DARK, height=7.5)
        shape = " × ".join(str(n) for n in volume.grid.shape)
        spacing = " × ".join(f"{mm:.4g}" for mm in volume.grid.spacing_mm)
        lines = {
            "alias": facts.alias or "–",
            "scan": say["scan_facts"].format(shape=shape, spacing=spacing) + f", {volume.grid.orientation}",
            "model": facts.model or say["no_model"],
            "program": f"SpineView {measures.version}",
            "confidence": facts.confidence,
        }
        text = "   ".join(say["fact"].format(name=say[key], value=value) for key, value in lines.items() if value)
        self._write(text, 8, _DARK, height=4)
        self._write(say["warning"].format(purpose=say["purpose"], posture=say["posture"]), 8, _RED, height=4)

    def pictures(self, pictures: Sequence[KeyPicture]) -> None:
        """Set the pictures side by side, as high as they fit."""
        top, gap = self.get_y() + 1.5, 3.0
        ratios = [each.image.width / each.image.height for each in pictures]
        height = min(_PICTURES_MM, (_WIDTH - gap * (len(pictures) - 1)) / sum(ratios))
        x = _MARGIN + (_WIDTH - height * sum(ratios) - gap * (len(pictures) - 1)) / 2
        for each, ratio in zip(pictures, ratios, strict=True):
            width = height * ratio
            self.image(each.image, x, top, width, height)
            self.set_font("noto", size=6)
            self.set_text_color(255, 255, 255)
            for name, across, down in each.names:
                label = self.words.get(name, name)
                size = self.get_string_width(label)
                self.text(x + across * width - size / 2, top + down * height + 0.6, label)
            self.set_xy(x, top + height + 0.3)
            self.set_text_color(*_GREY)
            self.cell(width, 3, self.words[each.name], align="C")
            x += width + gap
        self.set_xy(_MARGIN, top + height + 4)

    def angles(self, lines: Sequence[str]) -> None:
        """List curves and angles."""
        self._write(self.words["curves"], 9.5, _DARK, height=5)
        for line in lines:
            self._write(line, 8, _DARK, height=3.9)
        self.ln(1)

    def levels(self, lines: Sequence[Sequence[str]], measures: SpineMeasures) -> None:
        """Draw the table of vertebrae with their discs."""
        row = 4.2 if len(lines) < 20 else 3.7
        widths = [width * _WIDTH / sum(width for _, width in COLUMNS) for _, width in COLUMNS]
        self.set_fill_color(232, 236, 240)
        self.set_font("noto", size=6.2)
        self.set_text_color(*_DARK)
        for (key, _), width in zip(COLUMNS, widths, strict=True):
            self.cell(width, row, self.words[key], fill=True, align="C")
        self.ln(row)
        self.set_draw_color(215, 220, 225)
        for line in lines:
            if len(line) == 2:  # a level without numbers, and why
                self.cell(widths[0], row, line[0], border="B", align="C")
                self.set_text_color(*_RED)
                self.cell(sum(widths[1:]), row, line[1], border="B")
                self.set_text_color(*_DARK)
            else:
                for text, width in zip(line, widths, strict=True):
                    self.cell(width, row, text, border="B", align="C")
            self.ln(row)
        errors = [v.values["middle_height_mm"].uncertainty for v in measures.vertebrae]
        typical = sorted(error for error in errors if error is not None)
        error = f"{typical[len(typical) // 2]:.1f}" if typical else "–"
        self.ln(0.8)
        self._write(self.words["units"].format(error=error), 6.2, _GREY, height=2.9)

    def notes(self, lines: Sequence[str]) -> None:
        """List what is less than sure, and what readers changed."""
        if lines:
            self.ln(1)
            self._write(self.words["notes"], 9.5, _DARK, height=5)
            self._write("\n".join(lines), 7, _DARK, height=3.5)

    def screws(self, screws: Sequence[Mapping[str, Any]]) -> None:
        """Draw the table of planned screws, with what they must not be used for."""
        if not screws:
            return
        self.ln(1)
        self._write(self.words["screws"], 9.5, _DARK, height=5)
        self._write(self.words["screws_purpose"], 7, _RED, height=3.5)
        row, names = (
            4.0,
            ("screw", "screw_size", "screw_grade", "screw_clearance", "screw_hu", "screw_entry", "screw_tip"),
        )
        widths = [width * _WIDTH / 100 for width in (16, 14, 10, 14, 10, 18, 18)]
        self.set_font("noto", size=6.2)
        self.set_text_color(*_DARK)
        self.set_fill_color(232, 236, 240)
        for line in ([self.words[name] for name in names], *(screw_cells(each, self.words) for each in screws)):
            for text, width in zip(line, widths, strict=True):
                self.cell(width, row, text, border="B", align="C", fill=line[0] == self.words["screw"])
            self.ln(row)

    def comments(self, text: str) -> None:
        """Write the reader's comments, on further pages where they are long."""
        if text.strip():
            self.ln(1)
            self._write(self.words["comments"], 9.5, _DARK, height=5)
            self._write(text, 8, _DARK, height=4)

    def _write(self, text: str, size: float, colour: tuple[int, int, int], height: float = 4, align: str = "L") -> None:
        self.set_font("noto", size=size)
        self.set_text_color(*colour)
        self.multi_cell(0, height, self.printable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def printable(self, text: str) -> str:
        """Replace characters that the font lacks by a sign and their code points, so that none is lost unseen."""
        return "".join(
            character if character in "\n" or ord(character) in self.known else f"{MISSING}[U+{ord(character):04X}]"
            for character in text.replace("\r\n", "\n").replace("\t", " ")
        )
