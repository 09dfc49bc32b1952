"""The ASGI application of the one origin: pages, static files, the viewer's sockets, and the API behind them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from segmentation.core.errors import InputError
from webapp.accounts.gate import Gate
from webapp.app import build_app
from webapp.http.bounded_body import BoundedBody
from webapp.http.errors import WebError, answer, as_web_error
from webapp.http.hosts import Hosts, Origin
from webapp.http.on_demand import OnDemand
from webapp.http.request_log import RequestLog
from webapp.http.security import Security
from webapp.http.sub_path import SubPath
from webapp.http.wsgi import InThreads
from webapp.maintenance.health import health_routes
from webapp.maintenance.housekeeping import Housekeeping
from webapp.pages.access import access_pages
from webapp.pages.render import refusal
from webapp.pages.routes import pages
from webapp.paths import STATIC_DIR
from webapp.services import EngineFactory, Services, make_services
from webapp.settings import Settings
from webapp.viewer.routes import load_client, viewer_routes

log = logging.getLogger(__name__)
LATER = re.compile(r"/(api|pacs|uploads|signin/oidc)(/.*)?|/studies/[^/]+/live", re.DOTALL)
"""Addresses that ``webapp.rest`` answers: it is imported after the first page, which needs none of it."""
PAGE_THREADS = 8
LOOP_THREADS = 32
PRELOAD_AFTER_S = 2.0
"""After the start, so that the first page does not share the processors with the imports of the model."""


def create_asgi(settings: Settings, engine_factory: EngineFactory | None = None) -> Starlette:
    """Build the whole application. ``app.state`` holds ``settings``, ``store``, ``jobs`` and ``services``.

    The engine thread starts with the application's lifespan and stops with it.
    """
    services = make_services(settings, engine_factory)
    viewer, close_viewer = viewer_routes(services)
    housekeeping = Housekeeping(services)
    rest = OnDemand(lambda: _rest(services))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as at_shutdown:  # the last added comes first, and each even if one before it fails
            at_shutdown.callback(services.store.close)
            at_shutdown.callback(services.measuring.stop)
            at_shutdown.callback(services.transfers.stop)
            at_shutdown.callback(services.receiver.stop)
            at_shutdown.push_async_callback(close_viewer)
            # Before these: a job that is given back in time is not taken for one that ended the server.
            at_shutdown.callback(services.jobs.stop)
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(LOOP_THREADS, "loop"))
            _start(services)
            housekeeping.start()
            at_shutdown.callback(housekeeping.stop)
            at_shutdown.callback(asyncio.create_task(_load_ahead(services, rest)).cancel)
            yield

    routes: list[BaseRoute] = [
        *health_routes(services),
        *viewer,
        Mount("/static", StaticFiles(directory=STATIC_DIR)),
        Mount("/", _pages_or(rest, services)),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            *([Middleware(SubPath, path=settings.sub_path)] if settings.sub_path else []),
            Middleware(RequestLog),
            Middleware(Security, hosts=_hosts(settings), allowed_origins=_origins(settings)),
            Middleware(Gate, access=services.access, refuse=refusal),
        ],
        exception_handlers={kind: _answer for kind in (WebError, InputError, HTTPException, Exception)},
    )
    app.state.settings, app.state.store, app.state.jobs = settings, services.store, services.jobs
    app.state.services = services
    return app


def _pages_or(rest: ASGIApp, services: Services) -> ASGIApp:
    """Serve Flask's pages, and the API at its own addresses."""
    flask = build_app(services, pages, access_pages).wsgi_app
    own = BoundedBody(InThreads(flask, ThreadPoolExecutor(PAGE_THREADS, "pages")))

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await (rest if LATER.fullmatch(scope["path"]) else own)(scope, receive, send)

    return choose


def _rest(services: Services) -> ASGIApp:
    from webapp.rest import build_rest  # after the first page

    return build_rest(services)


async def _load_ahead(services: Services, rest: OnDemand) -> None:
    """Load what the first page does not need and the next ones do: the API, the viewer's client, then the model."""
    if not services.settings.preload_model:
        return
    await asyncio.sleep(PRELOAD_AFTER_S)
    await rest.load()
    await asyncio.to_thread(load_client)
    services.jobs.load_engine()


def _hosts(settings: Settings) -> Hosts:
    """Know this server by its own names, by those of the settings, and by those of the allowed origins."""
    origins = filter(None, map(Origin.parse, _origins(settings)))
    return Hosts(settings.host, (*settings.allowed_hosts, *(origin.host for origin in origins)))


def _origins(settings: Settings) -> tuple[str, ...]:
    public = urlsplit(settings.public_url)
    return (*settings.allowed_origins, *([f"{public.scheme}://{public.netloc}"] if public.netloc else ()))


def _start(services: Services) -> None:
    services.store.hold()
    services.store.recover()
    services.jobs.start()
    services.receiver.start()


async def _answer(request: Request, error: Exception) -> JSONResponse:
    response = answer(request, as_web_error(error))
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response
