"""The web app: pages, REST, jobs and viewer sessions around the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The pages and the REST API alone, without uploads, viewer or static files (those are in asgi.py)."""
    from webapp.app import build_app  # the command line imports this package without needing Flask
    from webapp.services import make_services

    return build_app(make_services(settings))
