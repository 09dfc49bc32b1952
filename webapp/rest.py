"""The API as one ASGI application: everything under ``/api/``, single sign-on, and the sockets of the tracker.

``webapp.asgi`` imports it after the first page, which needs none of it.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.api.access.session import session_routes
from webapp.api.access.single_sign_on import SingleSignOn
from webapp.api.downloads import download_routes
from webapp.api.files import file_routes
from webapp.api.measures.downloads import measure_download_routes
from webapp.api.navigation.downloads import plan_download_routes
from webapp.api.pacs import pacs
from webapp.api.studies import api
from webapp.api.uploads import upload_routes
from webapp.app import build_app
from webapp.http.background import work_in_background
from webapp.http.bounded_body import BoundedBody
from webapp.http.wsgi import InThreads
from webapp.resumable.routes import resumable_routes
from webapp.services import Services
from webapp.tracking.hub import TrackerHub
from webapp.tracking.routes import live_routes

BLUEPRINTS = (api, pacs)
WSGI_THREADS = 16
SLOW_THREADS = 4
SLOW = re.compile(
    r"/api/v1/(studies/demo|studies/[^/]*/(plans|registrations)|imports/[^/]*/studies|pacs/[^/]*/.*|masks/[^/]*/(send|restore|drafts/[^/]*/version))"
)
"""What takes seconds, or waits for an archive: its threads are not those that other answers need."""


def build_rest(services: Services) -> Router:
    """Build the API on ready services. Who raises in it is answered by ``webapp.asgi``."""
    routes: list[BaseRoute] = [
        *upload_routes(),
        *resumable_routes(services),
        *file_routes(),
        *plan_download_routes(),
        *measure_download_routes(),  # before the kinds of DICOM objects of a mask
        *download_routes(),
        *session_routes(),
        *SingleSignOn(services).routes(),
        *live_routes(services, TrackerHub(services.settings)),
        Mount("/", BoundedBody(_flask(services))),
    ]
    return Router(routes)


def _flask(services: Services) -> ASGIApp:
    """Flask, with threads of their own for what is slow."""
    flask = build_app(services, *BLUEPRINTS).wsgi_app
    quick = InThreads(flask, ThreadPoolExecutor(WSGI_THREADS, "flask"))
    slow = InThreads(flask, ThreadPoolExecutor(SLOW_THREADS, "slow", initializer=work_in_background))

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        is_slow = scope["type"] == "http" and SLOW.fullmatch(scope["path"])
        await (slow if is_slow else quick)(scope, receive, send)

    return choose
