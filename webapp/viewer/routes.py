"""Addresses of the viewer: the page of a study, trame's client files, and the socket of a session."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
import weakref
from functools import cache
from pathlib import Path

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket
from trame_client.module import vue3

from webapp.dicomweb.archives import Archives
from webapp.http.csp import VIEWER
from webapp.jobs import JobQueue
from webapp.pages.theme import COOKIE as THEME_COOKIE
from webapp.pages.theme import theme_marks, theme_of
from webapp.settings import Settings
from webapp.storage.store import Store
from webapp.storage.tables import Study
from webapp.translations import request_language, translate
from webapp.viewer.remote_proxy import RemoteViews, remote_routes
from webapp.viewer.session import ViewerSession
from webapp.viewer.widget import versioned

CLIENT_DIR = Path(vue3.www)
CLIENT_URL = "/viewer/client"

_TOKEN = re.compile(r"[0-9a-f]{32}")
_BUSY, _GONE = 1013, 4404

_registries: weakref.WeakSet[Sessions | RemoteViews] = weakref.WeakSet()


class Sessions:
    """The open sessions of one application, by study and token."""

    def __init__(
        self, store: Store, jobs: JobQueue, most: int, grace_s: float, archives: Archives | None = None
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._most = most
        self._grace_s = grace_s
        self._archives = archives
        self._open: dict[tuple[str, str], ViewerSession] = {}
        self._leaving: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._lock = asyncio.Lock()
        _registries.add(self)

    def __len__(self) -> int:
        return len(self._open)

    async def enter(self, study: Study, token: str, lang: str) -> ViewerSession | None:
        """The session of this token on this study, started if it is new; None when there are too many."""
        key = (study.id, token)
        async with self._lock:
            self._stay(key)
            if key not in self._open:
                if len(self._open) >= self._most and not await self._make_room():
                    return None
                session = ViewerSession(token, study, self._store, self._jobs, lang, self._archives)
                await session.start()
                self._open[key] = session
            return self._open[key]

    def leave(self, session: ViewerSession) -> None:
        """A socket of ``session`` closed: end it after the grace time unless its browser comes back."""
        key = (session.study.id, session.token)
        if not session.sockets and key in self._open:
            self._stay(key)
            self._leaving[key] = asyncio.create_task(self._end_later(key))

    async def close(self) -> None:
        """End every session."""
        for key in list(self._leaving):
            self._stay(key)
        for key in list(self._open):
            await self._open.pop(key).close()

    def _stay(self, key: tuple[str, str]) -> None:
        task = self._leaving.pop(key, None)
        if task is not None:
            task.cancel()

    async def _end_later(self, key: tuple[str, str]) -> None:
        await asyncio.sleep(self._grace_s)
        async with self._lock:
            self._leaving.pop(key, None)
            session = self._open.get(key)
            if session is not None and not session.sockets:
                del self._open[key]
                await session.close()

    async def _make_room(self) -> bool:
        """End the session whose browser left first; False if every browser is still there."""
        for key in list(self._leaving):
            self._stay(key)
            await self._open.pop(key).close()
            return True
        return False


def viewer_routes(
    settings: Settings, store: Store, jobs: JobQueue, archives: Archives | None = None
) -> list[BaseRoute]:
    """The routes of the viewer; the socket's Origin is checked by :class:`webapp.http.security.Security`."""
    sessions = Sessions(store, jobs, settings.viewer_sessions, settings.viewer_grace_s, archives)

    remote = RemoteViews(store)
    _registries.add(remote)

    async def page(request: Request) -> Response:
        study = await asyncio.to_thread(store.studies.get, request.path_params["study_id"])
        if study is None:
            return HTMLResponse(not_found_page(request_language(request), _theme(request)), 404)
        headers = {"Content-Security-Policy": VIEWER, "Cache-Control": "no-store"}
        page = index_page(study, request_language(request), secrets.token_hex(16), _theme(request))
        return HTMLResponse(page, headers=headers)

    async def socket(websocket: WebSocket) -> None:
        token = websocket.path_params["token"]
        study = await asyncio.to_thread(store.studies.get, websocket.path_params["study_id"])
        if study is None or not _TOKEN.fullmatch(token):
            await websocket.close(_GONE)
            return
        session = await sessions.enter(study, token, request_language(websocket))
        if session is None:
            await websocket.close(_BUSY)
            return
        try:
            await websocket.accept()
            await session.serve(websocket)
        finally:
            sessions.leave(session)

    return [
        Route("/studies/{study_id}", page),
        WebSocketRoute("/studies/{study_id}/ws/{token}", socket),
        *remote_routes(store, remote),
        Mount(CLIENT_URL, StaticFiles(directory=CLIENT_DIR)),
    ]


async def close_sessions() -> None:
    """End every viewer session of this process, at shutdown."""
    for registry in list(_registries):
        await registry.close()


@cache
def client_files() -> tuple[list[str], list[str]]:
    """Addresses of the module scripts and of the style sheets that trame's client is built from."""
    page = (CLIENT_DIR / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r'<script type="module"[^>]*src="\./([^"]+)"', page)
    styles = re.findall(r'<link rel="stylesheet"[^>]*href="\./([^"]+)"', page)
    return scripts, styles


def index_page(study: Study, lang: str, token: str, theme: str = "") -> str:
    """The page that trame's client fills; ``boot.js`` tells it the address of its session."""
    t = translate(lang)
    scripts, styles = client_files()
    marked, scheme = theme_marks(theme)
    sheets = [
        versioned("/static/css/tokens.css"),
        versioned("/static/css/viewer.css"),
        versioned("/static/css/viewer-3d.css"),
        versioned("/static/css/viewer-measure.css"),
        *(f"{CLIENT_URL}/{name}" for name in styles),
    ]
    links = "".join(f'<link rel="stylesheet" href="{href}">' for href in sheets)
    modules = "".join(f'<script type="module" src="{CLIENT_URL}/{name}"></script>' for name in scripts)
    title = html.escape(f"{study.name} · {t('common.product')}")
    return (
        f'<!doctype html><html lang="{lang}"{marked} data-app-name="SpineView" data-launcher-retry="[]"'
        f' data-study="{html.escape(study.id)}" data-session="{token}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{scheme}'
        f'<title>{title}</title><link rel="icon" href="{CLIENT_URL}/logo.png">{links}'
        f'<script src="{versioned("/static/js/theme.js")}"></script>'
        f'<script src="{versioned("/static/viewer/boot.js")}"></script>'
        f'<script src="{CLIENT_URL}/vue.global.js"></script>{modules}</head>'
        f'<body class="sv-body"><noscript>{html.escape(t("viewer.no_script"))}</noscript>'
        f'<div id="app"><p class="sv-boot">{html.escape(t("viewer.opening"))}</p></div></body></html>'
    )


def not_found_page(lang: str, theme: str = "") -> str:
    """The page of a study that is not there."""
    t = translate(lang)
    title = html.escape(t("viewer.not_found"))
    marked, scheme = theme_marks(theme)
    sheets = "".join(
        f'<link rel="stylesheet" href="{versioned(f"/static/css/{name}.css")}">' for name in ("tokens", "viewer")
    )
    return (
        f'<!doctype html><html lang="{lang}"{marked}><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{scheme}{sheets}</head>'
        f'<body class="sv-body"><main class="sv-missing"><h1>{title}</h1>'
        f"<p>{html.escape(t('viewer.not_found_hint'))}</p>"
        f'<a class="sv-button" href="/">{html.escape(t("common.back"))}</a></main></body></html>'
    )


def _theme(connection: HTTPConnection) -> str:
    return theme_of(connection.cookies.get(THEME_COOKIE))
