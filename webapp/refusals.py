"""Refusals in the reader's language, gettext's way: the English sentence, values taken out, is the key of its words.

English is what the engine raises, what is stored and what programs get. It is translated where it leaves for a reader
who asks for another language; a sentence without a translation stays English.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from webapp.http.errors import WebError, body
from webapp.paths import STATIC_DIR
from webapp.translations import COOKIE, DEFAULT, LANGUAGES, language_of, table

_BODY = {"code", "message", "hint"}
# A phrase with few words of its own, such as "{} to {}", is one around numbers alone: else it is the name of a file.
_NUMBERS = re.compile(r"[\d.,: x-]+")
_FEW = 10
_BETWEEN_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z0-9])")
_MARK = "\0"  # stands around a value that is Chinese, until the spaces beside it are gone
_HAN = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_SPACE_BETWEEN_HAN = re.compile(rf"(?<={_HAN}) (?={_MARK}{_HAN})|(?<={_HAN}{_MARK}) (?={_HAN})")


@dataclass(frozen=True)
class Template:
    """A sentence with values: ``literals`` stand around the values, whose ``names`` are numbers or words."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    words: str

    @property
    def length(self) -> int:
        """Characters of its own."""
        return sum(map(len, self.literals))

    @classmethod
    def of(cls, english: str, words: str) -> Template:
        """From two format strings with the same fields; ``{}`` counts from 0."""
        literals, names = [""], list[str]()
        for literal, name, _, _ in Formatter().parse(english):
            literals[-1] += literal
            if name is not None:
                names.append(name or str(len(names)))
                literals.append("")
        return cls(tuple(literals), tuple(names), words)

    def values(self, text: str) -> list[str] | None:
        """The values that make this ``text``; None if none do.

        Taken from the end, where values are numbers: names of files, which may hold anything, stand in front.
        """
        first, *others = self.literals
        if not others:
            return [] if text == first else None
        *middle, last = others
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        rest = text[len(first) : len(text) - len(last)]
        found: list[str] = []
        for literal in reversed(middle):
            rest, cut, value = rest.rpartition(literal)
            if not cut:
                return None
            found.append(value)
        return [rest, *reversed(found)]

    def fill(self, values: list[str]) -> str:
        """The words with these values."""
        numbers = [value for name, value in zip(self.names, values, strict=True) if name.isdigit()]
        return self.words.format(*numbers, **dict(zip(self.names, values, strict=True)))


def say(text: str, lang: str) -> str:
    """A refusal's message or hint in a language; English where there are no words for it."""
    sentences, phrases = _tables(lang)
    for template in sentences:
        values = template.values(text)
        if values is not None:
            told = template.fill([_value(value, phrases) for value in values])
            return _SPACE_BETWEEN_HAN.sub("", told).replace(_MARK, "")
    return text


def localised(value: Any, lang: str) -> Any:
    """A view, with every ``{"code", "message", "hint"}`` in it in a language."""
    if lang == DEFAULT:
        return value
    if isinstance(value, dict):
        if value.keys() == _BODY:
            return {name: text if name == "code" else say(text, lang) for name, text in value.items()}
        return {key: localised(inner, lang) for key, inner in value.items()}
    return [localised(inner, lang) for inner in value] if isinstance(value, list) else value


def reader(connection: HTTPConnection) -> str:
    """The language of a request."""
    return language_of(connection.cookies.get(COOKIE), connection.headers.get("accept-language"))


def refused(connection: HTTPConnection, error: WebError) -> JSONResponse:
    """A refusal as JSON, in the language of the request."""
    return JSONResponse(localised(body(error.code, error.message, error.hint), reader(connection)), error.status)


@cache
def _tables(lang: str) -> tuple[list[Template], list[Template]]:
    """Sentences, and phrases that are values in them, those with the most words of their own first."""
    path = STATIC_DIR / "i18n" / f"refusals.{lang}.json"
    if lang not in LANGUAGES or not path.is_file():
        return [], []
    tables: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    notes = {text: table(lang)[key] for key, text in table(DEFAULT).items() if key.startswith("note.")}
    return _sorted(tables["sentences"]), _sorted({**notes, **tables["phrases"]})


def _sorted(words: dict[str, str]) -> list[Template]:
    return sorted((Template.of(*pair) for pair in words.items()), key=lambda template: template.length, reverse=True)


def _value(value: str, phrases: list[Template]) -> str:
    """A value of a sentence: a phrase or sentences of notes in Chinese, all else, such as a name, as it is."""
    parts = [_phrase(part, phrases) for part in _BETWEEN_SENTENCES.split(value)]
    return value if None in parts else f"{_MARK}{''.join(filter(None, parts))}{_MARK}"


def _phrase(text: str, phrases: list[Template]) -> str | None:
    for template in phrases:
        values = template.values(text)
        if values is None:
            continue
        if template.length >= _FEW:
            return template.fill(values)
        inner = [value if _NUMBERS.fullmatch(value) else _phrase(value, phrases) for value in values]
        if None not in inner:
            return template.fill([each or "" for each in inner])
    return None
