"""``/health/live``, ``/health/ready`` and ``/metrics``, for whatever watches the server; no page's thread is needed."""

from __future__ import annotations

import asyncio
import shutil

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from webapp.http.errors import WebError
from webapp.maintenance.metrics import CONTENT_TYPE, prometheus
from webapp.services import Services

READY_WITHIN_S = 5.0


def health_routes(services: Services) -> list[BaseRoute]:
    """Route them."""

    async def live(_request: Request) -> Response:
        """Say that the process answers; nothing else is looked at."""
        return JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})

    async def ready(_request: Request) -> Response:
        """Say whether uploads and jobs can be taken now: 503 with the reasons else."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                reasons = await to_thread.run_sync(not_ready, services, abandon_on_cancel=True)
        except TimeoutError:
            reasons = ["slow"]
        content = {"status": "ready"} if not reasons else {"status": "not_ready", "reasons": reasons}
        return JSONResponse(content, 503 if reasons else 200, headers={"Cache-Control": "no-store"})

    async def metrics(_request: Request) -> Response:
        text = await to_thread.run_sync(prometheus, services)
        return Response(text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


def not_ready(services: Services) -> list[str]:
    """List why nothing new can be taken: ``"database"``, ``"disk_full"``, ``"engine"``; empty if it can."""
    reasons = []
    try:
        services.store.studies.count()
    except (SQLAlchemyError, WebError):
        reasons.append("database")
    try:
        if shutil.disk_usage(services.settings.data_dir).free <= services.settings.min_free_bytes:
            reasons.append("disk_full")
    except OSError:
        reasons.append("disk")
    if not services.jobs.is_alive:
        reasons.append("engine")
    return reasons
