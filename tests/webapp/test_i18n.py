from __future__ import annotations

import re

import pytest

from webapp.paths import STATIC_DIR
from webapp.translations import LANGUAGES, language_of, table, translate


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        (None, None, "en"),
        ("zh", "en", "zh"),
        ("xx", "zh-CN,zh;q=0.9", "zh"),
        (None, "fr,zh-TW;q=0.8,en;q=0.9", "en"),
        (None, "de;q=1.0,zh;q=0.1", "zh"),
        (None, "zh;q=nonsense,en;q=0.2", "en"),
        (None, "zh;level=1", "zh"),
    ],
)
def test_language_of_a_request(cookie: str | None, header: str | None, expected: str):
    assert language_of(cookie, header) == expected


def test_every_language_has_every_key_with_the_same_placeholders():
    english = table("en")
    for lang in LANGUAGES:
        assert (STATIC_DIR / "i18n" / f"{lang}.json").is_file()
        for key, text in table(lang).items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[key])), (lang, key)


def test_chinese_translates_what_is_not_a_name():
    same = [key for key, text in table("zh").items() if key.startswith("home.") and text == table("en")[key]]
    assert same == []


def test_translate_fills_in_and_falls_back():
    assert translate("en")("home.limit", size="4") == "up to 4 GB"
    assert translate("xx")("home.title") == "Studies"
    assert translate("zh")("no.such.key") == "no.such.key"
