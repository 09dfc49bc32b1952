"""Addresses of the viewer: the page of a study, trame's client files, and the socket of a session."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from webapp.accounts.principal import CURRENT
from webapp.context import RequestContext
from webapp.figures import SESSIONS
from webapp.http.csp import VIEWER
from webapp.http.errors import WebError
from webapp.http.sub_path import outward
from webapp.pages.render import render
from webapp.services import Services
from webapp.storage.tables import Study
from webapp.viewer.remote_proxy import RemoteViews, remote_routes

if TYPE_CHECKING:
    from webapp.viewer.session import ViewerSession

CLIENT_URL = "/viewer/client"

_TOKEN = re.compile(r"[0-9a-f]{32}")
SOCKETS_PER_SESSION = 4
_GONE, _TOO_MANY_OF_YOURS, _TOO_MANY = 4404, 4429, 4503
"""Why a socket is closed, in the range that applications may use (RFC 6455 section 7.4.2); ``boot.js`` says it."""


class SessionRefused(Exception):
    """There is no place for a page; ``code`` is what its socket is closed with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Sessions:
    """The open sessions of one application, by study and token."""

    def __init__(self, most: int, grace_s: float, most_of_one: int | None = None) -> None:
        self._most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._grace_s = grace_s
        self._open: dict[tuple[str, str], ViewerSession] = {}
        self._leaving: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._lock = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Tell whether a page of a study, by its token, has a session of whoever asks."""
        session = self._open.get(key)
        return session is not None and session.principal.key == CURRENT.get().key

    def of_user(self, who: str) -> int:
        """Count the sessions of one user."""
        return sum(session.who == who for session in self._open.values())

    async def enter(self, study: Study, token: str, context: RequestContext) -> ViewerSession:
        """Return the session of this token on this study, started if it is new.

        Raises:
            SessionRefused: there are too many sessions, or too many sockets in this one; or it is somebody else's.
        """
        key = (study.id, token)
        async with self._lock:
            self._stay(key)
            if key not in self._open:
                await self._refuse_too_many(context.who)
                session = (await asyncio.to_thread(_session_class))(token, study, context)
                await session.start()
                self._open[key] = session
                SESSIONS.set(len(self._open))
            session = self._open[key]
            if session.principal.key != context.principal.key:
                raise SessionRefused(_GONE)  # the page of another login
            if session.sockets >= SOCKETS_PER_SESSION:
                raise SessionRefused(_TOO_MANY_OF_YOURS)
            session.who, session.principal = context.who, context.principal
            return session

    async def _refuse_too_many(self, who: str) -> None:
        if self.of_user(who) >= self._most_of_one and not await self._make_room(who):
            raise SessionRefused(_TOO_MANY_OF_YOURS)
        if len(self._open) >= self._most and not await self._make_room():
            raise SessionRefused(_TOO_MANY)

    def leave(self, session: ViewerSession) -> None:
        """End ``session``, a socket of which closed, after the grace time unless its browser comes back."""
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
                SESSIONS.set(len(self._open))
                await session.close()

    async def _make_room(self, who: str | None = None) -> bool:
        """End the session, of one user if one is named, whose browser left first; False if none left."""
        for key in list(self._leaving):
            if who is None or self._open[key].who == who:
                self._stay(key)
                await self._open.pop(key).close()
                return True
        return False


def viewer_routes(services: Services) -> tuple[list[BaseRoute], Callable[[], Awaitable[None]]]:
    """Make the viewer's routes, and what ends their sessions at shutdown.

    The socket's Host and Origin are checked by ``webapp.http.security.Security``.
    """
    store, settings = services.store, services.settings
    sessions = Sessions(settings.viewer_sessions, settings.viewer_grace_s, settings.viewer_sessions_per_user)
    remote = RemoteViews(store)

    async def page(request: Request) -> Response:
        return await asyncio.to_thread(_page_of, RequestContext.of(request), request.path_params["study_id"])

    async def socket(websocket: WebSocket) -> None:
        token = websocket.path_params["token"]
        study = await asyncio.to_thread(store.studies.get, websocket.path_params["study_id"])
        if study is None or not _TOKEN.fullmatch(token):
            await _refuse(websocket, _GONE)
            return
        try:
            session = await sessions.enter(study, token, RequestContext.of(websocket))
        except SessionRefused as refusal:
            await _refuse(websocket, refusal.code)
            return
        try:
            await websocket.accept()
            await session.serve(websocket)
        finally:
            sessions.leave(session)

    async def close() -> None:
        try:
            await sessions.close()
        finally:
            await remote.close()

    routes: list[BaseRoute] = [
        Route("/studies/{study_id}", page),
        WebSocketRoute("/studies/{study_id}/ws/{token}", socket),
        *remote_routes(store, remote, sessions.__contains__),
        Mount(CLIENT_URL, _ClientFiles()),
    ]
    return routes, close


def _page_of(context: RequestContext, study_id: str) -> Response:
    """Make the page of a study, and write down who opened it."""
    store = context.services.store
    study = store.studies.get(study_id)
    if study is None:
        return HTMLResponse(render("missing_study.html", context), 404)
    if context.services.access.required:
        with contextlib.suppress(WebError):  # a full disk keeps nobody from looking
            store.audit.record(context.who, "open", study.id)
    html = study_page(study, context, secrets.token_hex(16))
    return HTMLResponse(html, headers={"Content-Security-Policy": VIEWER, "Cache-Control": "no-store"})


async def _refuse(websocket: WebSocket, code: int) -> None:
    """Close a socket with a code that its page can read: one that was never accepted tells a browser nothing."""
    await websocket.accept()
    await websocket.close(code)


def _session_class() -> type[ViewerSession]:
    from webapp.viewer.session import ViewerSession  # trame takes a second to import

    return ViewerSession


def load_client() -> None:
    """Import trame, which takes a second, ahead of the first page."""
    from webapp.viewer import session  # noqa: F401

    client_files()


@cache
def client_folder() -> Path:
    """Find the files of trame's client."""
    from trame_client.module import vue3

    return Path(vue3.www)


@cache
def client_files() -> tuple[list[str], list[str]]:
    """List the addresses of the module scripts and of the style sheets that trame's client is built from."""
    page = (client_folder() / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r'<script type="module"[^>]*src="\./([^"]+)"', page)
    styles = re.findall(r'<link rel="stylesheet"[^>]*href="\./([^"]+)"', page)
    return [f"{CLIENT_URL}/{name}" for name in scripts], [f"{CLIENT_URL}/{name}" for name in styles]


def study_page(study: Study, context: RequestContext, token: str) -> str:
    """Make the page that trame's client fills; ``boot.js`` tells it the address of its session."""
    modules, styles = client_files()
    return render(
        "viewer.html",
        context,
        study=study,
        session=token,
        client_styles=map(outward, styles),
        client_vue=outward(f"{CLIENT_URL}/vue.global.js"),
        client_modules=map(outward, modules),
    )


class _ClientFiles:
    """trame's client files as an ASGI application; trame is imported when the first one is asked for."""

    @cached_property
    def _files(self) -> StaticFiles:
        return StaticFiles(directory=client_folder())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one."""
        await asyncio.to_thread(client_folder)
        await self._files(scope, receive, send)
