"""Errors and notes of every source file against the catalogues of every language."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from segmentation.core.messages import ENGLISH_FILE, Entry, english, load_catalogue
from segmentation.inference.confidence import REASONS
from segmentation.readers.dicom.group_series import MODALITIES
from tests.message_keys import ROOT, Reader, Use, fields, kinds, modules, unused, wrong_translations, wrong_uses
from webapp.paths import STATIC_DIR
from webapp.translations import DEFAULT, LANGUAGES, messages

# Keys that are no constants where they are used: a constructor's own, and those of notes and of stored messages.
HANDED_ON = [
    "segmentation/core/errors.py: key",
    "segmentation/core/messages.py: link",
    "segmentation/core/messages.py: self.key",
    "segmentation/core/notes.py: f'{_PREFIX}{self.code}'",
    "segmentation/inference/confidence.py: f'{_PREFIX}{self.code}'",
    "segmentation/readers/dicom/find_files.py: code",
    "webapp/http/errors.py: key",
    "webapp/http/errors.py: message.key",
]
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def read() -> list[Reader]:
    return list(modules())


@pytest.fixture(scope="module")
def uses(read: list[Reader]) -> list[Use]:
    return [use for module in read for use in module.uses]


def test_every_message_that_is_used_exists_and_gets_its_values(uses: list[Use]):
    assert len(uses) > 250
    assert wrong_uses(uses, english()) == []


def test_no_message_is_there_for_nothing(uses: list[Use]):
    assert unused(uses, english()) == []


def test_no_key_is_overlooked(read: list[Reader]):
    assert sorted(line for module in read for line in module.unread) == HANDED_ON


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != DEFAULT])
def test_every_language_has_every_message_with_the_same_values(lang: str):
    assert wrong_translations(messages(lang), messages(DEFAULT)) == []


def test_english_is_in_one_file_alone():
    assert not english().keys() & load_catalogue(STATIC_DIR / "i18n" / f"{DEFAULT}.json").keys()


def test_chinese_is_chinese():
    chinese = messages("zh")
    for key, entry in english().items():
        for text, original in zip(chinese[key], entry, strict=True):
            words = re.sub(r"{.*?}", "", original)
            assert HAN.search(text) or not re.search("[a-z]{2}", words), key


def test_every_catalogue_holds_each_key_once_and_in_one_line():
    for path in (*(STATIC_DIR / "i18n").glob("*.json"), ENGLISH_FILE):
        lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
        assert len({line.split('"')[1] for line in lines}) == len(lines) == len(load_catalogue(path)), path


def test_every_modality_and_reason_has_words():
    assert {message.key for message in MODALITIES.values()} <= english().keys()
    assert {f"confidence.{code}" for code in REASONS} == {key for key in english() if key.startswith("confidence.")}


def test_english_is_installed_with_the_engine():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["segmentation.core"]
    assert any(ENGLISH_FILE.match(pattern) for pattern in patterns)


ONE = {"scan.odd": Entry("{name} is odd ({size:,}).", "Try again.")}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('raise TooLarge("scan.odd", name=name, size=1)', ""),
        ('raise TooLarge("scan.odd", **values)', ""),
        ('raise TooLarge("scan.odd", name=name)', "a.py:1: scan.odd lacks size"),
        ('raise WebError(400, "odd", "scan.odd", name=1, size=2, x=3)', "a.py:1: scan.odd has no place for x"),
        ('Message("scan.even")', "a.py:1: there is no message scan.even"),
        ('raise InputError("scan.odd" if a else "scan.new", name=1, size=2)', "a.py:1: there is no message scan.new"),
        ('not_found("planet")', "a.py:1: there is no message not_found.planet"),
        ('Message(f"planet.{name}")', "a.py:1: no message begins with planet."),
    ],
)
def test_a_wrong_use_is_found(source: str, complaint: str):
    assert "\n".join(wrong_uses(Reader(source, "a.py").uses, ONE)) == complaint


def test_errors_of_every_module_are_known_whether_it_is_imported_or_not():
    assert {"InputError", "TooLarge", "BadRenaming"} <= kinds()
    assert "OSError" not in kinds()


def test_an_unused_message_is_found():
    reader = Reader('InputError("a.b"); Message(f"c.{x}")', "a.py")
    assert unused(reader.uses, dict.fromkeys(["a.b", "a.c", "c.d"], Entry(""))) == ["a.c"]


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ({}, "scan.odd is missing"),
        ({"scan.odd": Entry("{size:,}：{name}", "再试")}, ""),
        ({"scan.odd": Entry("{name}", "再试")}, "the message of scan.odd has other placeholders"),
        ({"scan.odd": Entry("{name} {size}", "再试")}, "the message of scan.odd has other placeholders"),
        ({"scan.odd": Entry("{name} {size:,}")}, "scan.odd has a hint in one language alone"),
        ({"scan.odd": Entry("{name} {size:,}", "再试"), "more": Entry("x")}, "more is no key of English"),
    ],
)
def test_a_wrong_translation_is_found(own: dict[str, Entry], complaint: str):
    assert "\n".join(wrong_translations(own, ONE)) == complaint


def test_a_message_taken_from_chinese_is_missed(tmp_path: Path):
    content = json.loads((STATIC_DIR / "i18n" / "zh.json").read_text(encoding="utf-8"))
    del content["file.empty"]
    (tmp_path / "zh.json").write_text(json.dumps(content), encoding="utf-8")
    assert wrong_translations(load_catalogue(tmp_path / "zh.json"), messages(DEFAULT)) == ["file.empty is missing"]


def test_braces_that_are_no_placeholders_are_left_out():
    assert fields('Send {{"task": "segment"}} to {name!r} of {size:.1f}.') == ["{name!r}", "{size:.1f}"]
