"""Downloads of measures: a table, JSON, and reports. They wait for the thread that measures, and hold no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from webapp.api.bodies import read_query
from webapp.api.downloads import file_stem
from webapp.api.measures.schemas import ReportQuery
from webapp.api.native import ApiRoute
from webapp.api.operations import Content, describe
from webapp.api.schemas import API
from webapp.context import RequestContext
from webapp.http.errors import not_found
from webapp.services import Services
from webapp.storage.tables import Mask

_NAMED = {"Content-Disposition": "Name of the file: letters and digits of the study's name, and what it holds"}
_NO_CACHE = {"Cache-Control": "private, no-cache"}


def measure_download_routes() -> list[BaseRoute]:
    """GET routes of files made of a mask's measures."""
    pairs: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("/masks/{mask_id}/measures.csv", download_measures_table),
        ("/masks/{mask_id}/measures.json", download_measures),
        ("/masks/{mask_id}/report.pdf", download_report),
        ("/masks/{mask_id}/report.dcm", download_dicom_report),
        ("/masks/{mask_id}/structured-report.zip", download_structured_report),
    ]
    return [ApiRoute(API + path, endpoint) for path, endpoint in pairs]


@describe("measures", Content(("text/csv",), {"type": "string"}), errors=(400, 404, 507), headers=_NAMED)
async def download_measures_table(request: Request) -> Response:
    """Download the measures of a mask as a table, a line a value, with readers' changes."""

    def make(services: Services, mask: Mask, _lang: str) -> bytes:
        from segmentation.morphometry.table import to_csv

        return ("\ufeff" + to_csv(services.measure_edits.applied(mask, services.measuring.now(mask)))).encode()

    return await _made(request, make, "text/csv; charset=utf-8", "measures.csv")


@describe("measures", Content(("application/json",), {"type": "object"}), errors=(400, 404, 507), headers=_NAMED)
async def download_measures(request: Request) -> Response:
    """Download the measures of a mask as JSON, with readers' changes."""

    def make(services: Services, mask: Mask, _lang: str) -> bytes:
        applied = services.measure_edits.applied(mask, services.measuring.now(mask))
        return json.dumps(applied.to_json(), indent=1, ensure_ascii=False).encode()

    return await _made(request, make, "application/json", "measures.json")


@describe("measures", Content(("application/pdf",)), errors=(400, 404, 507), query=ReportQuery, headers=_NAMED)
async def download_report(request: Request) -> Response:
    """Download the report of a mask's measures as PDF, with key pictures and reviewers' comments."""

    def make(services: Services, mask: Mask, lang: str) -> bytes:
        return services.reports.pdf(mask, lang)

    return await _made(request, make, "application/pdf", "report.pdf")


@describe("measures", Content(("application/dicom",)), errors=(400, 404, 409, 507), query=ReportQuery, headers=_NAMED)
async def download_dicom_report(request: Request) -> Response:
    """Download the report of a mask of a DICOM study as an Encapsulated PDF of that study."""

    def make(services: Services, mask: Mask, lang: str) -> bytes:
        with services.reports.dicom_pdf(mask, lang) as path:
            return path.read_bytes()

    return await _made(request, make, "application/dicom", "report.dcm")


@describe("measures", Content(("application/zip",)), errors=(400, 404, 409, 507), headers=_NAMED)
async def download_structured_report(request: Request) -> Response:
    """Download the measures of a mask of a DICOM study as a structured report (TID 1500) with its segmentation."""

    def make(services: Services, mask: Mask, _lang: str) -> bytes:
        with services.reports.structured(mask) as path:
            return path.read_bytes()

    return await _made(request, make, "application/zip", "structured-report.zip")


async def _made(request: Request, make: Callable[[Services, Mask, str], bytes], kind: str, ending: str) -> Response:
    """Answer with what ``make`` gives, as a download with a harmless name, noted in the audit trail."""
    context = RequestContext.of(request)
    services, mask_id = context.services, request.path_params["mask_id"]
    lang = read_query(request.query_params, ReportQuery).lang or context.language

    def work() -> tuple[bytes, str]:
        mask = services.store.masks.get(mask_id)
        study = None if mask is None else services.store.studies.get(mask.study_id)
        if mask is None or study is None:
            raise not_found("mask")
        data = make(services, mask, lang)
        services.store.deferred_audit.record(context.who, "download", study.id, f"{mask.id} {ending}")
        return data, f"{file_stem(study.name)}_{ending}"

    data, name = await asyncio.wrap_future(services.measuring.submit(work))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **_NO_CACHE}
    return Response(data, media_type=kind, headers=headers)
