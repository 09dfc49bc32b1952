"""Addresses of resumable uploads."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from webapp.ingest.upload_parts import Parts
from webapp.resumable.finish import Finish
from webapp.resumable.protocol import ADDRESS, Tus
from webapp.services import Services

_ALL = ["OPTIONS", "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]


def resumable_routes(services: Services) -> list[BaseRoute]:
    """Route the protocol, and what makes studies of whole uploads."""
    parts = Parts(services.store.uploads)
    tus, finish = Tus(parts, services.settings), Finish(parts)
    return [
        Route(ADDRESS, tus.collection, methods=_ALL),
        Route(f"{ADDRESS}/{{upload_id}}", tus.single, methods=_ALL),
        Route(f"{ADDRESS}/{{upload_id}}/study", finish.study, methods=["POST"]),
        Route(f"{ADDRESS}/{{upload_id}}/import", finish.series, methods=["POST"]),
    ]
