"""HTML pages: the study list, the language switch, and what is said where there is no page."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from segmentation.core.version import product_version
from segmentation.readers import SUFFIXES
from webapp.context import services
from webapp.http.errors import WebError
from webapp.pages.theme import COOKIE as THEME_COOKIE
from webapp.pages.theme import theme_of
from webapp.translations import COOKIE, LANGUAGES, language_of, messages, table, translate

pages = Blueprint("pages", __name__)
_YEAR_S = 365 * 24 * 3600
_SCRIPT_KEYS = ("home.", "common.", "error.", "note.", "series.")


@pages.get("/")
def home() -> str:
    """Upload and study list."""
    lang = language()
    words = {key: text for key, text in table(lang).items() if key.startswith(_SCRIPT_KEYS)}
    settings = services().settings
    config = {
        "lang": lang,
        "suffixes": SUFFIXES,
        "max_upload_bytes": settings.max_upload_bytes,
        "words": words,
    }
    return render_template(
        "home.html",
        **common(lang),
        accept=",".join([*SUFFIXES, ".gz"]),  # of the reference; DICOM files often have no ending
        suffixes=" · ".join(SUFFIXES),
        limit_gib=f"{settings.max_upload_bytes / 1024**3:.3g}",
        config=for_script(config),
    )


@pages.get("/language/<lang>")
def switch_language(lang: str) -> WerkzeugResponse:
    """Remember a language and go back to where the switch was."""
    if lang not in LANGUAGES:
        raise WebError(404, "not_found", "page.unknown_language")
    back = request.args.get("next", "/")
    response = make_response(redirect(back if _is_local(back) else "/"))
    response.set_cookie(COOKIE, lang, max_age=_YEAR_S, samesite="Lax", httponly=False)
    return response


def language() -> str:
    """The language of this request."""
    return language_of(request.cookies.get(COOKIE), request.headers.get("Accept-Language"))


def common(lang: str) -> dict[str, Any]:
    """What every template uses."""
    others = [(code, name) for code, name in LANGUAGES.items() if code != lang]
    return {
        "lang": lang,
        "t": translate(lang),
        "theme": theme_of(request.cookies.get(THEME_COOKIE)),
        "other_languages": others,
        "version": product_version(),
        "path": request.path,
        "has_pacs": bool(services().settings.pacs),
    }


def error_page(error: WebError) -> Response:
    """The error as a page, in the reader's language."""
    lang = language()
    words = common(lang)
    return make_response(
        render_template("error.html", **words, status=error.status, message=error.problem.message.text(messages(lang))),
        error.status,
    )


def _is_local(address: str) -> bool:
    """True for a path of this site, not for one of another host in disguise (two slashes of any kind)."""
    return re.match(r"^/(?![/\\])[^\x00-\x1f\\]*$", address) is not None


def for_script(value: Any) -> str:
    """JSON that cannot end the ``<script>`` element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
