"""Routes that open and close sessions. Native: checking a password is slow by intention, and takes no page's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from webapp.accounts import cookies
from webapp.accounts.sign_in import Opened, SignIn
from webapp.api import schemas as api
from webapp.api.access import schemas
from webapp.api.bodies import read_body
from webapp.api.operations import describe
from webapp.context import RequestContext
from webapp.http.bounded_body import read_within
from webapp.http.errors import WebError, from_status
from webapp.http.sub_path import SUB_PATH

_THREADS = CapacityLimiter(4)
_MOST_WAITING = 32
_MOST_BYTES = 10_000
_WITHIN_S = 10.0
Body = TypeVar("Body", bound=api.Request)


def session_routes() -> list[BaseRoute]:
    """Routes of sessions."""
    return [
        Route(f"{api.API}/session", sign_in, methods=["POST"]),
        Route(f"{api.API}/session", sign_out, methods=["DELETE"]),
        Route(f"{api.API}/invitation", use_invitation, methods=["POST"]),
        Route(f"{api.API}/share-session", use_share, methods=["POST"]),
    ]


@describe("session", schemas.SignedIn, errors=(401, 404, 429, 503), body=schemas.SignIn)
async def sign_in(request: Request) -> Response:
    """Sign in, and get the session's cookie."""
    asked = await _read(request, schemas.SignIn)
    return await _open(request, lambda door, at: door.by_password(asked.name, asked.password, asked.code, at))


@describe("session", schemas.SignedIn, errors=(401, 404, 429, 503), body=schemas.UsedInvitation)
async def use_invitation(request: Request) -> Response:
    """Set a password by a one-time link, and sign in."""
    asked = await _read(request, schemas.UsedInvitation)
    return await _open(request, lambda door, at: door.by_invitation(asked.secret, asked.name, asked.password, at))


@describe("session", schemas.SignedIn, errors=(401, 404, 409, 429, 503), body=schemas.UsedShare)
async def use_share(request: Request) -> Response:
    """Open what a share link leads to, for a browser that is not signed in."""
    asked = await _read(request, schemas.UsedShare)
    if RequestContext.of(request).principal.kind == "account":
        raise WebError(409, "conflict", "sign_in.signed_in")
    return await _open(request, lambda door, at: door.by_share(asked.secret, at))


@describe("session", None, 204)
async def sign_out(request: Request) -> Response:
    """End the session, and have the browser forget what it kept."""
    context = RequestContext.of(request)
    if context.principal.kind in ("account", "share"):
        store = context.services.store
        await to_thread.run_sync(store.credentials.close_session, context.principal.key)
        await to_thread.run_sync(store.audit.record, context.who, "sign-out", "")
    # The storage is that of the whole site; where others live there, too, it is not ours to clear.
    kept = '"cache"' if SUB_PATH.get() else '"cache", "storage"'
    response = Response(status_code=204, headers={"Clear-Site-Data": kept})
    cookies.take_away(request, response)
    return response


async def _read(request: Request, model: type[Body]) -> Body:
    """Read a small body.

    Raises:
        WebError: 400, 408 or 413.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            data = await read_within(request.receive, _MOST_BYTES)
    except TimeoutError:
        raise WebError(408, "request_timeout", "request.late") from None
    except ClientDisconnect:
        raise from_status(400) from None  # nobody is left to read it
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = read_body(data, kind == "application/json", model, optional=False)
    assert body is not None
    return body


async def _open(request: Request, how: Callable[[SignIn, str], Opened]) -> Response:
    """Open a session in a thread, end the one that the browser had, and answer with the new one's cookie."""
    context = RequestContext.of(request)
    access = context.services.access
    if not access.required:
        raise from_status(404)
    if _THREADS.statistics().tasks_waiting >= _MOST_WAITING:
        raise WebError(503, "busy", "sign_in.busy")
    opened = await to_thread.run_sync(how, access.sign_in, context.who.address, limiter=_THREADS)
    return await with_session(request, JSONResponse(schemas.SignedIn(url=opened.url).to_json()), opened.secret)


async def with_session(request: Request, response: Response, secret: str) -> Response:
    """Give a browser the cookie of a new session; the one that it had ends, so that no two people share one."""
    context = RequestContext.of(request)
    if context.principal.kind in ("account", "share"):
        await to_thread.run_sync(context.services.store.credentials.close_session, context.principal.key)
    if secret:
        cookies.give(request, response, secret)
    return response
