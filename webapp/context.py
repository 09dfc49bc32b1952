"""What a Flask route needs to know of its request: the process's services, and who asks."""

from __future__ import annotations

from flask import current_app, request

from webapp.http.errors import not_found
from webapp.services import Services
from webapp.storage.store import Store


def services() -> Services:
    """The process's services."""
    found: Services = current_app.extensions["spineview"]
    return found


def store_with(study_id: str) -> Store:
    """The store, in which there is such a study.

    Raises:
        WebError: there is none.
    """
    store = services().store
    if store.studies.get(study_id) is None:
        raise not_found("study")
    return store


def who() -> str:
    """Who asks, for the audit trail: the address, until there are logins."""
    return request.remote_addr or ""
