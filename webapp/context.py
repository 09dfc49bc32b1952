"""Request context, the same for Flask's routes, Starlette's routes and the viewer's sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from flask import current_app, request
from starlette.requests import HTTPConnection

from webapp.accounts.principal import CURRENT, Principal
from webapp.http.errors import not_found
from webapp.services import Services
from webapp.storage.audit import Who
from webapp.storage.store import Store
from webapp.translations import COOKIE as LANGUAGE_COOKIE
from webapp.translations import language_of

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


@dataclass(frozen=True)
class RequestContext:
    """Services, principal and language of one request or socket.

    Attributes:
        services: The process's.
        principal: Who asks, as the gate (``webapp.accounts.gate``) found out.
        who: The same for the audit trail: the account's name, or the address where there are no accounts.
        language: A key of ``webapp.translations.LANGUAGES``.
        theme: ``"light"`` or ``"dark"``, as the browser remembers it; "" follows the reader's system.
        path: The address asked for, without its query.
    """

    services: Services
    principal: Principal
    who: Who
    language: str
    theme: str
    path: str

    @classmethod
    def of(cls, connection: HTTPConnection) -> Self:
        """Read it from a request or a socket of Starlette."""
        accepted = connection.headers.get("accept-language")
        address = connection.client.host if connection.client else ""
        services: Services = connection.app.state.services
        return cls._read(services, address, connection.cookies, accepted, connection.url.path)

    @classmethod
    def current(cls) -> Self:
        """Read it from the request that Flask serves."""
        accepted = request.headers.get("Accept-Language")
        services: Services = current_app.extensions["spineview"]
        return cls._read(services, request.remote_addr or "", request.cookies, accepted, request.path)

    @classmethod
    def _read(
        cls, services: Services, address: str, cookies: Mapping[str, str], accept_language: str | None, path: str
    ) -> Self:
        language = language_of(cookies.get(LANGUAGE_COOKIE), accept_language)
        theme = cookies.get(THEME_COOKIE, "")
        principal = CURRENT.get()
        who = Who(principal.name or address, address)
        return cls(services, principal, who, language, theme if theme in THEMES else "", path)


def services() -> Services:
    """Find the process's services from a Flask route."""
    return RequestContext.current().services


def store_with(study_id: str) -> Store:
    """Find the store from a Flask route, and in it a study.

    Raises:
        WebError: there is no such study.
    """
    store = services().store
    if store.studies.get(study_id) is None:
        raise not_found("study")
    return store


def principal() -> Principal:
    """Find out who sent the request that Flask serves, and what they may see."""
    return CURRENT.get()


def who() -> Who:
    """Tell who sent the request that Flask serves, for the audit trail."""
    return RequestContext.current().who


def job_owner() -> str:
    """Tell whose turn in the queue a job takes: the account's, or the address's where there are no accounts."""
    context = RequestContext.current()
    return str(context.who) if context.principal.kind == "one person" else context.principal.owner


def language() -> str:
    """Tell the language of the request that Flask serves."""
    return RequestContext.current().language
