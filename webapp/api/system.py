"""REST of the server itself: its state, its figures, and the description of the API."""

from __future__ import annotations

import shutil

from flask import Blueprint, Response, current_app, jsonify

from segmentation.core.version import product_version
from webapp.api import schemas
from webapp.api.access.session import session_routes
from webapp.api.downloads import download_routes
from webapp.api.files import file_routes
from webapp.api.measures.downloads import measure_download_routes
from webapp.api.navigation.downloads import plan_download_routes
from webapp.api.openapi import document, operations
from webapp.api.operations import Content, json_route
from webapp.api.uploads import upload_routes
from webapp.context import services
from webapp.maintenance.metrics import CONTENT_TYPE, prometheus

system = Blueprint("system", __name__)


@system.get("/health")
@json_route("system", schemas.Health)
def get_health() -> schemas.Health:
    """Read the state of the server."""
    settings = services().settings
    return schemas.Health(
        status="ok",
        version=product_version(),
        engine=schemas.Engine.model_validate(services().jobs.status()),
        jobs=services().store.jobs.count_by_state(),  # type: ignore[arg-type] # texts in the database; the model checks them
        disk_free_bytes=shutil.disk_usage(settings.data_dir).free,
        max_upload_bytes=settings.max_upload_bytes,
    )


@system.get("/metrics")
@json_route("system", Content(("text/plain",), {"type": "string"}))
def get_metrics() -> Response:
    """Read the server's figures in Prometheus's text format."""
    return Response(prometheus(services()), content_type=CONTENT_TYPE)


@system.get("/openapi.json")
@json_route("system", Content(("application/json",), {"type": "object"}))
def get_openapi() -> Response:
    """Read this description of the API."""
    native = [
        *upload_routes(),
        *file_routes(),
        *measure_download_routes(),
        *plan_download_routes(),
        *download_routes(),
        *session_routes(),
    ]
    return jsonify(document(operations(current_app, native), product_version()))
