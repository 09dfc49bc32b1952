"""Routes of HTML pages: the study list, the language switch, and the page for addresses that do not exist."""

from __future__ import annotations

import re
from functools import cache

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from segmentation.readers import SUFFIXES
from webapp.context import RequestContext
from webapp.http.errors import WebError
from webapp.http.sub_path import outward
from webapp.pages.render import error_html, for_script, render
from webapp.translations import COOKIE, LANGUAGES, table

pages = Blueprint("pages", __name__)
_YEAR_S = 365 * 24 * 3600
_SCRIPT_KEYS = ("home.", "common.", "error.", "note.", "series.")


@pages.get("/")
def home() -> str:
    """Upload and study list."""
    context = RequestContext.current()
    lang = context.language
    settings = context.services.settings
    config = {
        "lang": lang,
        "suffixes": SUFFIXES,
        "max_upload_bytes": settings.max_upload_bytes,
        "words": _script_words(lang),
        "rights": sorted(context.principal.rights),
    }
    return render(
        "home.html",
        context,
        accept=",".join([*SUFFIXES, ".gz"]),  # of the reference; DICOM files often have no ending
        suffixes=" · ".join(SUFFIXES),
        limit_gib=f"{settings.max_upload_bytes / 1024**3:.3g}",
        config=for_script(config),
        groups=context.principal.account.groups if context.principal.account else (),
    )


@cache
def _script_words(lang: str) -> dict[str, str]:
    return {key: text for key, text in table(lang).items() if key.startswith(_SCRIPT_KEYS)}


@pages.get("/language/<lang>")
def switch_language(lang: str) -> WerkzeugResponse:
    """Remember a language and go back to where the switch was."""
    if lang not in LANGUAGES:
        raise WebError(404, "not_found", "page.unknown_language")
    back = request.args.get("next", "/")
    response = make_response(redirect(back if is_local(back) else "/"))
    response.set_cookie(COOKIE, lang, path=outward("/"), max_age=_YEAR_S, samesite="Lax", httponly=False)
    return response


def error_page(error: WebError) -> Response:
    """Make the error a page, in the reader's language."""
    return make_response(error_html(error, RequestContext.current()), error.status)


def is_local(address: str) -> bool:
    """Tell whether a path is of this site, not of another host in disguise (two slashes of any kind)."""
    return re.match(r"^/(?![/\\])[^\x00-\x1f\\]*$", address) is not None
