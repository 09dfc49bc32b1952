"""Make HTML from the templates, for every page: they share one document head, ``templates/document.html``."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from segmentation.core.version import product_version
from webapp.context import RequestContext
from webapp.http.errors import WebError, answer
from webapp.http.sub_path import outward
from webapp.paths import TEMPLATES_DIR, versioned
from webapp.translations import LANGUAGES, messages, translate


def render(template: str, context: RequestContext, **values: Any) -> str:
    """Fill a template for a request, in its language and theme."""
    others = [(code, name) for code, name in LANGUAGES.items() if code != context.language]
    return (
        _environment()
        .get_template(template)
        .render(
            lang=context.language,
            t=translate(context.language),
            theme=context.theme,
            path=context.path,
            other_languages=others,
            has_pacs=bool(context.services.settings.pacs) and context.principal.may("add"),
            principal=context.principal,
            is_open=context.services.access.is_open,
            **values,
        )
    )


def error_html(error: WebError, context: RequestContext) -> str:
    """Make the page of an error, in the reader's language."""
    message = error.problem.message.text(messages(context.language))
    return render("error.html", context, status=error.status, message=message)


def refusal(connection: HTTPConnection, error: WebError) -> Response:
    """Answer with an error: in JSON under ``/api/``, else as a page."""
    if connection.scope["path"].startswith("/api/") or connection.scope["type"] == "websocket":
        return answer(connection, error)
    return HTMLResponse(error_html(error, RequestContext.of(connection)), error.status)


def for_script(value: Any) -> str:
    """Write JSON that cannot end the ``<script>`` element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _versioned(address: str) -> str:
    return outward(versioned(address))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(version=product_version(), versioned=_versioned, at=outward)
    return environment
