"""Words of the report in each language: ``words.en.json`` and ``words.zh.json`` beside this file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")


@cache
def words(lang: str) -> dict[str, str]:
    """Read the words of a language of ``LANGUAGES``."""
    content: dict[str, str] = json.loads(Path(__file__).with_name(f"words.{lang}.json").read_text(encoding="utf-8"))
    return content
