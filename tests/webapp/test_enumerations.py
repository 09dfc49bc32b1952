"""Words that Python and JavaScript share are the same on both sides, and each has its words for people."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from webapp import enumerations as words

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"


def written(pattern: str) -> str:
    """The only match of ``pattern`` in the pages' scripts and the viewer's sources."""
    sources = STATIC / "viewer" / "src"
    scripts = [*(STATIC / "js").glob("*.js"), *sources.rglob("*.js"), *sources.rglob("*.vue")]
    found = [match for path in scripts for match in re.findall(pattern, path.read_text(encoding="utf-8"), re.DOTALL)]
    assert len(found) == 1, f"{len(found)} scripts hold {pattern}"
    return str(found[0])


def quoted(pattern: str) -> list[str]:
    return re.findall(r"[\"'](\w+)[\"']", written(pattern))


def keys(constant: str) -> list[str]:
    return re.findall(r"(\w+): ", written(rf"const {constant} = {{(.*?)}};"))


def test_the_pages_scripts_know_the_same_words():
    assert quoted(r"const OPEN_JOB_STATES = \[(.*?)\]") == list(words.OPEN_JOB_STATES)
    assert quoted(r"const OPEN = \[(.*?)\]") == list(words.OPEN_TRANSFER_STATES)
    assert quoted(r"const VERDICTS = \[(.*?)\]") == list(words.VERDICTS)
    assert re.findall(r"(\w+): { axis", written(r"const PLANES = {(.*?)\n};")) == list(words.PLANES)
    assert keys("CLICKS") == list(words.POINTS)
    assert keys("CODINGS") == list(words.CODINGS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_has_words_for_people(lang: str):
    table = json.loads((STATIC / "i18n" / f"{lang}.json").read_text(encoding="utf-8"))
    assert {f"common.state.{state}" for state in words.STUDY_STATES} <= table.keys()
    assert {f"home.verdict.{verdict}" for verdict in words.VERDICTS} <= table.keys()
    assert {f"viewer.js.measure_{kind}" for kind in words.POINTS} <= table.keys()
