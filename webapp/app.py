"""Flask applications, of pages and of REST, with one error body for both."""

from __future__ import annotations

import logging
from typing import cast

from flask import Blueprint, Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from webapp.context import language
from webapp.http.errors import WebError, as_web_error, body
from webapp.pages.routes import error_page
from webapp.services import Services

log = logging.getLogger(__name__)


def build_app(services: Services, *blueprints: Blueprint) -> Flask:
    """Flask on ready services; static files are served before it, see asgi.py."""
    app = Flask("webapp", static_folder=None, template_folder=None)
    app.extensions["spineview"] = services
    cast(DefaultJSONProvider, app.json).sort_keys = False
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_error_handler(Exception, _answer)
    return app


def _answer(error: Exception) -> Response:
    """Answer with an error: in JSON under ``/api/``, else as a page."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return Response(error.get_response().get_data(), error.code, dict(error.get_headers()))
    refusal = as_web_error(error)
    if refusal.status >= 500 and not isinstance(error, WebError):
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    if not request.path.startswith("/api/"):
        return error_page(refusal)
    response = jsonify(body(refusal, language()))
    response.status_code = refusal.status
    if isinstance(error, HTTPException) and (allowed := dict(error.get_headers()).get("Allow")):
        response.headers["Allow"] = allowed
    return response
