"""Words of the pages, and of errors and notes in other languages: one file a language in ``static/i18n``, by key.

The English of errors and notes is the engine's (``segmentation.core.messages``): a command line needs it, too.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from starlette.requests import HTTPConnection

from segmentation.core.messages import Catalogue, english, load_catalogue
from webapp.paths import STATIC_DIR

LANGUAGES = {"en": "English", "zh": "简体中文"}
DEFAULT = "en"
COOKIE = "lang"


class Translate(Protocol):
    """``t("home.size", size="12 MB")``: the words of ``key`` with its ``{placeholders}`` filled in."""

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of ``key``."""
        ...


@cache
def table(lang: str) -> dict[str, str]:
    """All words of one language, English ones where the language has none. ``lang`` is a key of LANGUAGES."""
    return {key: entry.message for key, entry in {**messages(DEFAULT), **messages(lang)}.items()}


@cache
def messages(lang: str) -> Catalogue:
    """Read what one language has of its own: words of pages, errors and notes. ``lang`` is a key of LANGUAGES."""
    own = load_catalogue(STATIC_DIR / "i18n" / f"{lang}.json")
    return {**english(), **own} if lang == DEFAULT else own


def translate(lang: str) -> Translate:
    """Make the translator of one language: English for an unknown language, the key itself for an unknown key."""
    words = table(lang if lang in LANGUAGES else DEFAULT)

    def translator(key: str, **values: object) -> str:
        text = words.get(key, key)
        return text.format(**values) if values else text

    return translator


def page_texts(lang: str) -> dict[str, str]:
    """Collect the words of a study's page: ``viewer.*`` and ``viewer.js.*`` without that prefix, and ``common.*``."""
    words = table(lang if lang in LANGUAGES else DEFAULT)
    return {
        key.removeprefix("viewer.").removeprefix("js."): text
        for key, text in words.items()
        if key.startswith(("viewer.", "common."))
    }


def language_of(cookie: str | None, accept_language: str | None) -> str:
    """Choose the language of a request: its ``lang`` cookie, else the best of Accept-Language, else English."""
    if cookie in LANGUAGES:
        return str(cookie)
    best, best_weight = DEFAULT, 0.0
    for entry in (accept_language or "").split(","):
        tag, _, parameter = entry.strip().partition(";")
        language = tag.split("-")[0].lower()
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def request_language(connection: HTTPConnection) -> str:
    """Choose the language of a request or of a socket."""
    return language_of(connection.cookies.get(COOKIE), connection.headers.get("accept-language"))


def _weight(parameter: str) -> float:
    """Quality value of one Accept-Language entry (RFC 9110, section 12.4.2); unreadable ones count 0."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
