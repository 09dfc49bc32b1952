from __future__ import annotations

from segmentation.evaluation.tables import Table

TABLE = Table("Two scans", ["case", "method", "Dice"], [["a", "model", "0.900"], ["long", "model", "-"]], ["a note"])


def test_text_lines_names_up_on_the_left_and_numbers_on_the_right():
    assert TABLE.text().splitlines() == [
        "Two scans",
        "case  method   Dice",
        "a     model   0.900",
        "long  model       -",
        "a note",
    ]


def test_markdown_can_be_pasted():
    assert TABLE.markdown().splitlines() == [
        "### Two scans",
        "",
        "| case | method | Dice |",
        "| --- | --- | ---: |",
        "| a | model | 0.900 |",
        "| long | model | - |",
        "",
        "a note",
    ]
