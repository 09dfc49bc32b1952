"""The one origin: large uploads, files, viewer sockets and static files, and Flask behind them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from webapp.api.downloads import download_routes
from webapp.api.files import file_routes
from webapp.api.uploads import upload_routes
from webapp.app import build_app
from webapp.http.bounded_body import BoundedBody
from webapp.http.errors import WebError, answer, from_status
from webapp.http.hosts import Hosts, Origin
from webapp.http.security import Security
from webapp.paths import STATIC_DIR
from webapp.services import EngineFactory, Services, make_services
from webapp.settings import Settings

os.environ.setdefault("TRAME_ARGS", "--server")  # before trame is imported: else it parses the server's own arguments

log = logging.getLogger(__name__)
WSGI_THREADS = 16
PRELOAD_AFTER_S = 2.0
"""After the start, so that the first page does not share the processors with the imports of the model."""


def create_asgi(settings: Settings, engine_factory: EngineFactory | None = None) -> Starlette:
    """The whole application. ``app.state`` holds ``settings``, ``store``, ``jobs`` and ``services``.

    The engine thread starts with the application's lifespan and stops with it.
    """
    from webapp.viewer.routes import close_sessions, viewer_routes  # imports trame, after TRAME_ARGS is set

    services = make_services(settings, engine_factory)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        _start(services)
        preload = None
        if settings.preload_model:
            preload = asyncio.get_running_loop().call_later(PRELOAD_AFTER_S, services.jobs.load_engine)
        try:
            yield
        finally:
            if preload is not None:
                preload.cancel()
            await close_sessions()
            services.receiver.stop()
            services.transfers.stop()
            services.jobs.stop()
            services.store.close()

    routes: list[BaseRoute] = [
        *upload_routes(),
        *file_routes(),
        *download_routes(),
        *viewer_routes(settings, services.store, services.jobs, services.archives),
        Mount("/static", StaticFiles(directory=STATIC_DIR)),
        Mount("/", BoundedBody(cast(ASGIApp, WSGIMiddleware(cast(Any, build_app(services)), workers=WSGI_THREADS)))),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Security, hosts=_hosts(settings), allowed_origins=settings.allowed_origins)],
        exception_handlers={WebError: _web_error, HTTPException: _http_error, Exception: _fault},
    )
    app.state.settings, app.state.store, app.state.jobs = settings, services.store, services.jobs
    app.state.services = services
    return app


def _hosts(settings: Settings) -> Hosts:
    """Know this server by its own names, by those of the settings, and by those of the allowed origins."""
    origins = filter(None, map(Origin.parse, settings.allowed_origins))
    return Hosts(settings.host, (*settings.allowed_hosts, *(origin.host for origin in origins)))


def _start(services: Services) -> None:
    services.store.hold()
    services.store.recover()
    services.jobs.start()
    services.receiver.start()


async def _web_error(request: Request, error: Exception) -> JSONResponse:
    return answer(request, cast(WebError, error))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    http = cast(HTTPException, error)
    response = await _web_error(request, from_status(http.status_code))
    response.headers.update(http.headers or {})
    return response


async def _fault(request: Request, _error: Exception) -> JSONResponse:
    return await _web_error(request, from_status(500))
