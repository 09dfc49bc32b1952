"""Words that Python and JavaScript share are the same on both sides, and each has its words for people."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from webapp import enumerations as words

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"


def script(name: str, pattern: str) -> list[str]:
    """Quoted words inside the first match of ``pattern`` in a script."""
    found = re.search(pattern, (STATIC / name).read_text(encoding="utf-8"))
    assert found is not None, f"{name} holds no {pattern}"
    return re.findall(r"[\"'](\w+)[\"']", found[1])


def keys(name: str, constant: str) -> list[str]:
    """Keys of an object literal of a script."""
    found = re.search(rf"const {constant} = {{(.*?)}};", (STATIC / name).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"{name} holds no {constant}"
    return re.findall(r"(\w+): ", found[1])


def test_the_pages_scripts_know_the_same_words():
    assert script("js/studies.js", r"busy = studies\.some\(\(study\) => \[(.*?)\]") == list(words.OPEN_JOB_STATES)
    assert script("js/fetching.js", r"OPEN = \[(.*?)\]") == list(words.OPEN_TRANSFER_STATES)
    assert script("viewer/src/page/review.js", r"VERDICTS = \[(.*?)\]") == list(words.VERDICTS)
    assert keys("viewer/src/measure/math.js", "CLICKS") == list(words.POINTS)
    assert keys("viewer/src/data/voxel-codec.js", "CODINGS") == list(words.CODINGS)
    assert script("viewer/src/data/view-state.js", r"plane: \[String, oneOf\(\[(.*?)\]") == list(words.PLANES)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_has_words_for_people(lang: str):
    table = json.loads((STATIC / "i18n" / f"{lang}.json").read_text(encoding="utf-8"))
    assert {f"common.state.{state}" for state in words.STUDY_STATES} <= table.keys()
    assert {f"home.verdict.{verdict}" for verdict in words.VERDICTS} <= table.keys()
    assert {f"viewer.js.measure_{kind}" for kind in words.POINTS} <= table.keys()
