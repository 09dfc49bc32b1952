"""The Flask application: pages and REST, with one error body for all."""

from __future__ import annotations

import logging
from typing import cast

from flask import Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from segmentation.core.errors import InputError
from webapp.api.pacs import pacs
from webapp.api.studies import api
from webapp.http.errors import WebError, body, from_input_error, from_status
from webapp.pages.routes import error_page, language, pages
from webapp.paths import TEMPLATES_DIR
from webapp.services import Services

log = logging.getLogger(__name__)


def build_app(services: Services) -> Flask:
    """Flask on ready services; static files are served before it, see asgi.py."""
    app = Flask("webapp", static_folder=None, template_folder=str(TEMPLATES_DIR))
    app.extensions["spineview"] = services
    cast(DefaultJSONProvider, app.json).sort_keys = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(api)
    app.register_blueprint(pages)
    app.register_blueprint(pacs)
    app.register_error_handler(WebError, _answer)
    app.register_error_handler(InputError, lambda error: _answer(from_input_error(error)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    return app


def _answer(error: WebError) -> Response:
    if not request.path.startswith("/api/"):
        return error_page(error)
    response = jsonify(body(error, language()))
    response.status_code = error.status
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return Response(error.get_response().get_data(), error.code, dict(error.get_headers()))
    response = _answer(from_status(error.code or 500))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _fault(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return _answer(from_status(500))
